#include "duru/core/explain/host.h"

#include <algorithm>

#include "duru/core/explain/holders.h"
#include "duru/core/explain/need.h"
#include "duru/core/placement/placement.h"

namespace duru {
namespace {

struct Sum {
  std::int64_t free = 0;
  std::int64_t total = 0;
  std::int64_t best_free = 0;

  void add(std::int64_t node_free, std::int64_t node_total) {
    const std::int64_t left = std::max<std::int64_t>(node_free, 0);
    free += left;
    total += node_total;
    best_free = std::max(best_free, left);
  }
};

// Whether it would fit now if its tasks took no cpu, or no memory.
bool fits_without(const State& state, const JobSpec& spec, const Request& request,
                  const std::vector<const Chip*>& chips, bool cpu) {
  JobSpec less;
  less.tasks = spec.tasks;
  less.cpu = cpu ? MilliCpu() : spec.cpu;
  less.memory = cpu ? spec.memory : Bytes();
  return !first_fit(state, less, request, chips, CapacityView::kFree).empty();
}

void add_figures(const std::string& name, std::int64_t of_one, std::int64_t tasks, const Sum& sum,
                 HostShortage& shortage) {
  shortage.figures[name + "_wanted"] = of_one * tasks;
  shortage.figures[name + "_per_task"] = of_one;
  shortage.figures[name + "_free"] = sum.free;
  shortage.figures[name] = sum.total;
}

}  // namespace

HostShortage host_shortage(const State& state, const JobSpec& spec, const Request& request,
                           const std::vector<const Chip*>& chips) {
  const bool memory_alone =
      spec.memory.value > 0 && fits_without(state, spec, request, chips, false);
  const bool cpu_alone = spec.memory.value == 0 || fits_without(state, spec, request, chips, true);
  const std::set<NodeName> hosts = hosts_wanted(state, spec, request, chips);
  Sum cpu;
  Sum memory;
  for (const NodeName& name : hosts) {
    const NodeCapacity& free = state.capacity.at(name);
    const Node& node = state.nodes.at(name).node;
    cpu.add(free.cpu_free.value, node.cpu.value);
    memory.add(free.memory_free.value, node.memory.value);
  }
  HostShortage shortage;
  const auto add = [&](const std::string& what, const std::string& text) {
    shortage.what += (shortage.what.empty() ? "" : " and ") + what;
    shortage.text += (shortage.text.empty() ? "" : ", ") + text;
  };
  if (cpu_alone || !memory_alone) {
    add_figures("cpu_millis", spec.cpu->value, *spec.tasks, cpu, shortage);
    add("cpu",
        format_decimal(cpu.free, 3) + " of " + format_decimal(cpu.total, 3) + " cpu are free" +
            (hosts.size() > 1 ? ", at most " + format_decimal(cpu.best_free, 3) + " on one node"
                              : ""));
  }
  if (memory_alone || !cpu_alone) {
    add_figures("memory_bytes", spec.memory.value, *spec.tasks, memory, shortage);
    add("memory",
        std::to_string(memory.free >> 20) + " of " + mebibytes(memory.total) + " are free" +
            (hosts.size() > 1 ? ", at most " + mebibytes(memory.best_free) + " on one node" : ""));
  }
  if (const std::string names = host_holders(state, hosts); !names.empty()) {
    shortage.text += "; " + names;
  }
  return shortage;
}

}  // namespace duru
