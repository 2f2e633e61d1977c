#include "duru/edge/silence.h"

#include "duru/edge/give.h"
#include "duru/edge/rollouts.h"

namespace duru {

void decide_node_observed(EdgeTx& tx, const NodeObserved& observed) {
  const FieldNodeRecord* node = tx.state().node(observed.node);
  if (node == nullptr || node->revoked || node->silence.has_value() != observed.up) return;
  if (observed.up) {
    tx.emit(NodeHeard{observed.node});
  } else {
    tx.emit(NodeSilent{observed.node, observed.detail, false});
  }
  const RolloutRecord* rollout = tx.state().rollout_of(*node);
  if (rollout == nullptr) return;
  const RolloutName name = rollout->rollout.name;
  advance(tx, name);
}

bool fail_silent(EdgeTx& tx) {
  const EdgeState& state = tx.state();
  std::set<RolloutName> rollouts;
  for (std::size_t i = 0; i < kNodesPerDecision && !state.silences.empty(); ++i) {
    const auto [fails_at, name] = *state.silences.begin();
    if (fails_at > tx.now()) break;
    const FieldNodeRecord& node = state.nodes.at(name);
    rollouts.insert(state.rollout_of(node)->rollout.name);
    tx.emit(NodeSilent{name, node.silence->detail, true});
  }
  for (const RolloutName& name : rollouts) advance(tx, name);
  return !rollouts.empty();
}

std::string why_failed(const FieldNodeRecord& node) {
  const FieldReported& said = node.reported;
  if (node.silence.has_value() && node.silence->failed) {
    return "is silent for too long, " + node.silence->detail;
  }
  if (!said.flapping) return said.detail;
  return "flaps, it stood otherwise " + std::to_string(said.flips.size()) + " times within " +
         format_duration(kFlapWindow) + (said.detail.empty() ? "" : "; " + said.detail);
}

}  // namespace duru
