// The life of jobs and their attempts:
//
//   queued -> starting -> running -> ending -> succeeded | failed | cancelled | expired
//      ^__________________________________|   requeued: a retry, an infrastructure failure, a drain
//
// An attempt is one try of the whole workload: when one task fails or is lost, the others are
// stopped. It ends when every task's process tree is proven empty and, after a success, task 0's
// outputs are stored. Ended is final.
#pragma once

#include "duru/core/state/tx.h"

namespace duru {

// An ended job leaves the state this long after its end, once nothing waits for it.
constexpr Milliseconds kRetention = hours(1);
// So many infrastructure failures in a row end a job as failed, lost.
constexpr std::int32_t kLostInARowMax = 10;
constexpr std::int32_t kTasksMax = 100'000;
constexpr Bytes kFilesMax(16 * 1024 * 1024);
constexpr Milliseconds kDefaultLease = hours(1);
constexpr Milliseconds kDefaultGrace = seconds(10);
// A service whose attempt ended without our asking gets the next after this long.
constexpr Milliseconds kServiceRestart = seconds(10);
constexpr Milliseconds kLeaseMax = hours(30 * 24);
// Bounds of what people give, so that sums of it never overflow.
constexpr Milliseconds kGraceMax = hours(24);
constexpr Milliseconds kTimeLimitMax = hours(3650 * 24);
constexpr MilliDevices kAmountMax(1'000'000'000);
// Bounds of what one decision may hold, so that it fits into a journal entry whatever it decides:
// the decision to start one attempt, what the jobs of one request wait for, and all that there is
// to end at once.
constexpr Bytes kAttemptBytesMax(32 * 1024 * 1024);
constexpr std::size_t kDependenciesMax = 1'000'000;
constexpr std::size_t kUnfinishedMax = 500'000;

// All jobs of the command are accepted or none. Answers with their ids.
Outcome decide_submit(Tx& tx, const SubmitJobs& command);
Outcome decide_cancel(Tx& tx, const CancelJob& command);
Outcome decide_extend(Tx& tx, const ExtendLease& command);
Outcome decide_end_all(Tx& tx, const EndAllWork& command);
// A report about an attempt that is not the live one changes nothing.
void decide_task_observed(Tx& tx, const TaskObserved& observation);
// Timers that are due: leases, drains, retention.
void decide_tick(Tx& tx);
// When, from `now` on, decide_tick or a scheduling pass has something to do; in the past when more
// is due already.
std::optional<Timestamp> next_deadline(const State& state, Timestamp now);

void evolve_lifecycle(State& state, const Message& fact, const FactContext& context);

// The wait before the next attempt after `failures` failed ones: 1 s doubling to 1 min.
Milliseconds backoff_after(std::int32_t failures);

}  // namespace duru
