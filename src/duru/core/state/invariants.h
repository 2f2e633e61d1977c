// What must hold of a state: after every fact, and between decisions. Asked by tests, by
// simulations and at a recovery; deciding never depends on it.
//
//   for (const std::string& what : violations(state)) …     // "here/0 is held by a-0 and by b-0"
//
// Cost: O(state), with one rebuild of every index.
#pragma once

#include "duru/core/state/state.h"

namespace duru {

// After every fact: capacity (each device has one holder, what is free is the rest), attempts
// (their numbers rise by one, one of them lives at most, all tasks or none, times in order), and
// every index equal to that of a state rebuilt from the records. Empty when all holds.
std::vector<std::string> violations(const State& state);

// Between decisions, in addition: a job's state fits its attempt, and a cancelled one does not
// wait.
std::vector<std::string> settled_violations(const State& state);

// Whether a job may go from one state to another.
bool is_legal_move(JobState from, JobState to);

}  // namespace duru
