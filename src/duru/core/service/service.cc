#include "duru/core/service/service.h"

#include <algorithm>

#include "duru/base/wire.h"

namespace duru {
namespace {

template <class T>
bool same(const T& a, const T& b) {
  return encode(a) == encode(b);
}

Rejection invalid(const SetService& command, std::string why) {
  return {"invalid-service",
          "the service of node " + command.spec.node.str() + " cannot be: " + std::move(why),
          "duru describe node " + command.spec.node.str() + " shows what it has", ""};
}

std::int64_t devices_of(const ServiceSpec& spec) { return (spec.amount.value + 999) / 1000; }

std::optional<Rejection> check(const State& state, const SetService& command) {
  const ServiceSpec& spec = command.spec;
  const auto node = state.nodes.find(spec.node);
  if (node == state.nodes.end()) return invalid(command, "there is no such node");
  if (state.takes_jobs(spec.node)) {
    return invalid(command, "site " + node->second.node.site.str() + " takes jobs");
  }
  if (command.revision.number <= 0) return invalid(command, "a revision counts from 1");
  const auto& accelerators = node->second.node.accelerators;
  const auto has = std::count_if(accelerators.begin(), accelerators.end(),
                                 [&](const Accelerator& a) { return a.chip == spec.chip; });
  if (!spec.chip.empty() && has < devices_of(spec)) {
    return invalid(command, "it has " + std::to_string(has) + " × " + spec.chip.str() +
                                ", asked are " + std::to_string(devices_of(spec)));
  }
  return std::nullopt;
}

// What it would hold; no devices where the node cannot give them now.
std::optional<Allocation> fit(const State& state, const ServiceSpec& spec) {
  const NodeCapacity& free = state.capacity.at(spec.node);
  if (free.cpu_free < spec.cpu || free.memory_free < spec.memory) return std::nullopt;
  Allocation held{spec.node, spec.chip, spec.amount, {}, spec.cpu, spec.memory, false};
  if (spec.chip.empty()) return held;
  const auto indices = free.free_by_chip.find(spec.chip);
  const auto wanted = static_cast<std::size_t>(devices_of(spec));
  if (indices == free.free_by_chip.end() || indices->second.size() < wanted) return std::nullopt;
  auto next = indices->second.begin();
  for (std::size_t i = 0; i < wanted; ++i, ++next) {
    held.devices.push_back(*next);
    held.emulated |= state.accelerator({spec.node, *next})->emulated;
  }
  return held;
}

}  // namespace

Outcome decide_set_service(Tx& tx, const SetService& command) {
  if (const auto rejection = check(tx.state(), command)) return *rejection;
  const WorkloadRecord* known = tx.state().workload(command.workload);
  if (known != nullptr) {
    if (!known->service.has_value() || !same(known->service->spec, command.spec)) {
      return invalid(command, "it is another one; end it first");
    }
    const ServiceRecord& service = *known->service;
    if (service.ending) {
      return Rejection{"service-ending",
                       "the service of node " + command.spec.node.str() + " is being ended",
                       "try again when its accelerators are free", ""};
    }
    if (same(service.revision, command.revision)) return Accepted{};
    if (command.revision.number <= service.revision.number) {
      return invalid(command, "revision " + std::to_string(command.revision.number) +
                                  " does not follow " + std::to_string(service.revision.number));
    }
  } else {
    tx.emit(ServiceDefined{command.workload, command.spec});
  }
  tx.emit(ServiceRevised{command.workload, command.revision});
  return Accepted{};
}

Outcome decide_end_service(Tx& tx, const EndService& command) {
  const WorkloadRecord* known = tx.state().workload(command.workload);
  if (known == nullptr || !known->service.has_value() || known->service->ending) return Accepted{};
  const std::int32_t attempt = known->attempt_count;
  const bool lives = known->attempt.has_value();
  const bool stopping = lives && known->attempt->stop_cause != StopCause::kNone;
  tx.emit(ServiceEnding{command.workload});
  if (!lives) {
    tx.emit(ServiceRemoved{command.workload});
  } else if (!stopping) {
    tx.emit(AttemptStopping{command.workload, attempt, StopCause::kServiceEnded, command.grace});
  }
  return Accepted{};
}

void end_services_of(Tx& tx, const NodeName& node) {
  const auto here = tx.state().services_on_node.find(node);
  if (here == tx.state().services_on_node.end()) return;
  const std::vector<WorkloadId> services(here->second.begin(), here->second.end());
  for (const WorkloadId& id : services) {
    const WorkloadRecord& workload = tx.state().workloads.at(id);
    if (!workload.service->ending) tx.emit(ServiceEnding{id});
    if (workload.attempt.has_value()) {
      const std::int32_t number = workload.attempt->number;
      const TaskRunRecord& task = workload.attempt->tasks.front();
      const bool ended = task.end.has_value();
      const std::string detail = "node " + node.str() + " was removed";
      if (!ended) {
        tx.emit(TaskEnded{id, number, 0, {EndCause::kLost, {}, {}, tx.now(), detail}});
      }
      tx.emit(TaskReleased{id, number, 0, tx.now()});
      tx.emit(AttemptEnded{id, number, AttemptOutcome::kLost, {}, detail});
    }
    tx.emit(ServiceRemoved{id});
  }
}

void start_services(Tx& tx) {
  std::vector<WorkloadId> due;
  for (const auto& [not_before, id] : tx.state().idle_services) {
    if (not_before > tx.now()) break;
    due.push_back(id);
  }
  for (const WorkloadId& id : due) {
    const WorkloadRecord& workload = tx.state().workloads.at(id);
    const ServiceSpec& spec = workload.service->spec;
    const auto node = tx.state().nodes.find(spec.node);
    if (node == tx.state().nodes.end() || node->second.cordoned) continue;
    std::optional<Allocation> held = fit(tx.state(), spec);
    if (!held.has_value()) continue;
    tx.emit(AttemptStarted{id, workload.attempt_count + 1, -1, {std::move(*held)}, {}});
  }
}

void evolve_service(State& state, const Message& fact, const FactContext& context) {
  if (const auto* defined = fact.as<ServiceDefined>()) {
    WorkloadRecord workload;
    workload.id = defined->workload;
    workload.queued_seq = context.seq;
    workload.service = ServiceRecord{defined->spec, {}, context.now, false, {}};
    state.index_service(state.workloads.emplace(workload.id, std::move(workload)).first->second);
  } else if (const auto* revised = fact.as<ServiceRevised>()) {
    state.workloads.at(revised->workload).service->revision = revised->revision;
  } else if (const auto* ending = fact.as<ServiceEnding>()) {
    WorkloadRecord& workload = state.workloads.at(ending->workload);
    state.unindex_service(workload);
    workload.service->ending = true;
    state.index_service(workload);
  } else if (const auto* removed = fact.as<ServiceRemoved>()) {
    state.unindex_service(state.workloads.at(removed->workload));
    state.workloads.erase(removed->workload);
  }
}

std::string why_not_running(const State& state, const WorkloadRecord& workload) {
  if (workload.attempt.has_value()) return "";
  const ServiceRecord& service = *workload.service;
  const auto node = state.nodes.find(service.spec.node);
  if (node == state.nodes.end()) return "its node is not there";
  if (service.ending) return "it is being ended";
  if (node->second.cordoned) return "its node is cordoned: " + node->second.cordon_reason;
  if (service.not_before > state.now) return "it ended by itself and starts again shortly";
  for (const Accelerator& accelerator : node->second.node.accelerators) {
    const AcceleratorId id{service.spec.node, accelerator.index};
    if (accelerator.chip == service.spec.chip && !state.healthy(id)) {
      return "accelerator " + id.str() + " is unhealthy";
    }
  }
  return "what it asks for is held";
}

}  // namespace duru
