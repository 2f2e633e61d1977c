#include "duru/edge/evolve.h"

#include <algorithm>
#include <limits>

#include "duru/domain/facts.h"

namespace duru {
namespace {

template <class Change>
void change_node(EdgeState& state, const NodeName& name, Change change) {
  FieldNodeRecord& node = state.nodes.at(name);
  state.unindex_node(node);
  change(node);
  state.index_node(node);
}

template <class Change>
void change_rollout(EdgeState& state, const RolloutName& name, Change change) {
  RolloutRecord& rollout = state.rollouts.at(name);
  state.unindex_rollout(rollout);
  change(rollout);
  state.index_rollout(rollout);
}

void apply(EdgeState& state, const FleetDefined& fact, Timestamp now) {
  const auto [known, is_new] = state.fleets.try_emplace(fact.fleet.name);
  FleetRecord& fleet = known->second;
  const Milliseconds heartbeat = fact.fleet.heartbeat.value_or(kDefaultHeartbeat);
  if (!is_new && heartbeat < fleet.fleet.heartbeat.value_or(kDefaultHeartbeat)) {
    fleet.former_heartbeat = longest_heartbeat_of(fleet, now);
    fleet.former_until = now + fleet.former_heartbeat * kLostAfter;
  }
  fleet.fleet = fact.fleet;
  const std::set<NodeName> candidates = state.nodes_without_fleet;
  for (const NodeName& name : candidates) {
    if (!selects(fact.fleet, state.nodes.at(name).labels)) continue;
    change_node(state, name, [&](FieldNodeRecord& node) { node.fleet = fact.fleet.name; });
  }
}

void apply(EdgeState& state, const RolloutDefined& fact, Timestamp now) {
  RolloutRecord rollout;
  rollout.rollout = fact.rollout;
  rollout.defined_at = now;
  for (std::int32_t size : fact.wave_sizes) rollout.waves.push_back({size, {}, 0, {}, false});
  state.fleets.at(fact.rollout.fleet).rollout = fact.rollout.name;
  state.index_rollout(state.rollouts.emplace(fact.rollout.name, rollout).first->second);
  auto next = fact.nodes.begin();
  for (std::size_t wave = 0; wave < fact.wave_sizes.size(); ++wave) {
    for (std::int32_t i = 0; i < fact.wave_sizes[wave]; ++i, ++next) {
      change_node(state, *next,
                  [&](FieldNodeRecord& node) { node.wave = static_cast<std::int32_t>(wave); });
    }
  }
}

void apply(EdgeState& state, const WaveStarted& fact, Timestamp now) {
  change_rollout(state, fact.rollout, [&](RolloutRecord& rollout) {
    rollout.started = fact.wave + 1;
    rollout.waves.at(static_cast<std::size_t>(fact.wave)).started_at = now;
    rollout.waiting_since = now;
    rollout.bake_until.reset();
  });
  state.count_wave(state.rollouts.at(fact.rollout), static_cast<std::size_t>(fact.wave));
}

void apply(EdgeState& state, const RolloutResumed& fact, Timestamp now) {
  change_rollout(state, fact.rollout, [&](RolloutRecord& rollout) {
    rollout.paused = false;
    rollout.pause_reason.clear();
    rollout.waiting_since = now;
    for (std::size_t wave = 0; wave < static_cast<std::size_t>(rollout.started); ++wave) {
      const WaveCounts counts = state.counts(rollout, wave);
      if (counts.nodes == 0) rollout.waves[wave].may_be_empty = true;
      if (counts.failed > state.failures_allowed(rollout, wave)) {
        rollout.waves[wave].tolerated = counts.failed;
      }
    }
  });
}

// Nodes of the fleet that are in no wave of the rollout that completes.
void catch_up_joined(EdgeState& state, const FleetRecord& fleet) {
  const auto here = state.nodes_of_fleet.find(fleet.fleet.name);
  if (here == state.nodes_of_fleet.end()) return;
  for (const NodeName& name : here->second) {
    FieldNodeRecord& node = state.nodes.at(name);
    const bool wants = !node.wave.has_value() && node.given.current != fleet.current;
    if (!wants || !state.suits(fleet.current, node)) continue;
    node.due = FieldDue::kCurrent;
    state.due.insert(name);
  }
}

void apply(EdgeState& state, const RolloutEnded& fact, Timestamp now) {
  RolloutRecord& rollout = state.rollouts.at(fact.rollout);
  FleetRecord& fleet = state.fleets.at(rollout.rollout.fleet);
  if (fact.outcome == RolloutOutcome::kCompleted) {
    fleet.current = rollout.rollout.release;
    catch_up_joined(state, fleet);
  }
  const bool is_returned = fact.outcome == RolloutOutcome::kReturned;
  // It would go back to what it has.
  const auto is_current = [&](const FieldNodeRecord& node) {
    return node.given.previous.empty() && node.given.current == fleet.current;
  };
  for (std::size_t wave = 0; wave < rollout.waves.size(); ++wave) {
    const WaveCounts counts = state.counts(rollout, wave);
    const std::set<NodeName> nodes = *state.nodes_of_wave(rollout, wave);
    for (const NodeName& name : nodes) {
      change_node(state, name, [&](FieldNodeRecord& node) {
        if (is_returned && node.given.by_rollout && !is_current(node)) {
          node.due = FieldDue::kFormer;
        }
        node.wave.reset();
        node.given.by_rollout = false;
      });
    }
    rollout.waves[wave].at_end = counts;
  }
  fleet.rollout = RolloutName();
  change_rollout(state, fact.rollout, [&](RolloutRecord& ended) {
    ended.outcome = fact.outcome;
    ended.reason = fact.reason;
    ended.ended_at = now;
    ended.paused = false;
    ended.pause_reason.clear();
    ended.bake_until.reset();
  });
}

// Nobody was heard meanwhile: what waited for the clock waits as much longer, and at least until
// every node could be heard or missed.
void apply(EdgeState& state, const Resumed& fact, Timestamp now) {
  const Milliseconds outage = since(now, fact.alive_at);
  for (auto& [name, fleet] : state.fleets) {
    if (fleet.former_until > fact.alive_at) fleet.former_until = fleet.former_until + outage;
  }
  for (const auto& [name, waves] : state.members) {
    const Rollout& of = state.rollouts.at(name).rollout;
    const FleetRecord& fleet = state.fleets.at(of.fleet);
    const Timestamp heard_by = now + noticed_after_of(fleet, now);
    change_rollout(state, name, [&](RolloutRecord& rollout) {
      const Milliseconds limit = of.wave_timeout;
      rollout.waiting_since =
          std::max(rollout.waiting_since + outage, std::min(now, heard_by - limit));
      if (!rollout.bake_until.has_value()) return;
      rollout.bake_until =
          std::max(*rollout.bake_until + outage, std::min(now + bake_of(of, fleet, now), heard_by));
    });
  }
  const std::set<std::pair<Timestamp, NodeName>> silences = state.silences;
  for (const auto& [fails_at, name] : silences) {
    const FieldNodeRecord& silent = state.nodes.at(name);
    const Milliseconds fails_after = *state.rollout_of(silent)->rollout.silence_fails_after;
    const Timestamp heard_by = now + noticed_after_of(state.fleets.at(silent.fleet), now);
    change_node(state, name, [&](FieldNodeRecord& node) {
      node.silence->since = std::max(now, heard_by - fails_after);
    });
  }
}

void apply(EdgeState& state, const NodeEnrolled& fact, Timestamp now) {
  state.enrolments.erase(fact.code);
  FieldNodeRecord node;
  node.name = fact.node;
  node.code = fact.code;
  node.credential = fact.credential;
  node.service = fact.service;
  node.chip = fact.chip;
  node.emulated = fact.emulated;
  node.amount = fact.amount;
  node.cpu = fact.cpu;
  node.memory = fact.memory;
  node.labels = fact.labels;
  node.enrolled_at = now;
  if (const FleetRecord* fleet = state.fleet_for(fact.labels)) node.fleet = fleet->fleet.name;
  state.index_node(state.nodes.emplace(fact.node, node).first->second);
}

std::int64_t saturating_sum(std::int64_t a, std::int64_t b) {
  return a + std::min(b, std::numeric_limits<std::int64_t>::max() - a);
}

// A bill does not shrink because a node goes.
void keep_counts(EdgeState& state, const FieldNodeRecord& node) {
  if (node.fleet.empty()) return;
  std::vector<RemovedCounts>& removed = state.fleets.at(node.fleet).removed;
  auto of_chip = std::find_if(removed.begin(), removed.end(), [&](const RemovedCounts& counts) {
    return counts.chip == node.chip && counts.emulated == node.emulated;
  });
  if (of_chip == removed.end()) {
    of_chip = removed.insert(removed.end(), RemovedCounts{node.chip, node.emulated, {}});
  }
  FieldCounters& sum = of_chip->counters;
  const FieldCounters& counters = node.reported.counters;
  sum.up = Milliseconds(saturating_sum(sum.up.value, counters.up.value));
  sum.inferences = saturating_sum(sum.inferences, counters.inferences);
  sum.restarts = saturating_sum(sum.restarts, counters.restarts);
  sum.events_dropped = saturating_sum(sum.events_dropped, counters.events_dropped);
}

void apply(EdgeState& state, const NodeRevoked& fact) {
  FieldNodeRecord& node = state.nodes.at(fact.node);
  state.unindex_node(node);
  if (fact.removed) {
    keep_counts(state, node);
    state.nodes.erase(fact.node);
    return;
  }
  node.revoked = true;
  node.revoke_reason = fact.reason;
  node.wave.reset();
  node.due = FieldDue::kNothing;
  node.given.current = ReleaseName();
  node.given.previous = ReleaseName();
  state.index_node(node);
}

void apply(EdgeState& state, const NodeRevised& fact, Timestamp now) {
  change_node(state, fact.node, [&](FieldNodeRecord& node) {
    FieldGiven& given = node.given;
    const RolloutRecord* in = state.rollout_of(node);
    const ServiceSpec spec = state.service_spec(node);
    const bool runs_nothing = fact.revision.current.name.empty();
    if (runs_nothing && !given.current.empty()) ++given.service;
    given.cpu = spec.cpu;
    given.memory = spec.memory;
    given.revision = fact.revision.number;
    given.current = ReleaseName(fact.revision.current.name);
    given.previous = ReleaseName(fact.revision.previous.has_value() ? fact.revision.previous->name
                                                                    : std::string());
    given.at = now;
    node.due = FieldDue::kNothing;
    if (node.silence.has_value()) node.silence->failed = false;  // of another release
    given.by_rollout =
        in != nullptr && *node.wave < in->started && in->rollout.release == given.current;
  });
}

void apply(EdgeState& state, const NodePhaseReported& fact, Timestamp now) {
  change_node(state, fact.node, [&](FieldNodeRecord& node) {
    FieldReported& reported = node.reported;
    const bool same_revision = reported.revision == fact.revision;
    const bool stands_anew = reported.phase != fact.phase || reported.serving != fact.serving;
    if (reported.phase != fact.phase || !same_revision) reported.since = now;
    if (!same_revision) reported.flips.clear();
    if (same_revision && stands_anew && !reported.flapping) {
      if (reported.flips.size() == kFlapsMax) reported.flips.erase(reported.flips.begin());
      reported.flips.push_back(now);
    }
    reported.said_at = now;
    if (node.silence.has_value()) node.silence->since = now;  // it will be said to be heard
    reported.flapping = fact.flapping;
    reported.revision = fact.revision;
    reported.phase = fact.phase;
    reported.serving = fact.serving;
    reported.detail = fact.detail;
    const bool serves = fact.phase == FieldPhase::kServing || fact.phase == FieldPhase::kReturned;
    const ReleaseName serving(fact.serving);
    const bool is_ours = serving == node.given.current || serving == node.given.previous;
    if (serves && is_ours && !serving.empty()) node.good = serving;
  });
}

void evolve_rollouts(EdgeState& state, const Message& fact, Timestamp now) {
  if (const auto* f = fact.as<RolloutDefined>()) {
    apply(state, *f, now);
  } else if (const auto* started = fact.as<WaveStarted>()) {
    apply(state, *started, now);
  } else if (const auto* baking = fact.as<WaveBaking>()) {
    change_rollout(state, baking->rollout,
                   [&](RolloutRecord& rollout) { rollout.bake_until = baking->until; });
  } else if (const auto* unsettled = fact.as<WaveUnsettled>()) {
    change_rollout(state, unsettled->rollout, [&](RolloutRecord& rollout) {
      rollout.bake_until.reset();
      rollout.waiting_since = now;
    });
  } else if (const auto* paused = fact.as<RolloutPaused>()) {
    change_rollout(state, paused->rollout, [&](RolloutRecord& rollout) {
      rollout.paused = true;
      rollout.pause_reason = paused->reason;
    });
  } else if (const auto* resumed = fact.as<RolloutResumed>()) {
    apply(state, *resumed, now);
  } else if (const auto* ended = fact.as<RolloutEnded>()) {
    apply(state, *ended, now);
  }
}

void evolve_nodes(EdgeState& state, const Message& fact, Timestamp now) {
  if (const auto* made = fact.as<EnrolmentMade>()) {
    std::erase_if(state.enrolments,
                  [&](const auto& entry) { return entry.second.valid_until <= now; });
    state.enrolments[made->code] = {made->code, made->labels, made->valid_until};
  } else if (const auto* enrolled = fact.as<NodeEnrolled>()) {
    apply(state, *enrolled, now);
  } else if (const auto* revoked = fact.as<NodeRevoked>()) {
    apply(state, *revoked);
  } else if (const auto* revised = fact.as<NodeRevised>()) {
    apply(state, *revised, now);
  } else if (const auto* phase = fact.as<NodePhaseReported>()) {
    apply(state, *phase, now);
  } else if (const auto* counted = fact.as<NodeCounted>()) {
    FieldReported& reported = state.nodes.at(counted->node).reported;
    reported.counters = counted->counters;
    reported.counted_at = now;
  } else if (const auto* silent = fact.as<NodeSilent>()) {
    change_node(state, silent->node, [&](FieldNodeRecord& node) {
      const Timestamp since = node.silence.has_value() ? node.silence->since : now;
      node.silence = FieldSilence{since, silent->detail, silent->failed};
    });
  } else if (const auto* heard = fact.as<NodeHeard>()) {
    change_node(state, heard->node, [](FieldNodeRecord& node) { node.silence.reset(); });
  } else if (const auto* event = fact.as<EventRecorded>()) {
    FieldReported& reported = state.nodes.at(event->node).reported;
    reported.events_skipped += event->event.number - reported.last_event - 1;
    reported.last_event = event->event.number;
    // Its own count may have begun anew; a number that never came was dropped all the same.
    FieldCounters& counters = reported.counters;
    counters.events_dropped = std::max(counters.events_dropped, reported.events_skipped);
  }
}

}  // namespace

void evolve(EdgeState& state, const Message& fact, const FactContext& context) {
  if (const auto* fleet = fact.as<FleetDefined>()) {
    apply(state, *fleet, context.now);
  } else if (const auto* release = fact.as<ReleaseDefined>()) {
    state.releases.emplace(release->release.name, release->release);
  } else if (const auto* removed = fact.as<ReleaseRemoved>()) {
    state.releases.erase(removed->release);
  } else if (const auto* resumed = fact.as<Resumed>()) {
    apply(state, *resumed, context.now);
  } else {
    evolve_rollouts(state, fact, context.now);
    evolve_nodes(state, fact, context.now);
  }
}

}  // namespace duru
