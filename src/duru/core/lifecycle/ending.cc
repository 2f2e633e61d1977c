#include "duru/core/lifecycle/ending.h"

#include <algorithm>

#include "duru/core/lifecycle/lifecycle.h"

namespace duru {
namespace {

// What to say of an attempt that did not succeed: the first task that failed by itself.
const TaskEnd* telling_end(const AttemptRecord& attempt) {
  const TaskEnd* stopped = nullptr;
  for (const TaskRunRecord& task : attempt.tasks) {
    if (!task.end.has_value()) continue;
    const bool success = task.end->cause == EndCause::kExited && task.end->exit_code == 0;
    if (success) continue;
    if (task.end->cause != EndCause::kStopped) return &*task.end;
    stopped = &*task.end;
  }
  return stopped;
}

bool retries(const JobRecord& job, const TaskEnd* end) {
  if (job.retries_used >= job.spec.retries.limit || end == nullptr) return false;
  if (end->cause != EndCause::kExited) return false;
  const auto& codes = job.spec.retries.exit_codes;
  if (codes.empty()) return true;
  return end->exit_code.has_value() &&
         std::find(codes.begin(), codes.end(), *end->exit_code) != codes.end();
}

void requeue(Tx& tx, const JobRecord& job, std::int32_t failures, bool counts, std::string detail) {
  const Timestamp not_before = failures == 0 ? Timestamp() : tx.now() + backoff_after(failures);
  tx.emit(JobRequeued{job.id, not_before, counts, std::move(detail)});
}

void fail(Tx& tx, const JobRecord& job, const AttemptRecord& attempt) {
  JobEnded fact{job.id, JobState::kFailed, "", {}, {}, false, attempt.detail};
  const TaskEnd* end = telling_end(attempt);
  if (end == nullptr) {
    fact.reason = "output_missing";
  } else if (end->cause == EndCause::kFailedToStart) {
    fact.reason = "failed_to_start";
  } else {
    fact.reason = end->signal.has_value() ? "signal" : "exit_code";
    fact.exit_code = end->exit_code;
    fact.signal = end->signal;
  }
  end_job(tx, std::move(fact));
}

void settle_lost(Tx& tx, const JobRecord& job, const AttemptRecord& attempt) {
  const std::int32_t lost = job.lost_in_a_row;
  if (lost < kLostInARowMax) return requeue(tx, job, lost, false, attempt.detail);
  end_job(tx, JobEnded{job.id,
                       JobState::kFailed,
                       "lost",
                       {},
                       {},
                       true,
                       std::to_string(lost) +
                           " infrastructure failures in a row; the last: " + attempt.detail});
}

}  // namespace

void stop_attempt(Tx& tx, const WorkloadId& workload, StopCause cause) {
  const WorkloadRecord& record = tx.state().workloads.at(workload);
  if (!record.attempt.has_value() || record.attempt->stop_cause != StopCause::kNone) return;
  const JobRecord* job = tx.state().job(record.job);
  Milliseconds grace = kDefaultGrace;  // a service's
  if (job != nullptr) grace = job->spec.grace.value_or(kDefaultGrace);
  tx.emit(AttemptStopping{workload, record.attempt->number, cause, grace});
}

void end_job(Tx& tx, JobEnded first) {
  std::vector<JobEnded> ends = {std::move(first)};
  while (!ends.empty()) {
    JobEnded fact = std::move(ends.back());
    ends.pop_back();
    const JobId id = fact.job;
    if (is_final(tx.state().jobs.at(id).state)) continue;
    const bool succeeded = fact.state == JobState::kSucceeded;
    tx.emit(std::move(fact));
    if (succeeded) continue;
    const auto waiting = tx.state().dependents.find(id);
    if (waiting == tx.state().dependents.end()) continue;
    for (auto it = waiting->second.rbegin(); it != waiting->second.rend(); ++it) {
      ends.push_back(JobEnded{*it,
                              JobState::kCancelled,
                              "dependency",
                              {},
                              {},
                              false,
                              "job \"" + tx.state().jobs.at(id).spec.name + "\" did not succeed"});
    }
  }
}

void settle_job(Tx& tx, const JobId& id) {
  const JobRecord& job = tx.state().jobs.at(id);
  const AttemptRecord& attempt = job.past_attempts.back();
  const auto end = [&](JobState state, const char* reason, std::string detail) {
    end_job(tx, JobEnded{id, state, reason, {}, {}, false, std::move(detail)});
  };
  if (job.cancel_requested) return end(JobState::kCancelled, "cancelled", "");
  switch (attempt.outcome) {
    case AttemptOutcome::kSucceeded:
      return end_job(tx, JobEnded{id, JobState::kSucceeded, "", 0, {}, false, ""});
    case AttemptOutcome::kTimeLimit:
      return end(JobState::kExpired, "time_limit",
                 "its time limit of " + format_duration(job.spec.time_limit) + " ran out");
    case AttemptOutcome::kStopped:
      if (attempt.stop_cause == StopCause::kLeaseEnded) {
        return end(JobState::kExpired, "lease_ended", "its lease ended");
      }
      return requeue(tx, job, 0, false, attempt.detail);
    case AttemptOutcome::kLost:
      return settle_lost(tx, job, attempt);
    case AttemptOutcome::kFailed:
    case AttemptOutcome::kNone:
      if (retries(job, telling_end(attempt))) {
        return requeue(tx, job, job.retries_used + 1, true, attempt.detail);
      }
      return fail(tx, job, attempt);
  }
}

Milliseconds backoff_after(std::int32_t failures) {
  return std::min(seconds(std::int64_t{1} << std::min(std::max(failures, 1) - 1, 6)), minutes(1));
}

}  // namespace duru
