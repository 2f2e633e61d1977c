#include "duru/api/render_field.h"

#include "duru/api/render.h"
#include "duru/edge/silence.h"

namespace duru {
namespace {

std::string rollout_state(const RolloutRecord& rollout) {
  switch (rollout.outcome) {
    case RolloutOutcome::kCompleted:
      return "completed";
    case RolloutOutcome::kReturned:
      return "returned";
    case RolloutOutcome::kStopped:
      return "stopped";
    case RolloutOutcome::kNone:
      break;
  }
  if (rollout.paused) return "paused";
  return rollout.bake_until.has_value() ? "baking" : "running";
}

std::string wave_state(const EdgeState& state, const RolloutRecord& rollout, std::size_t wave) {
  const auto started = static_cast<std::size_t>(rollout.started);
  const bool is_last = wave + 1 == started;
  if (rollout.outcome == RolloutOutcome::kNone) {
    if (wave >= started) return "waiting";
    if (!is_last) return "done";
    return rollout.bake_until.has_value() ? "baking" : "running";
  }
  if (rollout.outcome == RolloutOutcome::kCompleted) return "done";
  if (wave >= started) return "skipped";
  if (state.counts(rollout, wave).failed > state.failures_allowed(rollout, wave)) return "failed";
  if (rollout.outcome == RolloutOutcome::kReturned) return "returned";
  return is_last ? "stopped" : "done";
}

WaveObject wave_object(const EdgeState& state, const RolloutRecord& rollout, std::size_t wave) {
  const WaveCounts counts = state.counts(rollout, wave);
  WaveObject object;
  object.wave = static_cast<std::int32_t>(wave) + 1;
  object.state = wave_state(state, rollout, wave);
  object.node_count = counts.nodes;
  object.proven_count = counts.proven;
  object.failed_count = counts.failed;
  object.silent_count = counts.silent;
  object.needed_count = state.needed(rollout, wave);
  object.failures_allowed = state.failures_allowed(rollout, wave);
  object.started_at = rollout.waves[wave].started_at;
  if (const std::set<NodeName>* nodes = state.nodes_of_wave(rollout, wave)) {
    for (const NodeName& name : *nodes) {
      if (object.nodes.size() == kNamedMax) break;
      object.nodes.push_back(name.str());
    }
  }
  return object;
}

std::string with_detail(std::string text, const std::string& detail) {
  return detail.empty() ? text : text + ": " + detail;
}

// What stands between the node and the release, in a sentence.
std::string why_behind(const EdgeState& state, const FieldNodeRecord& node, const LinkText& link) {
  const FieldReported& said = node.reported;
  const bool is_failed = state.standing(node) == Standing::kFailed;
  if (is_failed && (said.flapping || node.silence.has_value())) return "it " + why_failed(node);
  if (node.silence.has_value()) return "it is lost: " + node.silence->detail;
  const std::string heard = link.heard_at.has_value()
                                ? ", not heard since " + format_timestamp(*link.heard_at)
                                : ", not heard since the server's start";
  if (link.state == "lost" || link.state == "late") return "it is " + link.state + heard;
  if (said.revision != node.given.revision) {
    return "it has not taken up revision " + std::to_string(node.given.revision) + " yet";
  }
  switch (said.phase) {
    case FieldPhase::kNone:
      return "it has not begun";
    case FieldPhase::kFetching:
      return with_detail("it fetches the release", said.detail);
    case FieldPhase::kStarting:
      return with_detail("the release has not become well yet", said.detail);
    case FieldPhase::kServing:
      return "it serves " + said.serving;
    case FieldPhase::kReturned:
      return with_detail("the release failed here, " + said.serving + " serves again", said.detail);
    case FieldPhase::kFailed:
      return with_detail("the release failed here and nothing serves", said.detail);
  }
  return "";
}

void add_behind(const EdgeState& state, const RolloutRecord& rollout, std::size_t wave,
                const LinkOf& link_of, RolloutDetail& detail) {
  const std::set<NodeName>* nodes = state.nodes_of_wave(rollout, wave);
  if (nodes == nullptr) return;
  for (const NodeName& name : *nodes) {
    const FieldNodeRecord& node = state.nodes.at(name);
    if (state.standing(node) == Standing::kProven) continue;
    ++detail.behind_count;
    if (detail.behind.size() >= kNamedMax) continue;
    const LinkText link = link_of(name);
    detail.behind.push_back({name.str(), static_cast<std::int32_t>(wave) + 1, node.reported.phase,
                             node.reported.serving, link.state, why_behind(state, node, link)});
  }
}

void count_serving(const EdgeState& state, FleetObject& object) {
  const auto nodes = state.nodes_of_fleet.find(FleetName(object.name));
  if (nodes == state.nodes_of_fleet.end()) return;
  std::map<std::string, std::int32_t> counts;
  for (const NodeName& name : nodes->second) ++counts[state.nodes.at(name).reported.serving];
  for (const auto& [release, count] : counts) {
    object.node_count += count;
    object.serving.push_back({release, count});
    if (release != object.release) object.differing_count += count;
  }
}

}  // namespace

NodeObject node_object(const State& core, const EdgeState& field, const NodeRecord& node,
                       const LinkOf& link_of) {
  NodeObject object = node_object(core, node);
  const FieldNodeRecord* known = field.node(node.node.name);
  if (known == nullptr) return object;
  object.field = field_node_object(field, *known, link_of);
  if (known->revoked) {
    object.state = "revoked";
    object.reason = known->revoke_reason;
    object.accelerator_free_count = 0;
  }
  return object;
}

AcceleratorObject accelerator_object(const State& core, const EdgeState& field,
                                     const NodeRecord& node, const Accelerator& accelerator) {
  AcceleratorObject object = accelerator_object(core, node, accelerator);
  const FieldNodeRecord* known = field.node(node.node.name);
  const bool is_held = object.state == "used" || object.state == "releasing";
  if (known == nullptr || !known->revoked || is_held) return object;
  object.state = "revoked";
  object.reason = known->revoke_reason;
  return object;
}

FieldNodeObject field_node_object(const EdgeState& state, const FieldNodeRecord& node,
                                  const LinkOf& link_of) {
  const LinkText link = link_of(node.name);
  FieldNodeObject object;
  object.fleet = node.fleet.str();
  object.link = node.revoked ? "revoked" : link.state;
  object.heard_at = link.heard_at;
  object.release = node.reported.serving;
  if (const auto revision = state.revision(node)) object.wanted = revision->current.name;
  object.revision = node.given.revision;
  if (node.reported.revision == node.given.revision) {
    object.phase = node.reported.phase;
    object.detail = node.reported.flapping ? why_failed(node) : node.reported.detail;
  }
  if (node.reported.since.value != 0) object.since = node.reported.since;
  object.counters = node.reported.counters;
  object.last_event = node.reported.last_event;
  return object;
}

FleetObject fleet_object(const EdgeState& state, const FleetRecord& record) {
  const Fleet& fleet = record.fleet;
  FleetObject object;
  object.name = fleet.name.str();
  object.selector = fleet.selector;
  object.cpu = fleet.cpu;
  object.memory = fleet.memory;
  object.heartbeat = fleet.heartbeat.value_or(kDefaultHeartbeat);
  object.report_every = report_every_of(fleet);
  object.release = record.current.str();
  object.rollout = record.rollout.str();
  count_serving(state, object);
  return object;
}

ReleaseObject release_object(const Release& release) {
  ReleaseObject object{release.name.str(), release.digest.hex(), release.signature, 0,
                       release.manifest};
  for (const JobFile& file : release.manifest.files) object.size_bytes += file.size.value;
  return object;
}

RolloutObject rollout_object(const EdgeState& state, const RolloutRecord& record) {
  RolloutObject object;
  object.name = record.rollout.name.str();
  object.fleet = record.rollout.fleet.str();
  object.release = record.rollout.release.str();
  object.state = rollout_state(record);
  object.reason = record.paused ? record.pause_reason : record.reason;
  object.wave = record.started;
  object.wave_count = static_cast<std::int32_t>(record.waves.size());
  for (std::size_t i = 0; i < record.waves.size(); ++i) {
    const WaveCounts counts = state.counts(record, i);
    object.node_count += counts.nodes;
    object.proven_count += counts.proven;
    object.failed_count += counts.failed;
  }
  if (record.outcome == RolloutOutcome::kNone) object.bake_until = record.bake_until;
  object.defined_at = record.defined_at;
  if (record.outcome != RolloutOutcome::kNone) object.ended_at = record.ended_at;
  return object;
}

RolloutDetail rollout_detail(const EdgeState& state, const RolloutRecord& record,
                             const LinkOf& link_of) {
  RolloutDetail detail;
  detail.rollout = rollout_object(state, record);
  detail.spec = record.rollout;
  for (std::size_t i = 0; i < record.waves.size(); ++i) {
    detail.waves.push_back(wave_object(state, record, i));
    if (i < static_cast<std::size_t>(record.started)) {
      add_behind(state, record, i, link_of, detail);
    }
  }
  return detail;
}

}  // namespace duru
