#include "duru/edge/rollouts.h"

#include <algorithm>

#include "duru/base/assert.h"
#include "duru/edge/give.h"
#include "duru/edge/silence.h"

namespace duru {
namespace {

constexpr std::int64_t kMillion = 1'000'000;

std::string nodes(std::int32_t count) {
  return std::to_string(count) + (count == 1 ? " node" : " nodes");
}

std::string wave_name(std::size_t wave) { return "wave " + std::to_string(wave + 1); }

std::size_t last_started(const RolloutRecord& rollout) {
  return static_cast<std::size_t>(rollout.started) - 1;
}

// "2 of 10 nodes of wave 1 failed, 1 may; cam-03: the probe says no"
std::string failure_text(const EdgeState& state, const RolloutRecord& rollout, std::size_t wave) {
  const WaveCounts counts = state.counts(rollout, wave);
  std::string text = std::to_string(counts.failed) + " of " + nodes(counts.nodes) + " of " +
                     wave_name(wave) + " failed, " +
                     std::to_string(state.failures_allowed(rollout, wave)) + " may";
  for (const NodeName& name : *state.nodes_of_wave(rollout, wave)) {
    const FieldNodeRecord& node = state.nodes.at(name);
    if (state.standing(node) != Standing::kFailed) continue;
    const std::string why = why_failed(node);
    text += "; " + name.str() + (why.empty() ? "" : ": " + why);
    break;
  }
  return text;
}

std::string timeout_text(const EdgeState& state, const RolloutRecord& rollout, std::size_t wave) {
  const WaveCounts counts = state.counts(rollout, wave);
  return wave_name(wave) + " had no success within " +
         format_duration(rollout.rollout.wave_timeout) + ": " + std::to_string(counts.proven) +
         " of " + nodes(counts.nodes) + " serve " + rollout.rollout.release.str() + ", " +
         std::to_string(state.needed(rollout, wave)) + " needed, " + std::to_string(counts.failed) +
         " failed" +
         (counts.silent > 0 ? ", " + std::to_string(counts.silent) + " silent" : std::string());
}

std::string label_of(const FieldNodeRecord& node, const std::string& label) {
  const auto it = node.labels.find(label);
  return it == node.labels.end() ? std::string() : it->second;
}

std::vector<std::int32_t> sizes_of(const std::vector<Wave>& waves, std::int64_t total) {
  std::vector<std::int32_t> sizes;
  std::int64_t left = total;
  for (std::size_t i = 0; left > 0; ++i) {
    std::int64_t size = left;
    if (i + 1 < waves.size()) {
      const std::int64_t share = waves[i].share_ppm * total / kMillion;
      size = waves[i].count > 0 ? waves[i].count : std::max<std::int64_t>(1, share);
      size = std::min(size, left);
    }
    sizes.push_back(static_cast<std::int32_t>(size));
    left -= size;
  }
  return sizes;
}

// Gives the release to nodes of waves that began. Also one that has it already, from a rollout that
// was stopped, say, gets a new revision: what it said of the old one proves nothing here.
void give_missing(EdgeTx& tx, const RolloutName& name) {
  const EdgeState& state = tx.state();
  const RolloutRecord& rollout = state.rollouts.at(name);
  std::vector<NodeName> missing;
  for (const WaveMembers& wave : state.members.at(name)) {
    for (const NodeName& node : wave.missing) {
      if (missing.size() == kNodesPerDecision) break;
      missing.push_back(node);
    }
  }
  std::string refused;
  for (const NodeName& node : missing) {
    const ReleaseName good = state.nodes.at(node).good;
    const Rejection rejection = give(tx, node, rollout.rollout.release, good);
    if (refused.empty() && !rejection.empty()) {
      refused = "node " + node.str() + " cannot get it: " + rejection.detail +
                "; revoke the node or mend it, then resume";
    }
  }
  if (!refused.empty()) tx.emit(RolloutPaused{name, refused});
}

void start_wave(EdgeTx& tx, const RolloutName& name, std::int32_t wave) {
  tx.emit(WaveStarted{name, wave});
  give_missing(tx, name);
}

void complete(EdgeTx& tx, const RolloutName& name) {
  const RolloutRecord& rollout = tx.state().rollouts.at(name);
  std::int32_t proven = 0, total = 0;
  for (std::size_t wave = 0; wave < rollout.waves.size(); ++wave) {
    proven += tx.state().counts(rollout, wave).proven;
    total += tx.state().counts(rollout, wave).nodes;
  }
  const std::string serving = std::to_string(proven) + " of " + nodes(total) + " serve it";
  tx.emit(RolloutEnded{name, RolloutOutcome::kCompleted,
                       rollout.waves.empty() ? "the fleet had no nodes" : serving});
  give_due(tx);
}

// Whether more failed than may: then it has ended, or is paused.
bool stop_on_failure(EdgeTx& tx, const RolloutName& name) {
  const RolloutRecord& rollout = tx.state().rollouts.at(name);
  if (rollout.paused && rollout.rollout.pause_on_failure) return false;
  for (std::size_t wave = 0; wave < static_cast<std::size_t>(rollout.started); ++wave) {
    const std::int32_t failed = tx.state().counts(rollout, wave).failed;
    if (failed <= tx.state().failures_allowed(rollout, wave)) continue;
    const std::string text = failure_text(tx.state(), rollout, wave);
    if (rollout.rollout.pause_on_failure) {
      tx.emit(RolloutPaused{name, text});
    } else {
      tx.emit(RolloutEnded{name, RolloutOutcome::kReturned, text});
      give_due(tx);
    }
    return true;
  }
  return false;
}

// One step of the last wave that began; false when nothing follows.
bool step(EdgeTx& tx, const RolloutName& name) {
  const RolloutRecord& rollout = tx.state().rollouts.at(name);
  const std::size_t wave = last_started(rollout);
  const auto number = static_cast<std::int32_t>(wave);
  // Nobody is left to prove the release.
  const bool is_empty = tx.state().counts(rollout, wave).nodes == 0;
  if (is_empty && !rollout.waves[wave].may_be_empty && !rollout.paused) {
    tx.emit(RolloutPaused{name, "no node of wave " + std::to_string(number + 1) + " is left"});
    return true;
  }
  const bool holds = tx.state().counts(rollout, wave).proven >= tx.state().needed(rollout, wave);
  const bool bakes = rollout.bake_until.has_value();
  if (bakes != holds) {
    if (holds) {
      const FleetRecord& fleet = tx.state().fleets.at(rollout.rollout.fleet);
      const Milliseconds bake = bake_of(rollout.rollout, fleet, tx.now());
      tx.emit(WaveBaking{name, number, tx.now() + bake});
    } else {
      tx.emit(WaveUnsettled{name, number});
    }
    return true;
  }
  if (rollout.paused) return false;
  if (bakes) {
    if (*rollout.bake_until > tx.now() || tx.state().is_giving(rollout)) return false;
    if (wave + 1 == rollout.waves.size()) {
      complete(tx, name);
    } else {
      start_wave(tx, name, number + 1);
    }
    return true;
  }
  const Milliseconds limit = rollout.rollout.wave_timeout;
  if (limit.value == 0 || rollout.waiting_since + limit > tx.now()) return false;
  tx.emit(RolloutPaused{name, timeout_text(tx.state(), rollout, wave)});
  return true;
}

}  // namespace

void begin_rollout(EdgeTx& tx, const Rollout& rollout) {
  std::vector<std::pair<std::string, NodeName>> order;
  const auto fleet = tx.state().nodes_of_fleet.find(rollout.fleet);
  if (fleet != tx.state().nodes_of_fleet.end()) {
    for (const NodeName& name : fleet->second) {
      order.emplace_back(label_of(tx.state().nodes.at(name), rollout.order_label), name);
    }
  }
  std::sort(order.begin(), order.end());
  RolloutDefined fact{
      rollout, {}, sizes_of(rollout.waves, static_cast<std::int64_t>(order.size()))};
  for (auto& [label, name] : order) fact.nodes.push_back(std::move(name));
  const bool is_empty = fact.nodes.empty();
  tx.emit(std::move(fact));
  if (is_empty) {
    complete(tx, rollout.name);
  } else {
    start_wave(tx, rollout.name, 0);
    advance(tx, rollout.name);
  }
}

void advance(EdgeTx& tx, const RolloutName& name) {
  const RolloutRecord& rollout = tx.state().rollouts.at(name);
  while (rollout.outcome == RolloutOutcome::kNone) {
    if (!stop_on_failure(tx, name) && !step(tx, name)) return;
  }
}

Outcome decide_steer(EdgeTx& tx, const SteerRollout& command) {
  const RolloutRecord* rollout = tx.state().rollout(command.rollout);
  if (rollout == nullptr) {
    return Rejection{"not-found", "there is no rollout \"" + command.rollout.str() + "\"",
                     "duru get rollouts lists them", "/rollout"};
  }
  if (rollout->outcome != RolloutOutcome::kNone) {
    return Rejection{"already-ended",
                     "rollout " + command.rollout.str() + " has ended: " + rollout->reason,
                     "apply a new one under another name", "/rollout"};
  }
  switch (command.action) {
    case SteerAction::kPause:
      if (!rollout->paused) {
        tx.emit(RolloutPaused{command.rollout, "paused by " + tx.principal()});
      }
      break;
    case SteerAction::kResume:
      if (!rollout->paused) break;
      tx.emit(RolloutResumed{command.rollout});
      give_missing(tx, command.rollout);
      advance(tx, command.rollout);
      break;
    case SteerAction::kStop:
      tx.emit(
          RolloutEnded{command.rollout, RolloutOutcome::kStopped, "stopped by " + tx.principal()});
      break;
  }
  return Accepted{};
}

void decide_tick(EdgeTx& tx) {
  const EdgeState& state = tx.state();
  if (!state.due.empty()) return give_due(tx);
  for (const auto& [name, members] : state.members) {
    if (!state.is_giving(state.rollouts.at(name))) continue;
    const RolloutName giving = name;
    give_missing(tx, giving);
    return advance(tx, giving);
  }
  if (fail_silent(tx)) return;
  if (state.deadlines.empty() || state.deadlines.begin()->first > tx.now()) return;
  const RolloutName due = state.deadlines.begin()->second;
  advance(tx, due);
}

std::optional<Timestamp> next_deadline(const EdgeState& state, Timestamp now) {
  const Timestamp at_once = now + Milliseconds(1);
  const bool is_giving =
      !state.due.empty() ||
      std::any_of(state.members.begin(), state.members.end(), [&](const auto& entry) {
        return state.is_giving(state.rollouts.at(entry.first));
      });
  if (is_giving) return at_once;
  std::optional<Timestamp> next;
  if (!state.deadlines.empty()) next = state.deadlines.begin()->first;
  if (!state.silences.empty()) {
    const Timestamp fails_at = state.silences.begin()->first;
    next = next.has_value() ? std::min(*next, fails_at) : fails_at;
  }
  if (next.has_value()) next = std::max(*next, at_once);
  return next;
}

}  // namespace duru
