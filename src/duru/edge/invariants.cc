#include "duru/edge/invariants.h"

namespace duru {
namespace {

using Findings = std::vector<std::string>;

template <class Index>
void compare(const char* name, const Index& kept, const Index& rebuilt, Findings& out) {
  if (kept != rebuilt) {
    out.push_back(std::string("index ") + name + " is not what the records give (" +
                  std::to_string(kept.size()) + " entries, " + std::to_string(rebuilt.size()) +
                  " rebuilt)");
  }
}

void check_indexes(const EdgeState& state, Findings& out) {
  const EdgeState rebuilt = EdgeState::from_record(state.record());
  compare("node_by_credential", state.node_by_credential, rebuilt.node_by_credential, out);
  compare("nodes_of_fleet", state.nodes_of_fleet, rebuilt.nodes_of_fleet, out);
  compare("nodes_without_fleet", state.nodes_without_fleet, rebuilt.nodes_without_fleet, out);
  compare("members", state.members, rebuilt.members, out);
  compare("due", state.due, rebuilt.due, out);
  compare("silences", state.silences, rebuilt.silences, out);
  compare("deadlines", state.deadlines, rebuilt.deadlines, out);
}

void check_rollout(const EdgeState& state, const RolloutRecord& rollout, Findings& out) {
  const std::string& name = rollout.rollout.name.str();
  for (std::size_t wave = 0; wave < rollout.waves.size(); ++wave) {
    const bool begun = static_cast<std::int32_t>(wave) < rollout.started;
    if (begun != rollout.waves[wave].started_at.has_value()) {
      out.push_back("the waves of " + name + " that began are not the first ones");
    }
    const WaveCounts counts = state.counts(rollout, wave);
    if (counts.nodes > rollout.waves[wave].size ||
        counts.proven + counts.failed + counts.silent > counts.nodes) {
      out.push_back("wave " + std::to_string(wave + 1) + " of " + name + " grew");
    }
  }
  const bool unfinished = rollout.outcome == RolloutOutcome::kNone;
  const bool is_named = state.fleets.at(rollout.rollout.fleet).rollout == rollout.rollout.name;
  if (unfinished != is_named) out.push_back("rollout " + name + " and its fleet disagree");
  if (!unfinished && rollout.reason.empty()) out.push_back(name + " ended without a reason");
  if (rollout.paused && rollout.pause_reason.empty()) {
    out.push_back(name + " is paused without a reason");
  }
}

void check_node(const EdgeState& state, const FieldNodeRecord& node, Findings& out) {
  const std::string& name = node.name.str();
  const RolloutRecord* in = state.rollout_of(node);
  if (node.wave.has_value() && (in == nullptr || node.revoked)) {
    out.push_back(name + " is in a wave of no rollout");
  }
  if (node.given.by_rollout) {
    if (in == nullptr || *node.wave >= in->started || node.given.current != in->rollout.release) {
      out.push_back(name + " has a release before its wave");
    }
  }
  for (const ReleaseName* release : {&node.given.current, &node.given.previous, &node.good}) {
    if (node.revoked || release->empty() || state.releases.count(*release) > 0) continue;
    out.push_back(name + " has use for " + release->str() + ", which is removed");
  }
  if (node.revoked && !node.given.current.empty()) out.push_back(name + " is revoked and served");
  if (node.fleet.empty() && node.given.revision > 0) out.push_back(name + " serves no fleet");
  if (node.reported.revision > node.given.revision) {
    out.push_back(name + " reported what it was not given");
  }
  if (node.reported.events_skipped > node.reported.counters.events_dropped) {
    out.push_back(name + " skipped more events than it dropped");
  }
}

}  // namespace

std::vector<std::string> violations(const EdgeState& state) {
  Findings out;
  check_indexes(state, out);
  for (const auto& [name, rollout] : state.rollouts) check_rollout(state, rollout, out);
  for (const auto& [name, node] : state.nodes) check_node(state, node, out);
  return out;
}

}  // namespace duru
