#include <algorithm>

#include "duru/api/render.h"
#include "duru/base/assert.h"
#include "duru/core/explain/explain.h"

namespace duru {
namespace {

std::optional<Timestamp> unless_zero(Timestamp time) {
  return time.value == 0 ? std::nullopt : std::optional<Timestamp>(time);
}

Track track_of_chip(const State& state, const ChipName& name) {
  const auto chip = state.chips.find(name);
  return chip == state.chips.end() ? Track::kCpu : chip->second.track;
}

Track asked_track(const State& state, const JobSpec& spec) {
  if (spec.track.has_value()) return *spec.track;
  return spec.variants.empty() ? Track::kCpu : track_of_chip(state, spec.variants.front().chip);
}

bool is_emulated(const AttemptRecord& attempt) {
  return std::any_of(attempt.tasks.begin(), attempt.tasks.end(),
                     [](const TaskRunRecord& task) { return task.allocation.emulated; });
}

const ChipName& chip_of(const AttemptRecord& attempt) {
  DURU_ASSERT(!attempt.tasks.empty());
  return attempt.tasks.front().allocation.chip;
}

TaskObject task_object(const State& state, const JobRecord& job, const AttemptRecord& attempt,
                       std::size_t index) {
  const TaskRunRecord& task = attempt.tasks[index];
  TaskObject object;
  object.task = static_cast<std::int32_t>(index);
  object.name =
      task_run_name(state.installation, workload_of(job.id), attempt.number, object.task).str();
  object.node = task.allocation.node.str();
  object.chip = task.allocation.chip.str();
  for (const std::int32_t device : task.allocation.devices) {
    object.accelerators.push_back(AcceleratorId{task.allocation.node, device}.str());
  }
  object.started_at = task.started_at;
  object.released_at = task.released_at;
  object.message = task.detail;
  if (!task.end.has_value()) return object;
  object.ended_at = task.end->ended_at;
  object.cause = enum_name(task.end->cause);
  object.exit_code = task.end->exit_code;
  object.signal = task.end->signal;
  if (!task.end->detail.empty()) object.message = task.end->detail;
  return object;
}

void add_last_attempt(const State& state, const AttemptRecord& attempt, JobObject& object) {
  object.chip = chip_of(attempt).str();
  object.track = track_of_chip(state, chip_of(attempt));
  object.emulated = is_emulated(attempt);
  for (const TaskRunRecord& task : attempt.tasks) {
    const std::string& node = task.allocation.node.str();
    if (std::find(object.nodes.begin(), object.nodes.end(), node) == object.nodes.end()) {
      object.nodes.push_back(node);
    }
  }
}

}  // namespace

std::string_view enum_name(const Type& type, std::int64_t value) {
  for (const EnumName& entry : type.enum_names) {
    if (entry.value == value) return entry.name;
  }
  DURU_ASSERT(false);
}

std::vector<const AttemptRecord*> attempts_of(const State& state, const JobRecord& job) {
  std::vector<const AttemptRecord*> attempts;
  for (const AttemptRecord& attempt : job.past_attempts) attempts.push_back(&attempt);
  const WorkloadRecord* workload = state.workload(workload_of(job.id));
  if (workload != nullptr && workload->attempt.has_value()) {
    attempts.push_back(&*workload->attempt);
  }
  return attempts;
}

JobObject job_object_unexplained(const State& state, const JobRecord& job) {
  JobObject object;
  object.id = job.id.str();
  object.name = job.spec.name;
  object.project = job.project.str();
  object.kind = job.spec.kind;
  object.state = job.state;
  object.submitted_at = job.submitted_at;
  object.started_at = job.started_at;
  object.ended_at = job.ended_at;
  object.tasks = job.spec.tasks.value_or(1);
  object.priority = job.spec.priority;
  object.track = asked_track(state, job.spec);
  const auto attempts = attempts_of(state, job);
  object.attempt_count = static_cast<std::int32_t>(attempts.size());
  if (!attempts.empty()) add_last_attempt(state, *attempts.back(), object);
  if (is_final(job.state)) {
    object.reason = job.end_reason;
    object.message = job.end_detail;
    object.exit_code = job.exit_code;
    object.signal = job.signal;
    if (job.lost) object.lost = true;
  } else {
    object.lease_ends_at = unless_zero(job.lease_ends_at);
  }
  return object;
}

JobObject job_object(const State& state, const JobRecord& job, Timestamp now) {
  JobObject object = job_object_unexplained(state, job);
  if (job.state != JobState::kQueued) return object;
  const Reason reason = explain(state, job, now);
  if (reason.code != ReasonCode::kNone) object.reason = enum_name(reason.code);
  object.message = reason.detail;
  object.figures = reason.figures;
  object.until = reason.until;
  return object;
}

AttemptObject attempt_object(const State& state, const JobRecord& job,
                             const AttemptRecord& attempt) {
  AttemptObject object;
  object.job = job.id.str();
  object.job_name = job.spec.name;
  object.project = job.project.str();
  object.attempt = attempt.number;
  object.chip = chip_of(attempt).str();
  object.emulated = is_emulated(attempt);
  object.message = attempt.detail;
  object.decided_at = attempt.decided_at;
  if (attempt.outcome != AttemptOutcome::kNone) {
    object.outcome = enum_name(attempt.outcome);
    object.ended_at = attempt.ended_at;
  } else {
    object.outcome = attempt.stop_cause == StopCause::kNone ? "running" : "stopping";
  }
  for (std::size_t i = 0; i < attempt.tasks.size(); ++i) {
    object.tasks.push_back(task_object(state, job, attempt, i));
  }
  return object;
}

JobDetail job_detail(const State& state, const JobRecord& job, Timestamp now) {
  JobDetail detail;
  detail.job = job_object(state, job, now);
  detail.spec = job.spec;
  detail.principal = job.principal;
  for (const JobId& id : job.after) detail.after.push_back(id.str());
  for (const auto& [name, output] : job.outputs) {
    detail.outputs.push_back({name, output.digest.hex(), output.size.value});
  }
  for (const AttemptRecord* attempt : attempts_of(state, job)) {
    detail.attempts.push_back(attempt_object(state, job, *attempt));
  }
  return detail;
}

}  // namespace duru
