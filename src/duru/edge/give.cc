#include "duru/edge/give.h"

namespace duru {
namespace {

constexpr Milliseconds kStopGrace = seconds(10);

// What a node goes back to from a release that was returned: what it was known to serve, else the
// fleet's current release, else nothing.
ReleaseName former_of(const EdgeState& state, const FieldNodeRecord& node) {
  if (!node.given.previous.empty()) return node.given.previous;
  const ReleaseName& current = state.fleets.at(node.fleet).current;
  return !current.empty() && state.suits(current, node) ? current : ReleaseName();
}

}  // namespace

Rejection give(EdgeTx& tx, const NodeName& name, const ReleaseName& current,
               const ReleaseName& previous) {
  const EdgeState& state = tx.state();
  const FieldNodeRecord& node = state.nodes.at(name);
  Revision revision{node.given.revision + 1, state.ref(current), std::nullopt};
  if (!previous.empty() && previous != current) revision.previous = state.ref(previous);
  const SetService service{state.service_of(node), state.service_spec(node), revision};
  if (Rejection refused = tx.hand_over(service); !refused.empty()) return refused;
  tx.emit(NodeRevised{name, revision});
  return {};
}

void take_away(EdgeTx& tx, const NodeName& name) {
  const FieldNodeRecord& node = tx.state().nodes.at(name);
  // A refusal says that there is nothing to end.
  tx.hand_over(EndService{tx.state().service_of(node), kStopGrace});
  tx.emit(NodeRevised{name, {node.given.revision + 1, {}, {}}});
}

void give_due(EdgeTx& tx) {
  const EdgeState& state = tx.state();
  std::vector<NodeName> due;
  for (const NodeName& name : state.due) {
    if (due.size() == kNodesPerDecision) break;
    due.push_back(name);
  }
  for (const NodeName& name : due) {
    const FieldNodeRecord& node = state.nodes.at(name);
    const bool goes_back = node.due == FieldDue::kFormer;
    const ReleaseName next =
        goes_back ? former_of(state, node) : state.fleets.at(node.fleet).current;
    const ReleaseName previous = goes_back ? ReleaseName() : node.good;
    if (next.empty() || !give(tx, name, next, previous).empty()) take_away(tx, name);
  }
}

void catch_up(EdgeTx& tx, const NodeName& name) {
  const EdgeState& state = tx.state();
  const FieldNodeRecord& node = state.nodes.at(name);
  if (node.fleet.empty() || !node.given.current.empty()) return;
  const ReleaseName current = state.fleets.at(node.fleet).current;
  if (!current.empty() && state.suits(current, node)) give(tx, name, current, ReleaseName());
}

}  // namespace duru
