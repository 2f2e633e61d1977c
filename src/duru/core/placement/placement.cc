#include "duru/core/placement/placement.h"

#include <algorithm>
#include <limits>

namespace duru {
namespace {

constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

struct Room {
  MilliCpu cpu;
  Bytes memory;
  std::vector<std::int32_t> devices;  // ascending
};

Room room_on(const State& state, const NodeName& name, const Chip* chip, CapacityView view) {
  const NodeRecord& record = state.nodes.at(name);
  const NodeCapacity& free = state.capacity.at(name);
  Room room{record.node.cpu, record.node.memory, {}};
  if (view == CapacityView::kFree) {
    room.cpu = free.cpu_free;
    room.memory = free.memory_free;
  }
  if (chip == nullptr) return room;
  if (view == CapacityView::kFree) {
    const auto indices = free.free_by_chip.find(chip->name);
    if (indices != free.free_by_chip.end()) {
      room.devices.assign(indices->second.begin(), indices->second.end());
    }
    return room;
  }
  for (const Accelerator& accelerator : record.node.accelerators) {
    if (accelerator.chip != chip->name) continue;
    if (view == CapacityView::kFleet || state.healthy({name, accelerator.index})) {
      room.devices.push_back(accelerator.index);
    }
  }
  return room;
}

std::int64_t divide(std::int64_t have, std::int64_t need) {
  return need <= 0 ? kUnlimited : std::max<std::int64_t>(have, 0) / need;
}

struct Need {
  std::int64_t tasks;
  std::int64_t devices;  // per task
  MilliCpu cpu;
  Bytes memory;

  bool of_host() const { return cpu.value > 0 || memory.value > 0; }
};

Need need_of(const JobSpec& spec, const Request& request) {
  return {spec.tasks.value_or(1), (request.amount.value + 999) / 1000,
          spec.cpu.value_or(MilliCpu(1000)), spec.memory};
}

std::int64_t tasks_that_fit(const Need& need, const Room& room) {
  return std::min({need.tasks, divide(static_cast<std::int64_t>(room.devices.size()), need.devices),
                   divide(room.cpu.value, need.cpu.value),
                   divide(room.memory.value, need.memory.value)});
}

// Puts as many of the remaining tasks on the node as fit.
void fill(const State& state, const NodeName& name, const Chip* chip, const Request& request,
          const Need& need, const Room& room, std::vector<Allocation>& out) {
  const std::int64_t remaining = need.tasks - static_cast<std::int64_t>(out.size());
  const std::int64_t fitting = std::min(remaining, tasks_that_fit(need, room));
  auto next = room.devices.begin();
  for (std::int64_t i = 0; i < fitting; ++i) {
    Allocation allocation{name, {}, request.amount, {}, need.cpu, need.memory, false};
    if (chip != nullptr) allocation.chip = chip->name;
    allocation.devices.assign(next, next + need.devices);
    next += need.devices;
    for (std::int32_t device : allocation.devices) {
      allocation.emulated |= state.accelerator({name, device})->emulated;
    }
    out.push_back(std::move(allocation));
  }
}

bool is_usable(const State& state, const NodeName& name, CapacityView view) {
  if (view == CapacityView::kFleet) return state.takes_jobs(name);
  if (view != CapacityView::kUncordoned) return state.schedulable(name);
  return state.takes_jobs(name) && !state.nodes.at(name).down;
}

// How a placement looks at the fleet.
struct Looking {
  CapacityView view;
  const std::set<NodeName>* kept;  // hosts that are kept for somebody else; nullptr: none
};

// On the nodes in `names`, in their order.
template <class Names>
bool fit_on(const State& state, const Names& names, const Chip* chip, const Request& request,
            const Need& need, const Looking& looking, std::vector<Allocation>& out) {
  out.clear();
  for (const NodeName& name : names) {
    if (!is_usable(state, name, looking.view)) continue;
    if (looking.kept != nullptr && looking.kept->count(name) > 0) continue;
    fill(state, name, chip, request, need, room_on(state, name, chip, looking.view), out);
    if (static_cast<std::int64_t>(out.size()) == need.tasks) return true;
  }
  return false;
}

std::vector<NodeName> all_nodes(const State& state) {
  std::vector<NodeName> names;
  for (const auto& [name, record] : state.nodes) names.push_back(name);
  return names;
}

std::vector<Allocation> fit(const State& state, const Request& request,
                            const std::vector<const Chip*>& chips, const Need& need,
                            const Looking& looking) {
  std::vector<Allocation> allocations;
  if (!request.needs_accelerator()) {
    if (fit_on(state, all_nodes(state), nullptr, request, need, looking, allocations)) {
      return allocations;
    }
    return {};
  }
  const bool free = looking.view == CapacityView::kFree;
  const auto& index = free ? state.nodes_with_free : state.nodes_of_chip;
  for (const Chip* chip : chips) {
    const auto names = index.find(chip->name);
    if (names == index.end()) continue;
    if (fit_on(state, names->second, chip, request, need, looking, allocations)) return allocations;
  }
  return {};
}

}  // namespace

std::vector<Allocation> first_fit(const State& state, const JobSpec& spec, const Request& request,
                                  const std::vector<const Chip*>& chips, CapacityView view,
                                  bool ignore_host) {
  Need need = need_of(spec, request);
  if (ignore_host && request.needs_accelerator()) {
    need.cpu = MilliCpu();
    need.memory = Bytes();
  }
  return fit(state, request, chips, need, {view, nullptr});
}

std::vector<Allocation> first_fit_beside(const State& state, const JobSpec& spec,
                                         const Request& request,
                                         const std::vector<const Chip*>& chips,
                                         const std::set<NodeName>& kept) {
  const Need need = need_of(spec, request);
  return fit(state, request, chips, need, {CapacityView::kFree, need.of_host() ? &kept : nullptr});
}

bool lacks_host(const State& state, const JobSpec& spec, const Request& request,
                const std::vector<const Chip*>& chips) {
  return !request.needs_accelerator() ||
         !first_fit(state, spec, request, chips, CapacityView::kFree, true).empty();
}

std::set<NodeName> nodes_for(const State& state, const JobSpec& spec, const Request& request,
                             const std::vector<const Chip*>& chips, CapacityView view) {
  std::set<NodeName> found;
  const Need need = need_of(spec, request);
  const auto consider = [&](const NodeName& name, const Chip* chip) {
    const bool fits =
        is_usable(state, name, view) && tasks_that_fit(need, room_on(state, name, chip, view)) > 0;
    if (fits) found.insert(name);
  };
  if (!request.needs_accelerator()) {
    for (const auto& [name, record] : state.nodes) consider(name, nullptr);
    return found;
  }
  for (const Chip* chip : chips) {
    const auto names = state.nodes_of_chip.find(chip->name);
    if (names == state.nodes_of_chip.end()) continue;
    for (const NodeName& name : names->second) consider(name, chip);
  }
  return found;
}

std::set<NodeName> hosts_wanted(const State& state, const JobSpec& spec, const Request& request,
                                const std::vector<const Chip*>& chips) {
  if (!need_of(spec, request).of_host()) return {};
  return nodes_for(state, spec, request, chips, CapacityView::kSchedulable);
}

}  // namespace duru
