#include "duru/simulation/checker.h"

namespace duru {
namespace {

// 0 <= used <= capacity on every node, one holder an accelerator, and the free amounts that the
// placement goes by are the capacity less what the live attempts hold.
class CapacityChecker : public Checker {
 public:
  std::string_view name() const override { return "capacity"; }

  void on_fact(const State& after, const Message&, const FactContext& context) override {
    std::map<NodeName, Used> used;
    for (const auto& [id, workload] : after.workloads) {
      if (!workload.attempt.has_value()) continue;
      for (const TaskRunRecord& task : workload.attempt->tasks) {
        if (!task.released_at.has_value()) add(after, task.allocation, context, used);
      }
    }
    for (const auto& [name, record] : after.nodes) check(after, record, used[name], context);
    for (const auto& [name, sum] : used) {
      expect(after.nodes.count(name) > 0, context, "work is on node " + name.str() + ", not there");
    }
  }

 private:
  struct Used {
    std::int64_t cpu_millis = 0;
    std::int64_t memory_bytes = 0;
    std::int32_t tasks = 0;
    std::set<std::int32_t> devices;
  };

  void add(const State& state, const Allocation& held, const FactContext& context,
           std::map<NodeName, Used>& used) {
    Used& sum = used[held.node];
    sum.cpu_millis += held.cpu.value;
    sum.memory_bytes += held.memory.value;
    ++sum.tasks;
    for (std::int32_t device : held.devices) {
      const AcceleratorId id{held.node, device};
      expect(sum.devices.insert(device).second, context, id.str() + " is held twice");
      const Accelerator* accelerator = state.accelerator(id);
      expect(accelerator != nullptr && accelerator->chip == held.chip, context,
             id.str() + " is held as " + held.chip.str() + ", which it is not");
    }
  }

  void check(const State& state, const NodeRecord& record, const Used& used,
             const FactContext& context) {
    const std::string node = "node " + record.node.name.str();
    const NodeCapacity& free = state.capacity.at(record.node.name);
    expect(used.cpu_millis <= record.node.cpu.value, context, node + ": cpu is over capacity");
    expect(used.memory_bytes <= record.node.memory.value, context,
           node + ": memory is over capacity");
    expect(free.cpu_free.value == record.node.cpu.value - used.cpu_millis &&
               free.memory_free.value == record.node.memory.value - used.memory_bytes &&
               free.task_count == used.tasks && free.holders.size() == used.devices.size(),
           context, node + ": what is free is not what is not used");
  }
};

}  // namespace

std::unique_ptr<Checker> make_capacity_checker() { return std::make_unique<CapacityChecker>(); }

}  // namespace duru
