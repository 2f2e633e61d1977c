#include <algorithm>

#include "duru/core/fleet/fleet.h"

namespace duru {
namespace {

void apply(State& state, const ChipDefined& fact) {
  state.chips[fact.chip.name] = fact.chip;
  state.index_chips();
}

void apply(State& state, const SiteDefined& fact) {
  Site& site = state.sites[fact.site.name];
  const bool other =
      site.capabilities.pinned_services_only != fact.site.capabilities.pinned_services_only;
  site = fact.site;
  if (!other) return;
  for (const auto& [name, record] : state.nodes) {
    if (record.node.site == site.name) state.index_node(name);
  }
}

void apply(State& state, const NodeDefined& fact, Timestamp now) {
  const NodeName& name = fact.node.name;
  NodeRecord& record = state.nodes[name];
  if (record.node.name.empty()) record.joined_at = now;
  record.node = fact.node;
  std::erase_if(record.unhealthy, [&](const UnhealthyMark& mark) {
    return std::none_of(fact.node.accelerators.begin(), fact.node.accelerators.end(),
                        [&](const Accelerator& a) { return a.index == mark.index; });
  });
  state.index_node(name);
}

void apply(State& state, const NodeRemoved& fact) {
  state.nodes.erase(fact.node);
  state.unindex_node(fact.node);
}

void apply(State& state, const AcceleratorMarked& fact) {
  NodeRecord& record = state.nodes.at(fact.accelerator.node);
  std::erase_if(record.unhealthy,
                [&](const UnhealthyMark& mark) { return mark.index == fact.accelerator.index; });
  if (!fact.healthy) {
    record.unhealthy.push_back({fact.accelerator.index, fact.reason});
    std::sort(record.unhealthy.begin(), record.unhealthy.end(),
              [](const UnhealthyMark& a, const UnhealthyMark& b) { return a.index < b.index; });
  }
  state.index_node(fact.accelerator.node);
}

template <class Change>
void change_node(State& state, const NodeName& name, Change change) {
  change(state.nodes.at(name));
  state.index_node(name);
}

}  // namespace

void evolve_fleet(State& state, const Message& fact, const FactContext& context) {
  if (const auto* chip = fact.as<ChipDefined>()) return apply(state, *chip);
  if (const auto* site = fact.as<SiteDefined>()) {
    apply(state, *site);
  } else if (const auto* node = fact.as<NodeDefined>()) {
    apply(state, *node, context.now);
  } else if (const auto* removed = fact.as<NodeRemoved>()) {
    apply(state, *removed);
  } else if (const auto* marked = fact.as<AcceleratorMarked>()) {
    apply(state, *marked);
  } else if (const auto* cordoned = fact.as<NodeCordoned>()) {
    change_node(state, cordoned->node, [&](NodeRecord& record) {
      record.cordoned = true;
      record.cordon_reason = cordoned->reason;
    });
  } else if (const auto* uncordoned = fact.as<NodeUncordoned>()) {
    change_node(state, uncordoned->node, [](NodeRecord& record) {
      record.cordoned = record.draining = false;
      record.cordon_reason.clear();
      record.stop_at = Timestamp();
    });
  } else if (const auto* draining = fact.as<NodeDraining>()) {
    change_node(state, draining->node, [&](NodeRecord& record) {
      record.cordoned = record.draining = true;
      record.cordon_reason = draining->reason;
      record.stop_at = draining->stop_at;
    });
  } else if (const auto* reported = fact.as<NodeReported>()) {
    change_node(state, reported->node, [&](NodeRecord& record) {
      record.down = !reported->up;
      record.down_detail = reported->detail;
    });
  } else if (const auto* resumed = fact.as<Resumed>()) {
    // An outage of ours is no time in which a drain's grace ran.
    const Milliseconds outage = since(context.now, resumed->alive_at);
    for (auto& [name, record] : state.nodes) {
      if (record.draining && record.stop_at > resumed->alive_at)
        record.stop_at = record.stop_at + outage;
    }
  }
}

}  // namespace duru
