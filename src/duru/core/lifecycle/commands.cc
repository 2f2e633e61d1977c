#include <algorithm>

#include "duru/core/lifecycle/ending.h"
#include "duru/core/lifecycle/lifecycle.h"

namespace duru {
namespace {

Rejection no_such_job(const JobId& id) {
  return {"not-found", "there is no unfinished or recently ended job " + id.str(),
          "duru get jobs lists them", ""};
}

std::string state_name(JobState state) {
  for (const EnumName& entry : type_of<JobState>().enum_names) {
    if (entry.value == static_cast<std::int64_t>(state)) return std::string(entry.name);
  }
  return "";
}

void cancel(Tx& tx, const JobId& id, const std::string& reason) {
  tx.emit(JobCancelRequested{id, tx.principal()});
  if (tx.state().workloads.at(workload_of(id)).attempt.has_value()) {
    stop_attempt(tx, workload_of(id), StopCause::kCancelled);
  } else {
    end_job(tx, JobEnded{id, JobState::kCancelled, "cancelled", {}, {}, false, reason});
  }
}

}  // namespace

Outcome decide_cancel(Tx& tx, const CancelJob& command) {
  const JobRecord* job = tx.state().job(command.job);
  if (job == nullptr) return no_such_job(command.job);
  if (is_final(job->state)) {
    return Rejection{"already-ended",
                     "job \"" + job->spec.name + "\" is " + state_name(job->state) + " already",
                     "there is nothing to cancel", ""};
  }
  if (!job->cancel_requested) cancel(tx, command.job, "");
  return Accepted{{command.job}};
}

Outcome decide_extend(Tx& tx, const ExtendLease& command) {
  const JobRecord* job = tx.state().job(command.job);
  if (job == nullptr) return no_such_job(command.job);
  if (job->spec.kind != JobKind::kSession) {
    return Rejection{"not-a-session", "job \"" + job->spec.name + "\" has no lease",
                     "only sessions are extended", ""};
  }
  if (is_final(job->state) || job->cancel_requested) {
    return Rejection{"already-ended",
                     "job \"" + job->spec.name + "\" has ended or is being cancelled",
                     "submit a new session", ""};
  }
  const auto& attempt = tx.state().workloads.at(workload_of(job->id)).attempt;
  if (attempt.has_value() && attempt->stop_cause == StopCause::kLeaseEnded) {
    return Rejection{"already-ended", "the lease of \"" + job->spec.name + "\" has ended",
                     "submit a new session", ""};
  }
  if (command.by.value <= 0 || command.by > kLeaseMax) {
    return Rejection{"invalid", "the extension is not between 0 and 30d", "give a span like 1h",
                     "/by"};
  }
  tx.emit(LeaseExtended{command.job, command.by});
  return Accepted{{command.job}};
}

Outcome decide_end_all(Tx& tx, const EndAllWork& command) {
  if (Rejection r = check_reason(command.reason); !r.empty()) return r;
  std::vector<JobId> unfinished;
  for (const auto& [name, id] : tx.state().unfinished_by_name) unfinished.push_back(id);
  std::sort(unfinished.begin(), unfinished.end());
  for (const JobId& id : unfinished) {
    const JobRecord& job = tx.state().jobs.at(id);
    if (!is_final(job.state) && !job.cancel_requested) cancel(tx, id, command.reason);
  }
  return Accepted{unfinished};
}

}  // namespace duru
