// How attempts and jobs come to their ends; shared by commands, observations and timers.
#pragma once

#include "duru/core/state/tx.h"

namespace duru {

// Stops the live attempt, if it is not being stopped already.
void stop_attempt(Tx& tx, const WorkloadId& workload, StopCause cause);

// Ends the job, and cancels in turn what waits for it when it did not succeed.
void end_job(Tx& tx, JobEnded fact);

// After an attempt ended: the job ends, or is queued again.
void settle_job(Tx& tx, const JobId& job);

}  // namespace duru
