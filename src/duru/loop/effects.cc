#include "duru/loop/effects.h"

#include "duru/base/assert.h"

namespace duru {
namespace {

constexpr std::size_t kWorkloadsPerStep = 500;

const Variant* variant_of(const JobSpec& spec, std::int32_t index) {
  return index < 0 ? nullptr : &spec.variants.at(static_cast<std::size_t>(index));
}

TaskRunName run_name(const State& state, const WorkloadRecord& workload, std::int32_t attempt,
                     std::size_t task) {
  return task_run_name(state.installation, workload.id, attempt, static_cast<std::int32_t>(task));
}

// What jobs and services have in common.
TaskRunSpec common_spec(const State& state, const WorkloadRecord& workload, std::int32_t task) {
  const AttemptRecord& attempt = *workload.attempt;
  TaskRunSpec spec;
  spec.name = run_name(state, workload, attempt.number, static_cast<std::size_t>(task));
  spec.workload = workload.id;
  spec.attempt = attempt.number;
  spec.task = task;
  spec.tasks = static_cast<std::int32_t>(attempt.tasks.size());
  spec.decided_seq = attempt.decided_seq;
  spec.term = state.term;  // whose server asks: an engine refuses one that was replaced
  spec.allocation = attempt.tasks.at(static_cast<std::size_t>(task)).allocation;
  const auto chip = state.chips.find(spec.allocation.chip);
  if (chip != state.chips.end()) spec.track = chip->second.track;
  spec.emulated = spec.allocation.emulated;
  return spec;
}

}  // namespace

TaskRunSpec task_run_spec(const State& state, const WorkloadRecord& workload, std::int32_t task) {
  const AttemptRecord& attempt = *workload.attempt;
  TaskRunSpec spec = common_spec(state, workload, task);
  if (workload.service.has_value()) {
    spec.job_name = workload.service->spec.name;
    spec.revision = workload.service->revision;
    spec.grace = seconds(10);
    return spec;
  }
  const JobRecord& job = state.jobs.at(workload.job);
  const Variant* variant = variant_of(job.spec, attempt.variant);
  spec.job_name = job.spec.name;
  spec.command = job.spec.command;
  spec.image = job.spec.image;
  spec.env = job.spec.env;
  if (variant != nullptr) {
    if (!variant->command.empty()) spec.command = variant->command;
    if (!variant->image.empty()) spec.image = variant->image;
    for (const auto& [name, value] : variant->env) spec.env[name] = value;
  }
  spec.files = job.spec.files;
  spec.inputs = attempt.inputs;
  if (task == 0) spec.outputs = job.spec.outputs;
  // A session's lease is the core's to end, because it can be extended.
  if (job.spec.kind != JobKind::kSession) spec.time_limit = job.spec.time_limit;
  spec.grace = job.spec.grace.value_or(seconds(10));
  return spec;
}

Engine* Effects::engine_of(const State& state, const Allocation& allocation) const {
  const auto node = state.nodes.find(allocation.node);
  if (node == state.nodes.end()) return nullptr;
  const auto engine = engines_.find(node->second.node.site);
  return engine == engines_.end() ? nullptr : engine->second;
}

void Effects::send(const State& state, const WorkloadRecord& workload) {
  const auto& tasks = workload.attempt->tasks;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    Engine* engine = engine_of(state, tasks[i].allocation);
    if (engine != nullptr)
      engine->run(task_run_spec(state, workload, static_cast<std::int32_t>(i)));
  }
}

void Effects::stop(const State& state, const WorkloadRecord& workload) {
  const AttemptRecord& attempt = *workload.attempt;
  for (std::size_t i = 0; i < attempt.tasks.size(); ++i) {
    Engine* engine = engine_of(state, attempt.tasks[i].allocation);
    if (engine != nullptr) {
      engine->stop(run_name(state, workload, attempt.number, i), attempt.stop_grace);
    }
  }
}

// What an engine is to know of at the end of the round; more than that does no harm.
void Effects::note(const State& state, const WorkloadRecord& workload) {
  const auto& tasks = workload.attempt->tasks;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    Engine* engine = engine_of(state, tasks[i].allocation);
    if (engine == nullptr) continue;
    round_->desired[engine].push_back(run_name(state, workload, workload.attempt->number, i));
  }
}

bool Effects::resend_step(const State& state) {
  if (!round_.has_value()) {
    round_.emplace();
    for (const auto& [site, engine] : engines_) round_->desired[engine];
  }
  auto next = round_->said_through.has_value() ? state.workloads.upper_bound(*round_->said_through)
                                               : state.workloads.begin();
  for (std::size_t i = 0; i < kWorkloadsPerStep && next != state.workloads.end(); ++i, ++next) {
    const WorkloadRecord& workload = next->second;
    round_->said_through = next->first;
    if (!workload.attempt.has_value()) continue;
    note(state, workload);
    // A stop goes first: what never ran then never will.
    if (workload.attempt->stop_cause != StopCause::kNone) stop(state, workload);
    send(state, workload);
  }
  if (next != state.workloads.end()) return false;
  for (auto& [engine, names] : round_->desired) engine->reconcile(names);
  round_.reset();
  return true;
}

void Effects::forget(const State& after, const WorkloadRecord& workload, std::int32_t attempt) {
  if (workload.service.has_value()) {
    Allocation held;
    held.node = workload.service->spec.node;
    Engine* engine = engine_of(after, held);
    if (engine != nullptr) engine->forget(run_name(after, workload, attempt, 0));
    return;
  }
  const auto& tasks = after.jobs.at(workload.job).past_attempts.back().tasks;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    Engine* engine = engine_of(after, tasks[i].allocation);
    if (engine != nullptr) engine->forget(run_name(after, workload, attempt, i));
  }
}

void Effects::on_fact(const State& after, const Message& fact, const FactContext&) {
  if (!begun_) return;
  if (const auto* started = fact.as<AttemptStarted>()) {
    const WorkloadRecord& workload = after.workloads.at(started->workload);
    if (round_.has_value()) note(after, workload);
    send(after, workload);
  } else if (const auto* stopping = fact.as<AttemptStopping>()) {
    stop(after, after.workloads.at(stopping->workload));
  } else if (const auto* revised = fact.as<ServiceRevised>()) {
    const WorkloadRecord& workload = after.workloads.at(revised->workload);
    if (workload.attempt.has_value()) send(after, workload);
  } else if (const auto* ended = fact.as<AttemptEnded>()) {
    forget(after, after.workloads.at(ended->workload), ended->attempt);
  }
}

}  // namespace duru
