// What must hold of the module's state after every fact. Asked by tests and simulations; deciding
// never depends on it.
//
//   for (const std::string& what : violations(edge.state())) …
//
// Cost: O(state), with one rebuild of every index.
#pragma once

#include "duru/edge/state.h"

namespace duru {

// Nobody has a release from a rollout whose wave has not begun; the waves that began are the first
// ones; what a fleet calls its unfinished rollout is one, and the only one; counts and indexes are
// those of a state rebuilt from the records; no node skipped more events than it says it dropped.
// Empty when all holds.
std::vector<std::string> violations(const EdgeState& state);

}  // namespace duru
