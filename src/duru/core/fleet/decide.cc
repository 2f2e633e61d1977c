#include <algorithm>

#include "duru/base/wire.h"
#include "duru/core/fleet/fleet.h"

namespace duru {
namespace {

constexpr Milliseconds kDrainGraceMax = hours(30 * 24);
constexpr const char* kLeft = "no longer in the fleet";

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

Rejection check_nodes(const std::vector<Node>& nodes) {
  std::set<NodeName> names;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::string at = "/nodes/" + std::to_string(i);
    const std::string name = nodes[i].name.str();
    if (!names.insert(nodes[i].name).second) {
      return {"invalid", "node " + name + " stands twice", "name each node once", at + "/name"};
    }
    std::set<std::int32_t> indexes;
    for (std::size_t k = 0; k < nodes[i].accelerators.size(); ++k) {
      const std::int32_t index = nodes[i].accelerators[k].index;
      if (index >= 0 && indexes.insert(index).second) continue;
      return {"invalid",
              "node " + name + ": the accelerator index " + std::to_string(index) +
                  (index < 0 ? " is negative" : " stands twice"),
              "number a node's accelerators from 0, each once",
              at + "/accelerators/" + std::to_string(k) + "/index"};
    }
  }
  return {};
}

// A node of that name elsewhere is another machine: its work and its account are not this one's.
Rejection check_sites(const State& state, const std::vector<Node>& nodes) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto known = state.nodes.find(nodes[i].name);
    if (known == state.nodes.end() || known->second.node.site == nodes[i].site) continue;
    const std::string name = nodes[i].name.str();
    return {"name-taken",
            "there is a node " + name + " at the site " + known->second.node.site.str(),
            "give another name; duru get node " + name + " shows that one",
            "/nodes/" + std::to_string(i) + "/name"};
  }
  return {};
}

// A node that has left keeps its work, and its account, until nothing is left of it.
void settle_absent(Tx& tx, const DefineFleet& command) {
  std::set<NodeName> present;
  for (const Node& node : command.nodes) present.insert(node.name);
  std::set<SiteName> sites;
  for (const Site& site : command.sites) sites.insert(site.name);
  std::vector<NodeName> absent;
  for (const auto& [name, record] : tx.state().nodes) {
    if (present.count(name) == 0 && sites.count(record.node.site) > 0) absent.push_back(name);
  }
  for (const NodeName& name : absent) {
    const NodeRecord& record = tx.state().nodes.at(name);
    if (record.node.emulated && live_task_runs(tx.state(), name) == 0) {
      tx.emit(NodeRemoved{name});
    } else if (!record.cordoned) {
      tx.emit(NodeCordoned{name, kLeft});
    }
  }
}

}  // namespace

Outcome decide_define_fleet(Tx& tx, const DefineFleet& command) {
  if (Rejection r = check_nodes(command.nodes); !r.empty()) return r;
  if (Rejection r = check_sites(tx.state(), command.nodes); !r.empty()) return r;
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
    const NodeRecord& record = tx.state().nodes.at(node.name);
    if (record.cordoned && record.cordon_reason == kLeft) tx.emit(NodeUncordoned{node.name});
  }
  if (command.is_whole) settle_absent(tx, command);
  return Accepted{};
}

Outcome decide_cordon(Tx& tx, const CordonNode& command) {
  const auto node = tx.state().nodes.find(command.node);
  if (node == tx.state().nodes.end()) return unknown_node(tx, command.node);
  if (Rejection r = check_reason(command.reason); !r.empty()) return r;
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
  if (Rejection r = check_reason(command.reason); !r.empty()) return r;
  const Timestamp stop_at = tx.now() + command.grace;
  if (!node->second.draining || stop_at < node->second.stop_at) {
    // What was said when it was cordoned, or of the longer drain, holds until something else is.
    const bool says_why = !command.reason.empty();
    tx.emit(NodeDraining{command.node, stop_at,
                         says_why ? command.reason : node->second.cordon_reason});
  }
  return Accepted{};
}

Outcome decide_remove_node(Tx& tx, const RemoveNode& command) {
  if (tx.state().nodes.count(command.node) == 0) return unknown_node(tx, command.node);
  // A node of the field goes with what it holds (core/service).
  const bool is_held = tx.state().takes_jobs(command.node);
  const std::int64_t running = is_held ? live_task_runs(tx.state(), command.node) : 0;
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
  if (Rejection r = check_reason(command.reason); !r.empty()) return r;
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
