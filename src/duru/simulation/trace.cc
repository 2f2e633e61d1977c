#include "duru/simulation/trace.h"

#include <algorithm>

namespace duru {
namespace {

std::string state_text(JobState state) {
  for (const EnumName& entry : type_of<JobState>().enum_names) {
    if (entry.value == static_cast<std::int64_t>(state)) return std::string(entry.name);
  }
  return "?";
}

std::string join(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ",") + text;
  return out;
}

// The live attempt, else the last one of a job that is not waiting again.
const AttemptRecord* shown_attempt(const JobRecord& job, const WorkloadRecord& workload) {
  if (workload.attempt.has_value()) return &*workload.attempt;
  if (job.state == JobState::kQueued || job.past_attempts.empty()) return nullptr;
  return &job.past_attempts.back();
}

std::string exit_text(const JobRecord& job) {
  if (job.lost) return "lost";
  if (job.signal.has_value()) return "signal " + std::to_string(*job.signal);
  if (job.exit_code.has_value()) return "exit " + std::to_string(*job.exit_code);
  return "";
}

TraceStep step_of(const State& state, const JobRecord& job) {
  const WorkloadRecord& workload = state.workloads.at(workload_of(job.id));
  TraceStep step;
  step.job = job.spec.name;
  step.state = state_text(job.state);
  step.attempt = workload.attempt_count;
  if (const AttemptRecord* attempt = shown_attempt(job, workload)) {
    for (const TaskRunRecord& task : attempt->tasks) {
      const std::string& node = task.allocation.node.str();
      if (std::find(step.nodes.begin(), step.nodes.end(), node) == step.nodes.end()) {
        step.nodes.push_back(node);
      }
      for (std::int32_t device : task.allocation.devices) {
        step.accelerators.push_back(AcceleratorId{task.allocation.node, device}.str());
      }
    }
  }
  step.exit = exit_text(job);
  step.reason = job.end_reason;
  return step;
}

std::optional<JobId> job_of(const State& state, const Message& fact) {
  const auto of_workload = [&](const WorkloadId& id) -> std::optional<JobId> {
    const WorkloadRecord& workload = state.workloads.at(id);
    if (workload.service.has_value()) return std::nullopt;
    return workload.job;
  };
  if (const auto* f = fact.as<JobSubmitted>()) return f->job;
  if (const auto* f = fact.as<JobRequeued>()) return f->job;
  if (const auto* f = fact.as<JobEnded>()) return f->job;
  if (const auto* f = fact.as<AttemptStarted>()) return of_workload(f->workload);
  if (const auto* f = fact.as<AttemptStopping>()) return of_workload(f->workload);
  if (const auto* f = fact.as<AttemptEnded>()) return of_workload(f->workload);
  if (const auto* f = fact.as<TaskStarted>()) return of_workload(f->workload);
  if (const auto* f = fact.as<TaskEnded>()) return of_workload(f->workload);
  return std::nullopt;
}

}  // namespace

bool TraceStep::agrees_with(const TraceStep& other) const {
  return job == other.job && state == other.state && attempt == other.attempt &&
         nodes == other.nodes && accelerators == other.accelerators && exit == other.exit;
}

std::string TraceStep::text() const {
  std::string out = job + " " + state + " attempt " + std::to_string(attempt);
  if (!nodes.empty()) out += " on " + join(nodes);
  if (!accelerators.empty()) out += " with " + join(accelerators);
  if (!exit.empty()) out += ", " + exit;
  return out;
}

void Trace::on_fact(const State& after, const Message& fact, const FactContext& context) {
  TraceStep step;
  if (const auto* retired = fact.as<JobRetired>()) {
    step = last_[retired->job];
    step.state = "retired";
    step.at = context.now;
    steps_.push_back(std::move(step));
    last_.erase(retired->job);
    return;
  }
  const std::optional<JobId> id = job_of(after, fact);
  if (!id.has_value()) return;
  step = step_of(after, after.jobs.at(*id));
  step.at = context.now;
  TraceStep& last = last_[*id];
  if (step.agrees_with(last)) return;
  last = step;
  steps_.push_back(std::move(step));
}

std::vector<TraceStep> Trace::steps_of(const std::string& job) const {
  std::vector<TraceStep> out;
  std::copy_if(steps_.begin(), steps_.end(), std::back_inserter(out),
               [&](const TraceStep& step) { return step.job == job; });
  return out;
}

std::vector<std::string> Trace::jobs() const {
  std::set<std::string> names;
  for (const TraceStep& step : steps_) names.insert(step.job);
  return {names.begin(), names.end()};
}

}  // namespace duru
