#include <algorithm>

#include "duru/base/assert.h"
#include "duru/core/lifecycle/lifecycle.h"

namespace duru {
namespace {

// Changes a job with its indexes kept: out, change, in.
template <class Change>
void change_job(State& state, const JobId& id, Change change) {
  JobRecord& job = state.jobs.at(id);
  state.unindex_job(job);
  change(job, state.workloads.at(workload_of(id)));
  state.index_job(job);
}

// The same for a workload: its job's indexes, or the service's.
template <class Change>
void change_workload(State& state, const WorkloadId& id, Change change) {
  WorkloadRecord& workload = state.workloads.at(id);
  if (!workload.service.has_value()) {
    return change_job(state, workload.job,
                      [&](JobRecord& job, WorkloadRecord& work) { change(work, &job); });
  }
  state.unindex_service(workload);
  change(workload, static_cast<JobRecord*>(nullptr));
  state.index_service(workload);
}

AttemptRecord& live_attempt(State& state, const WorkloadId& id, std::int32_t number) {
  WorkloadRecord& workload = state.workloads.at(id);
  DURU_ASSERT(workload.attempt.has_value());
  DURU_ASSERT(workload.attempt->number == number);
  return *workload.attempt;
}

JobState state_of(const AttemptRecord& attempt) {
  const auto any = [&](auto predicate) {
    return std::any_of(attempt.tasks.begin(), attempt.tasks.end(), predicate);
  };
  if (attempt.stop_cause != StopCause::kNone) return JobState::kEnding;
  if (!any([](const TaskRunRecord& task) { return !task.end.has_value(); }))
    return JobState::kEnding;
  if (any([](const TaskRunRecord& task) {
        return !task.started_at.has_value() && !task.end.has_value();
      })) {
    return JobState::kStarting;
  }
  return JobState::kRunning;
}

void apply(State& state, const JobSubmitted& fact, const FactContext& context) {
  JobRecord job;
  job.id = fact.job;
  job.project = fact.project;
  job.spec = fact.spec;
  job.after = fact.after;
  job.inputs = fact.inputs;
  job.principal = fact.principal;
  job.submitted_at = context.now;
  WorkloadRecord workload;
  workload.id = workload_of(fact.job);
  workload.job = fact.job;
  workload.queued_seq = context.seq;
  state.workloads.emplace(workload.id, std::move(workload));
  state.index_job(state.jobs.emplace(fact.job, std::move(job)).first->second);
}

void apply(State& state, const AttemptStarted& fact, const FactContext& context) {
  if (fact.ends_pass) state.pass_ended_at = context.now;
  change_workload(state, fact.workload, [&](WorkloadRecord& workload, JobRecord* job) {
    AttemptRecord attempt;
    attempt.number = workload.attempt_count = fact.attempt;
    attempt.variant = fact.variant;
    attempt.decided_at = context.now;
    attempt.decided_seq = context.seq;
    attempt.term = context.term;
    attempt.inputs = fact.inputs;
    for (const Allocation& allocation : fact.allocations) {
      attempt.tasks.push_back({allocation, {}, {}, {}, ""});
    }
    workload.attempt = std::move(attempt);
    state.hold(workload);
    if (job == nullptr) return;
    job->state = JobState::kStarting;
    job->not_before = Timestamp();
    job->backoff_detail.clear();
  });
}

// A task's progress changes its job's state.
template <class Change>
void change_task(State& state, const WorkloadId& id, std::int32_t number, std::int32_t task,
                 Timestamp now, Change change) {
  AttemptRecord& attempt = live_attempt(state, id, number);
  change(attempt.tasks.at(static_cast<std::size_t>(task)));
  change_workload(state, id, [&](WorkloadRecord&, JobRecord* job) {
    if (job == nullptr) return;
    job->state = state_of(attempt);
    if (job->state != JobState::kRunning) return;
    if (!job->started_at.has_value()) job->started_at = now;
    if (job->spec.kind == JobKind::kSession && job->lease_ends_at.value == 0) {
      job->lease_ends_at = now + job->spec.time_limit + job->lease_extension;
    }
  });
}

void apply(State& state, const AttemptEnded& fact, const FactContext& context) {
  change_workload(state, fact.workload, [&](WorkloadRecord& workload, JobRecord* job) {
    DURU_ASSERT(workload.attempt.has_value());
    AttemptRecord attempt = std::move(*workload.attempt);
    workload.attempt.reset();
    if (job == nullptr) {
      const bool asked = attempt.stop_cause != StopCause::kNone;
      workload.service->not_before = asked ? Timestamp() : context.now + kServiceRestart;
      return;
    }
    attempt.outcome = fact.outcome;
    attempt.ended_at = context.now;
    attempt.detail = fact.detail;
    attempt.outputs.clear();  // the job has them now
    job->outputs = fact.outputs;
    job->lost_in_a_row = fact.outcome == AttemptOutcome::kLost ? job->lost_in_a_row + 1 : 0;
    job->past_attempts.push_back(std::move(attempt));
    job->state = JobState::kEnding;  // until it is requeued or ended, in this same commit
  });
}

void apply(State& state, const JobEnded& fact, Timestamp now) {
  std::vector<JobId> waiting;
  const auto dependents = state.dependents.find(fact.job);
  if (dependents != state.dependents.end()) {
    waiting.assign(dependents->second.begin(), dependents->second.end());
  }
  for (const JobId& id : waiting) state.unindex_job(state.jobs.at(id));
  change_job(state, fact.job, [&](JobRecord& job, WorkloadRecord&) {
    job.state = fact.state;
    job.end_reason = fact.reason;
    job.end_detail = fact.detail;
    job.exit_code = fact.exit_code;
    job.signal = fact.signal;
    job.lost = fact.lost;
    job.ended_at = now;
  });
  for (const JobId& id : waiting) state.index_job(state.jobs.at(id));
}

void apply(State& state, const JobRetired& fact) {
  state.unindex_job(state.jobs.at(fact.job));
  state.workloads.erase(workload_of(fact.job));
  state.jobs.erase(fact.job);
}

void apply(State& state, const Resumed& fact, Timestamp now) {
  // An outage of ours expires no lease.
  const Milliseconds outage = since(now, fact.alive_at);
  std::vector<JobId> leased;
  for (const auto& [ends_at, id] : state.leases) leased.push_back(id);
  for (const JobId& id : leased) {
    change_job(state, id, [&](JobRecord& job, WorkloadRecord&) {
      job.lease_ends_at = job.lease_ends_at + outage;
    });
  }
}

void evolve_tasks(State& state, const Message& fact, const FactContext& context) {
  if (const auto* started = fact.as<TaskStarted>()) {
    change_task(state, started->workload, started->attempt, started->task, context.now,
                [&](TaskRunRecord& task) {
                  task.started_at = started->started_at;
                  task.detail = started->detail;
                });
  } else if (const auto* ended = fact.as<TaskEnded>()) {
    change_task(state, ended->workload, ended->attempt, ended->task, context.now,
                [&](TaskRunRecord& task) { task.end = ended->end; });
  } else if (const auto* released = fact.as<TaskReleased>()) {
    AttemptRecord& attempt = live_attempt(state, released->workload, released->attempt);
    attempt.tasks.at(static_cast<std::size_t>(released->task)).released_at = released->released_at;
    state.release(state.workloads.at(released->workload), released->task);
  } else if (const auto* reported = fact.as<OutputsReported>()) {
    AttemptRecord& attempt = live_attempt(state, reported->workload, reported->attempt);
    attempt.outputs_phase = reported->phase;
    attempt.outputs = reported->outputs;
    attempt.outputs_detail = reported->detail;
  } else if (const auto* stopping = fact.as<AttemptStopping>()) {
    AttemptRecord& attempt = live_attempt(state, stopping->workload, stopping->attempt);
    attempt.stop_cause = stopping->cause;
    attempt.stop_grace = stopping->grace;
    change_workload(state, stopping->workload, [&](WorkloadRecord&, JobRecord* job) {
      if (job != nullptr) job->state = JobState::kEnding;
    });
  }
}

}  // namespace

void evolve_lifecycle(State& state, const Message& fact, const FactContext& context) {
  if (const auto* submitted = fact.as<JobSubmitted>()) {
    apply(state, *submitted, context);
  } else if (const auto* started = fact.as<AttemptStarted>()) {
    apply(state, *started, context);
  } else if (const auto* attempt_ended = fact.as<AttemptEnded>()) {
    apply(state, *attempt_ended, context);
  } else if (const auto* ended = fact.as<JobEnded>()) {
    apply(state, *ended, context.now);
  } else if (const auto* retired = fact.as<JobRetired>()) {
    apply(state, *retired);
  } else if (const auto* resumed = fact.as<Resumed>()) {
    apply(state, *resumed, context.now);
  } else if (const auto* cancelled = fact.as<JobCancelRequested>()) {
    change_job(state, cancelled->job,
               [](JobRecord& job, WorkloadRecord&) { job.cancel_requested = true; });
  } else if (const auto* extended = fact.as<LeaseExtended>()) {
    change_job(state, extended->job, [&](JobRecord& job, WorkloadRecord&) {
      // Kept for the next attempt too: a drain or a failure of ours takes back no promise.
      job.lease_extension += extended->by;
      if (job.lease_ends_at.value != 0) job.lease_ends_at = job.lease_ends_at + extended->by;
    });
  } else if (const auto* requeued = fact.as<JobRequeued>()) {
    change_job(state, requeued->job, [&](JobRecord& job, WorkloadRecord&) {
      job.state = JobState::kQueued;
      job.not_before = requeued->not_before;
      job.backoff_detail = requeued->detail;
      job.retries_used += requeued->counts ? 1 : 0;
      job.lease_ends_at = Timestamp();
    });
  } else {
    evolve_tasks(state, fact, context);
  }
}

}  // namespace duru
