#include <algorithm>

#include "duru/base/wire.h"
#include "duru/core/fleet/fleet.h"

namespace duru {
namespace {

constexpr Milliseconds kDrainGraceMax = hours(30 * 24);

Rejection unknown_node(const Tx& tx, const NodeName& name) {
  std::string known;
  for (const auto& [node, record] : tx.state().nodes) {
    if (known.size() > 200) {
      known += ", …";
      break;
    }
    known += (known.empty() ? "" : ", ") + node.str();
  }
  return {"not-found", "there is no node " + name.str(),
          known.empty() ? "the fleet has no nodes" : "nodes are: " + known, ""};
}

template <class T>
bool same(const T& a, const T& b) {
  return encode(a) == encode(b);
}

// The node as it shall be: what the server found, plus accelerators that it did not find but that
// are real or held.
Node merged(const Tx& tx, const Node& found) {
  Node node = found;
  const auto known = tx.state().nodes.find(found.name);
  if (known == tx.state().nodes.end()) return node;
  const NodeCapacity& capacity = tx.state().capacity.at(found.name);
  for (const Accelerator& old : known->second.node.accelerators) {
    const bool listed =
        std::any_of(found.accelerators.begin(), found.accelerators.end(),
                    [&](const Accelerator& accelerator) { return accelerator.index == old.index; });
    if (listed) continue;
    if (old.emulated && capacity.holders.count(old.index) == 0) continue;
    node.accelerators.push_back(old);
  }
  std::sort(node.accelerators.begin(), node.accelerators.end(),
            [](const Accelerator& a, const Accelerator& b) { return a.index < b.index; });
  return node;
}

// Of attempts that live, also those that are released already: until their outputs are stored the
// node's engine is asked for them. O(workloads).
std::int64_t live_task_runs(const State& state, const NodeName& node) {
  std::int64_t count = 0;
  for (const auto& [id, workload] : state.workloads) {
    if (!workload.attempt.has_value()) continue;
    const auto& tasks = workload.attempt->tasks;
    count += std::count_if(tasks.begin(), tasks.end(),
                           [&](const TaskRunRecord& task) { return task.allocation.node == node; });
  }
  return count;
}

void mark_missing(Tx& tx, const Node& found, const Node& node) {
  constexpr const char* kNotFound = "not found at the start";
  for (const Accelerator& accelerator : node.accelerators) {
    const AcceleratorId id{node.name, accelerator.index};
    const bool listed =
        std::any_of(found.accelerators.begin(), found.accelerators.end(),
                    [&](const Accelerator& a) { return a.index == accelerator.index; });
    if (!listed && tx.state().healthy(id)) tx.emit(AcceleratorMarked{id, false, kNotFound});
    if (!listed || tx.state().healthy(id)) continue;
    for (const UnhealthyMark& mark : tx.state().nodes.at(node.name).unhealthy) {
      if (mark.index == id.index && mark.reason == kNotFound) {
        tx.emit(AcceleratorMarked{id, true, "found again at the start"});
        break;
      }
    }
  }
}

}  // namespace

Outcome decide_define_fleet(Tx& tx, const DefineFleet& command) {
  for (const Chip& chip : command.chips) {
    const auto known = tx.state().chips.find(chip.name);
    if (known == tx.state().chips.end() || !same(known->second, chip)) tx.emit(ChipDefined{chip});
  }
  for (const Site& site : command.sites) {
    const auto known = tx.state().sites.find(site.name);
    if (known == tx.state().sites.end() || !same(known->second, site)) tx.emit(SiteDefined{site});
  }
  for (const Node& found : command.nodes) {
    const Node node = merged(tx, found);
    const auto known = tx.state().nodes.find(node.name);
    if (known == tx.state().nodes.end() || !same(known->second.node, node)) {
      tx.emit(NodeDefined{node});
    }
    mark_missing(tx, found, node);
  }
  return Accepted{};
}

Outcome decide_cordon(Tx& tx, const CordonNode& command) {
  const auto node = tx.state().nodes.find(command.node);
  if (node == tx.state().nodes.end()) return unknown_node(tx, command.node);
  if (!node->second.cordoned) tx.emit(NodeCordoned{command.node, command.reason});
  return Accepted{};
}

Outcome decide_uncordon(Tx& tx, const UncordonNode& command) {
  const auto node = tx.state().nodes.find(command.node);
  if (node == tx.state().nodes.end()) return unknown_node(tx, command.node);
  if (node->second.cordoned) tx.emit(NodeUncordoned{command.node});
  return Accepted{};
}

Outcome decide_drain(Tx& tx, const DrainNode& command) {
  const auto node = tx.state().nodes.find(command.node);
  if (node == tx.state().nodes.end()) return unknown_node(tx, command.node);
  if (command.grace.value < 0 || command.grace > kDrainGraceMax) {
    return Rejection{"invalid", "the grace is not between 0 and 30d", "give a span like 30s",
                     "/grace"};
  }
  const Timestamp stop_at = tx.now() + command.grace;
  if (!node->second.draining || stop_at < node->second.stop_at) {
    tx.emit(NodeDraining{command.node, stop_at, command.reason});
  }
  return Accepted{};
}

Outcome decide_remove_node(Tx& tx, const RemoveNode& command) {
  if (tx.state().nodes.count(command.node) == 0) return unknown_node(tx, command.node);
  const std::int64_t running = live_task_runs(tx.state(), command.node);
  if (running > 0) {
    return Rejection{
        "node-in-use",
        "node " + command.node.str() + " has " + std::to_string(running) + " task runs on it",
        "duru drain " + command.node.str() + ", and remove it when it is empty", ""};
  }
  tx.emit(NodeRemoved{command.node});
  return Accepted{};
}

Outcome decide_mark(Tx& tx, const MarkAccelerator& command) {
  if (tx.state().accelerator(command.accelerator) == nullptr) {
    return Rejection{"not-found", "there is no accelerator " + command.accelerator.str(),
                     "duru get accelerators lists them", ""};
  }
  if (!command.healthy && command.reason.empty()) {
    return Rejection{"invalid", "an unhealthy mark needs a reason", "give --reason", "/reason"};
  }
  if (tx.state().healthy(command.accelerator) != command.healthy) {
    tx.emit(AcceleratorMarked{command.accelerator, command.healthy, command.reason});
  }
  return Accepted{};
}

void decide_node_observed(Tx& tx, const NodeObserved& observation) {
  const auto node = tx.state().nodes.find(observation.node);
  if (node == tx.state().nodes.end() || node->second.down != observation.up) return;
  tx.emit(NodeReported{observation.node, observation.up, observation.detail});
}

}  // namespace duru
