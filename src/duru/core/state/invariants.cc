#include "duru/core/state/invariants.h"

#include <algorithm>

namespace duru {
namespace {

using Findings = std::vector<std::string>;

template <class Index>
void compare(const char* name, const Index& kept, const Index& rebuilt, Findings& out) {
  if (kept != rebuilt) {
    out.push_back(std::string("index ") + name + " is not what the records give (" +
                  std::to_string(kept.size()) + " entries, " + std::to_string(rebuilt.size()) +
                  " rebuilt)");
  }
}

void check_indexes(const State& state, Findings& out) {
  const State rebuilt = State::from_record(state.record());
  compare("chip_by_alias", state.chip_by_alias, rebuilt.chip_by_alias, out);
  compare("capacity", state.capacity, rebuilt.capacity, out);
  compare("nodes_of_chip", state.nodes_of_chip, rebuilt.nodes_of_chip, out);
  compare("nodes_with_free", state.nodes_with_free, rebuilt.nodes_with_free, out);
  compare("waiting", state.waiting, rebuilt.waiting, out);
  compare("unfinished_by_name", state.unfinished_by_name, rebuilt.unfinished_by_name, out);
  compare("dependents", state.dependents, rebuilt.dependents, out);
  compare("backoffs", state.backoffs, rebuilt.backoffs, out);
  compare("leases", state.leases, rebuilt.leases, out);
  compare("retirements", state.retirements, rebuilt.retirements, out);
  compare("pinned_of_chip", state.pinned_of_chip, rebuilt.pinned_of_chip, out);
  compare("draining_nodes", state.draining_nodes, rebuilt.draining_nodes, out);
  compare("services_on_node", state.services_on_node, rebuilt.services_on_node, out);
  compare("idle_services", state.idle_services, rebuilt.idle_services, out);
  compare("live_on_node", state.live_on_node, rebuilt.live_on_node, out);
}

struct Used {
  MilliCpu cpu;
  Bytes memory;
  std::int32_t tasks = 0;
};

// Counted from the attempts alone, not from the index.
void check_capacity(const State& state, Findings& out) {
  std::map<AcceleratorId, WorkloadId> holders;
  std::map<NodeName, Used> used;
  for (const auto& [id, workload] : state.workloads) {
    if (!workload.attempt.has_value()) continue;
    for (const TaskRunRecord& task : workload.attempt->tasks) {
      if (task.released_at.has_value()) continue;
      const Allocation& held = task.allocation;
      used[held.node].cpu += held.cpu;
      used[held.node].memory += held.memory;
      used[held.node].tasks += 1;
      for (std::int32_t device : held.devices) {
        const AcceleratorId accelerator{held.node, device};
        if (state.accelerator(accelerator) == nullptr) {
          out.push_back(id.str() + " holds " + accelerator.str() + ", which is not there");
        }
        const auto [first, inserted] = holders.emplace(accelerator, id);
        if (inserted) continue;
        out.push_back(accelerator.str() + " is held by " + first->second.str() + " and by " +
                      id.str());
      }
    }
  }
  for (const auto& [name, what] : used) {
    const auto node = state.nodes.find(name);
    if (node == state.nodes.end()) {
      out.push_back("work runs on " + name.str() + ", which is not there");
      continue;
    }
    const NodeCapacity& capacity = state.capacity.at(name);
    if (capacity.cpu_free + what.cpu != node->second.node.cpu ||
        capacity.memory_free + what.memory != node->second.node.memory ||
        capacity.task_count != what.tasks) {
      out.push_back("what is free on " + name.str() + " is not what its tasks leave");
    }
  }
}

void check_task(const std::string& attempt, const TaskRunRecord& task, Findings& out) {
  const bool ordered = (!task.released_at.has_value() ||
                        (task.end.has_value() && *task.released_at >= task.end->ended_at)) &&
                       (!task.end.has_value() || !task.started_at.has_value() ||
                        task.end->ended_at >= *task.started_at);
  if (!ordered) out.push_back(attempt + " has a task whose times are out of order");
}

void check_attempt(const State& state, const JobRecord& job, const AttemptRecord& attempt,
                   Findings& out) {
  const std::string name =
      "attempt " + std::to_string(attempt.number) + " of \"" + job.spec.name + "\"";
  if (static_cast<std::int64_t>(attempt.tasks.size()) != job.spec.tasks.value_or(1)) {
    out.push_back(name + " runs " + std::to_string(attempt.tasks.size()) + " tasks");
  }
  if (attempt.decided_seq <= 0 || attempt.decided_seq > state.last_seq) {
    out.push_back(name + " has no decision");
  }
  for (const TaskRunRecord& task : attempt.tasks) check_task(name, task, out);
}

void check_attempts(const State& state, const JobRecord& job, const WorkloadRecord& workload,
                    Findings& out) {
  std::int32_t number = 0;
  for (const AttemptRecord& attempt : job.past_attempts) {
    if (attempt.number != ++number || attempt.outcome == AttemptOutcome::kNone) {
      out.push_back("the attempts of \"" + job.spec.name + "\" are not counted up");
    }
    check_attempt(state, job, attempt, out);
  }
  if (workload.attempt.has_value()) {
    if (workload.attempt->number != ++number ||
        workload.attempt->outcome != AttemptOutcome::kNone) {
      out.push_back("the live attempt of \"" + job.spec.name + "\" is not the next");
    }
    check_attempt(state, job, *workload.attempt, out);
    if (!state.dependencies_fulfilled(job)) {
      out.push_back("\"" + job.spec.name + "\" runs before what it waits for succeeded");
    }
  }
  if (workload.attempt_count != number) {
    out.push_back("the attempts of \"" + job.spec.name + "\" are miscounted");
  }
}

bool wants_attempt(JobState state) {
  return state == JobState::kStarting || state == JobState::kRunning || state == JobState::kEnding;
}

}  // namespace

std::vector<std::string> violations(const State& state) {
  Findings out;
  check_capacity(state, out);
  for (const auto& [id, job] : state.jobs) {
    const WorkloadRecord* workload = state.workload(workload_of(id));
    if (workload == nullptr) {
      out.push_back("job \"" + job.spec.name + "\" has no workload");
      continue;
    }
    check_attempts(state, job, *workload, out);
    if (is_final(job.state) != job.ended_at.has_value()) {
      out.push_back("\"" + job.spec.name + "\" has ended without a time, or the other way round");
    }
  }
  const auto services =
      std::count_if(state.workloads.begin(), state.workloads.end(),
                    [](const auto& entry) { return entry.second.service.has_value(); });
  if (state.jobs.size() + static_cast<std::size_t>(services) != state.workloads.size()) {
    out.push_back("a workload has no owner");
  }
  check_indexes(state, out);
  return out;
}

std::vector<std::string> settled_violations(const State& state) {
  Findings out = violations(state);
  for (const auto& [id, job] : state.jobs) {
    const bool lives = state.workloads.at(workload_of(id)).attempt.has_value();
    if (lives != wants_attempt(job.state)) {
      out.push_back("the state of \"" + job.spec.name + "\" does not fit its attempt");
    }
    if (job.cancel_requested && job.state == JobState::kQueued) {
      out.push_back("\"" + job.spec.name + "\" was cancelled and waits");
    }
  }
  return out;
}

bool is_legal_move(JobState from, JobState to) {
  if (is_final(from)) return from == to;
  switch (to) {
    case JobState::kQueued:  // requeued; a submitted one was nowhere before
      return from == JobState::kQueued || from == JobState::kEnding;
    case JobState::kStarting:
      return from == JobState::kQueued || from == JobState::kStarting;
    case JobState::kRunning:
      return from == JobState::kStarting || from == JobState::kRunning;
    case JobState::kEnding:
      return from != JobState::kQueued;
    case JobState::kCancelled:  // a waiting one may be cancelled at once
      return from == JobState::kQueued || from == JobState::kEnding;
    case JobState::kSucceeded:
    case JobState::kFailed:
    case JobState::kExpired:
      return from == JobState::kEnding;
  }
  return false;
}

}  // namespace duru
