#include "duru/domain/job.h"

#include "duru/base/record_macros.h"

namespace duru {

DURU_ENUM(JobKind, {kBatch, "batch"}, {kTrain, "train"}, {kSession, "session"})
DURU_ENUM(JobState, {kQueued, "queued"}, {kStarting, "starting"}, {kRunning, "running"},
          {kEnding, "ending"}, {kSucceeded, "succeeded"}, {kFailed, "failed"},
          {kCancelled, "cancelled"}, {kExpired, "expired"})
DURU_ENUM(EndCause, {kNone, "none"}, {kExited, "exited"}, {kStopped, "stopped"},
          {kTimeLimit, "time_limit"}, {kFailedToStart, "failed_to_start"}, {kLost, "lost"})
DURU_ENUM(OutputsPhase, {kPending, "pending"}, {kStored, "stored"}, {kMissing, "missing"},
          {kFailed, "failed"})
DURU_RECORD(Variant, (1, chip), (2, amount), (3, command), (4, image), (5, env))
DURU_RECORD(JobFile, (1, path), (2, digest), (3, size), (4, executable))
DURU_RECORD(RetryPolicy, (1, limit), (2, exit_codes))
DURU_RECORD(JobSpec, (1, name), (2, kind), (3, track), (4, amount), (5, variants), (6, tasks),
            (7, cpu), (8, memory), (9, command), (10, image), (11, env), (12, files), (13, inputs),
            (14, outputs), (15, after), (16, time_limit), (17, priority), (18, retries),
            (19, grace))
DURU_RECORD(JobInput, (1, name), (2, producer), (3, output), (4, digest))
DURU_RECORD(StoredOutput, (1, digest), (2, size))
DURU_RECORD(TaskEnd, (1, cause), (2, exit_code), (3, signal), (4, ended_at), (5, detail))
DURU_RECORD(Allocation, (1, node), (2, chip), (3, amount), (4, devices), (5, cpu), (6, memory),
            (7, emulated))

}  // namespace duru
