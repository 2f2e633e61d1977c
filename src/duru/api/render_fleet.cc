#include <algorithm>

#include "duru/api/render.h"

namespace duru {
namespace {

std::string node_state(const NodeRecord& record, std::int32_t task_count) {
  if (record.down) return "down";
  if (record.draining) return task_count > 0 ? "draining" : "drained";
  return record.cordoned ? "cordoned" : "ready";
}

const std::string& node_reason(const NodeRecord& record) {
  return record.down ? record.down_detail : record.cordon_reason;
}

// "2 × h100-sxm5-80gb (emulated), 1 × aries-mla100"
std::string chips_text(const Node& node) {
  std::map<std::pair<ChipName, bool>, int> counts;
  for (const Accelerator& accelerator : node.accelerators) {
    ++counts[{accelerator.chip, accelerator.emulated}];
  }
  std::string text;
  for (const auto& [chip, count] : counts) {
    if (!text.empty()) text += ", ";
    text += std::to_string(count) + " × " + chip.first.str() + (chip.second ? " (emulated)" : "");
  }
  return text;
}

const UnhealthyMark* mark_of(const NodeRecord& node, std::int32_t index) {
  for (const UnhealthyMark& mark : node.unhealthy) {
    if (mark.index == index) return &mark;
  }
  return nullptr;
}

void add_holder(const State& state, const Holder& holder, AcceleratorObject& object) {
  const WorkloadRecord& workload = state.workloads.at(holder.workload);
  const JobRecord* job = state.job(workload.job);
  object.job = job != nullptr ? job->spec.name : workload.service->spec.name;
  object.job_id = workload.job.str();
  const TaskRunRecord& task = workload.attempt->tasks.at(static_cast<std::size_t>(holder.task));
  object.state = task.end.has_value() ? "releasing" : "used";
}

std::optional<std::string> figure(FigureKind kind, std::int64_t value, int digits) {
  if (kind == FigureKind::kUnknown) return std::nullopt;
  return format_decimal(value, digits);
}

void count(const Node& node, ChipObject& object) {
  for (const Accelerator& accelerator : node.accelerators) {
    if (accelerator.chip.str() != object.name) continue;
    ++object.accelerator_count;
    if (accelerator.emulated) ++object.emulated_count;
  }
}

}  // namespace

NodeObject node_object(const State& state, const NodeRecord& record) {
  const Node& node = record.node;
  const NodeCapacity& capacity = state.capacity.at(node.name);
  NodeObject object;
  object.name = node.name.str();
  object.site = node.site.str();
  object.state = node_state(record, capacity.task_count);
  object.reason = node_reason(record);
  object.cpu = node.cpu;
  object.cpu_free = capacity.cpu_free;
  object.memory = node.memory;
  object.memory_free = capacity.memory_free;
  object.accelerator_count = static_cast<std::int32_t>(node.accelerators.size());
  const bool takes_work = !record.down && !record.cordoned;
  for (const auto& [chip, free] : capacity.free_by_chip) {
    if (!takes_work) break;
    object.accelerator_free_count += static_cast<std::int32_t>(free.size());
  }
  object.task_count = capacity.task_count;
  object.chips = chips_text(node);
  object.emulated = node.emulated;
  object.labels = node.labels;
  object.joined_at = record.joined_at;
  if (record.draining) object.stop_at = record.stop_at;
  return object;
}

AcceleratorObject accelerator_object(const State& state, const NodeRecord& record,
                                     const Accelerator& accelerator) {
  AcceleratorObject object;
  object.name = AcceleratorId{record.node.name, accelerator.index}.str();
  object.node = record.node.name.str();
  object.index = accelerator.index;
  object.chip = accelerator.chip.str();
  const auto chip = state.chips.find(accelerator.chip);
  if (chip != state.chips.end()) object.track = chip->second.track;
  object.emulated = accelerator.emulated;
  object.pci_address = accelerator.pci_address;

  const UnhealthyMark* mark = mark_of(record, accelerator.index);
  const auto& holders = state.capacity.at(record.node.name).holders;
  const auto holder = holders.find(accelerator.index);
  if (holder != holders.end()) {
    add_holder(state, holder->second, object);
  } else if (record.down) {
    object.state = "down";
  } else if (mark != nullptr) {
    object.state = "unhealthy";
  } else {
    object.state = record.cordoned ? "cordoned" : "free";
  }
  object.reason = mark != nullptr ? mark->reason : node_reason(record);
  return object;
}

ChipObject chip_object(const State& state, const Chip& chip) {
  ChipObject object;
  object.name = chip.name.str();
  object.aliases = chip.aliases;
  object.vendor = chip.vendor;
  object.origin = chip.origin;
  object.track = chip.track;
  object.memory_bytes = chip.memory.value;
  object.watts = figure(chip.watts_kind, chip.watts.value, 3);
  object.watts_kind = chip.watts_kind;
  object.watts_source = chip.watts_source;
  object.price_credits_per_hour = figure(chip.price_kind, chip.price.value, 6);
  object.price_kind = chip.price_kind;
  object.price_source = chip.price_source;
  for (const auto* index : {&state.nodes_of_chip, &state.pinned_of_chip}) {
    const auto nodes = index->find(chip.name);
    if (nodes == index->end()) continue;
    for (const NodeName& name : nodes->second) count(state.nodes.at(name).node, object);
  }
  return object;
}

SiteObject site_object(const State& state, const Site& site) {
  SiteObject object;
  object.name = site.name.str();
  object.owner = site.owner;
  object.engine = site.engine;
  object.capabilities = site.capabilities;
  for (const auto& [name, record] : state.nodes) {
    if (record.node.site != site.name) continue;
    ++object.node_count;
    object.accelerator_count += static_cast<std::int32_t>(record.node.accelerators.size());
  }
  return object;
}

}  // namespace duru
