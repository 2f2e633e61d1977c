// Which objects of the field each fact changes (changes.h).
#include <algorithm>

#include "duru/server/api/changes.h"

namespace duru {

// A rollout with its fleet, which names it and what it has become.
void ChangeIndex::note_rollout(const EdgeState& field, const RolloutName& name) {
  note(WatchKind::kRollouts, name.str());
  if (const RolloutRecord* rollout = field.rollout(name)) {
    note(WatchKind::kFleets, rollout->rollout.fleet.str());
  }
}

// A node with the counts that it is in.
void ChangeIndex::note_field_node(const EdgeState& field, const NodeName& name) {
  const FieldNodeRecord* node = field.node(name);
  if (node == nullptr) return;
  note(WatchKind::kNodes, name.str());
  if (const RolloutRecord* rollout = field.rollout_of(*node)) {
    note(WatchKind::kRollouts, rollout->rollout.name.str());
  }
}

void ChangeIndex::note_rollout_fact(const EdgeState& field, const Message& fact) {
  if (const auto* fleet = fact.as<FleetDefined>()) {
    note(WatchKind::kFleets, fleet->fleet.name.str());
  } else if (const auto* release = fact.as<ReleaseDefined>()) {
    note(WatchKind::kReleases, release->release.name.str());
  } else if (const auto* removed = fact.as<ReleaseRemoved>()) {
    const std::string& name = removed->release.str();
    note_deleted({WatchKind::kReleases, name, 0}, name, "");
  } else if (const auto* defined = fact.as<RolloutDefined>()) {
    note_rollout(field, defined->rollout.name);
  } else if (const auto* started = fact.as<WaveStarted>()) {
    note_rollout(field, started->rollout);
  } else if (const auto* baking = fact.as<WaveBaking>()) {
    note_rollout(field, baking->rollout);
  } else if (const auto* unsettled = fact.as<WaveUnsettled>()) {
    note_rollout(field, unsettled->rollout);
  } else if (const auto* paused = fact.as<RolloutPaused>()) {
    note_rollout(field, paused->rollout);
  } else if (const auto* resumed = fact.as<RolloutResumed>()) {
    note_rollout(field, resumed->rollout);
  } else if (const auto* ended = fact.as<RolloutEnded>()) {
    note_rollout(field, ended->rollout);
  }
}

void ChangeIndex::note_event(const EventRecorded& fact, const FactContext& context) {
  constexpr std::size_t kDigits = 19;
  std::string place = std::to_string(context.seq);
  place.insert(0, kDigits - std::min(kDigits, place.size()), '0');  // they sort as they came
  Change& change = open_[{WatchKind::kEvents, std::move(place), 0}];
  change.event = std::make_shared<const HistoryEvent>(
      HistoryEvent{context.seq, fact.node.str(), fact.fleet.str(), fact.event, context.now});
}

void ChangeIndex::note_field_node_fact(const EdgeState& field, const Message& fact) {
  NodeName name;
  if (const auto* enrolled = fact.as<NodeEnrolled>()) {
    name = enrolled->node;
  } else if (const auto* revised = fact.as<NodeRevised>()) {
    name = revised->node;
  } else if (const auto* reported = fact.as<NodePhaseReported>()) {
    name = reported->node;
  } else if (const auto* counted = fact.as<NodeCounted>()) {
    name = counted->node;
  } else if (const auto* silent = fact.as<NodeSilent>()) {
    name = silent->node;
  } else if (const auto* heard = fact.as<NodeHeard>()) {
    name = heard->node;
  } else if (const auto* event = fact.as<EventRecorded>()) {
    name = event->node;
  } else if (const auto* revoked = fact.as<NodeRevoked>()) {
    name = revoked->node;
  }
  if (name.empty()) return;
  note_field_node(field, name);
  const bool counts_otherwise = fact.as<NodeEnrolled>() != nullptr ||
                                fact.as<NodeRevoked>() != nullptr ||
                                fact.as<NodePhaseReported>() != nullptr;
  const FieldNodeRecord* node = field.node(name);
  if (counts_otherwise && node != nullptr && !node->fleet.empty()) {
    note(WatchKind::kFleets, node->fleet.str());
  }
}

}  // namespace duru
