// The queue: who is next. Higher priority first, then first come; strictly so for each chip: a
// workload that does not fit keeps the chips it wants from everybody behind it, so that a large one
// is never starved by small ones. (Backfill around a reservation comes with the reservation.) A
// workload that cannot run on the fleet as it is now (its nodes are cordoned, down, gone) or that
// is in its backoff keeps nothing from others.
//
// Cost of a pass: O(lines + starts), each with one placement; lines are the distinct shapes that wait,
// so the length of a line that stands still costs nothing.
#pragma once

#include "duru/core/state/tx.h"

namespace duru {

// Starts what fits: emits AttemptStarted facts until nothing more may start.
void schedule(Tx& tx);

}  // namespace duru
