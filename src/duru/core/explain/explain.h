// Why a job waits: asked of the state (the view's), never journaled, never what a pass left behind.
//
//   Reason reason = explain(state, job, now);   // {no_capacity, "needs 4 × h100…; 1 is free of 4",
//   {…}}
//
// Cost: a few placements per way to run and per shape ahead, and O(jobs in their backoff).
#pragma once

#include "duru/core/state/state.h"
#include "duru/domain/reason.h"

namespace duru {

// kNone for a job that does not wait.
Reason explain(const State& state, const JobRecord& job, Timestamp now);

}  // namespace duru
