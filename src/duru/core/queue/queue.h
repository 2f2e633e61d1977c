// The queue: who is next. Higher priority first, then first come; strictly so for whatever two
// compete for. A workload that does not fit keeps from everybody behind it, so that a large one is
// never starved by small ones,
//   the chips that it wants, and
//   where cpu or memory is what it lacks, the hosts (hosts_wanted): who takes cpu or memory, with
//   an accelerator or without, waits for them behind it.
// (Backfill around a reservation comes with the reservation.) A workload that cannot run on the
// fleet as it is now (its nodes are cordoned, down, gone) or that is in its backoff keeps nothing
// from others.
//
// Cost of a pass: O(lines + starts), each with a few placements; lines are the distinct shapes that
// wait, so the length of a line that stands still costs nothing. A pass ends when what it decided
// has kPassBytesMax, so that the commit fits into a journal entry, and goes on a millisecond later
// (next_deadline).
#pragma once

#include "duru/core/state/tx.h"

namespace duru {

constexpr Bytes kPassBytesMax(16 * 1024 * 1024);

// Starts what fits: emits AttemptStarted facts until nothing more may start, or the pass is over.
void schedule(Tx& tx);

}  // namespace duru
