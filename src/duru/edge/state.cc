#include "duru/edge/state.h"

#include <algorithm>

#include "duru/base/assert.h"

namespace duru {
namespace {

constexpr std::int64_t kMillion = 1'000'000;

template <class Map, class Key>
auto* found(const Map& map, const Key& key) {
  const auto it = map.find(key);
  return it == map.end() ? nullptr : &it->second;
}

void add(WaveMembers& wave, const FieldNodeRecord& node, Standing standing, std::int32_t by) {
  if (standing == Standing::kProven) wave.proven += by;
  if (standing == Standing::kFailed) wave.failed += by;
  if (standing != Standing::kFailed && node.silence.has_value()) wave.silent += by;
}

std::optional<Timestamp> deadline_of(const RolloutRecord& rollout) {
  if (rollout.outcome != RolloutOutcome::kNone || rollout.paused || rollout.started == 0) return {};
  if (rollout.bake_until.has_value()) return rollout.bake_until;
  if (rollout.rollout.wave_timeout.value == 0) return {};
  return rollout.waiting_since + rollout.rollout.wave_timeout;
}

}  // namespace

bool selects(const Fleet& fleet, const std::map<std::string, std::string>& labels) {
  return std::all_of(fleet.selector.begin(), fleet.selector.end(), [&](const auto& wanted) {
    const auto it = labels.find(wanted.first);
    return it != labels.end() && it->second == wanted.second;
  });
}

Milliseconds noticed_after_of(const FleetRecord& fleet, Timestamp now) {
  const Milliseconds heartbeat = longest_heartbeat_of(fleet, now);
  return heartbeat * kLostAfter + std::max(heartbeat, seconds(10));
}

Milliseconds bake_of(const Rollout& rollout, const FleetRecord& fleet, Timestamp now) {
  return rollout.bake.value_or(std::max(minutes(10), noticed_after_of(fleet, now)));
}

Milliseconds heartbeat_of(const EdgeState& state, const FieldNodeRecord& node) {
  const auto fleet = state.fleets.find(node.fleet);
  if (fleet == state.fleets.end()) return kDefaultHeartbeat;
  return fleet->second.fleet.heartbeat.value_or(kDefaultHeartbeat);
}

Milliseconds longest_heartbeat_of(const FleetRecord& fleet, Timestamp now) {
  const Milliseconds heartbeat = fleet.fleet.heartbeat.value_or(kDefaultHeartbeat);
  return now < fleet.former_until ? std::max(heartbeat, fleet.former_heartbeat) : heartbeat;
}

Milliseconds longest_heartbeat_of(const EdgeState& state, const FieldNodeRecord& node,
                                  Timestamp now) {
  const FleetRecord* fleet = found(state.fleets, node.fleet);
  return fleet == nullptr ? kDefaultHeartbeat : longest_heartbeat_of(*fleet, now);
}

Milliseconds report_every_of(const Fleet& fleet) { return fleet.report_every.value_or(hours(1)); }

const FieldNodeRecord* EdgeState::node(const NodeName& name) const { return found(nodes, name); }

const FieldNodeRecord* EdgeState::node_by(const Digest& credential) const {
  const NodeName* name = found(node_by_credential, credential);
  return name == nullptr ? nullptr : node(*name);
}

const RolloutRecord* EdgeState::rollout(const RolloutName& name) const {
  return found(rollouts, name);
}

const RolloutRecord* EdgeState::rollout_of(const FieldNodeRecord& node) const {
  if (!node.wave.has_value()) return nullptr;
  return rollout(fleets.at(node.fleet).rollout);
}

const FleetRecord* EdgeState::fleet_for(const std::map<std::string, std::string>& labels) const {
  const auto it = std::find_if(fleets.begin(), fleets.end(), [&](const auto& entry) {
    return selects(entry.second.fleet, labels);
  });
  return it == fleets.end() ? nullptr : &it->second;
}

ReleaseRef EdgeState::ref(const ReleaseName& name) const {
  const Release& release = releases.at(name);
  return {name.str(), release.digest, release.signature};
}

std::optional<Revision> EdgeState::revision(const FieldNodeRecord& node) const {
  const FieldGiven& given = node.given;
  if (given.current.empty()) return std::nullopt;
  Revision revision{given.revision, ref(given.current), std::nullopt};
  if (!given.previous.empty()) revision.previous = ref(given.previous);
  return revision;
}

WorkloadId EdgeState::service_of(const FieldNodeRecord& node) const {
  return {node.service.str(), node.given.service};
}

ServiceSpec EdgeState::service_spec(const FieldNodeRecord& node) const {
  ServiceSpec spec{node.fleet.str(), ProjectName("default"), node.name,        node.chip,
                   node.amount,      node.given.cpu,         node.given.memory};
  if (node.given.current.empty()) {
    const Fleet& fleet = fleets.at(node.fleet).fleet;
    spec.cpu = std::min(fleet.cpu, node.cpu);
    spec.memory = std::min(fleet.memory, node.memory);
  }
  return spec;
}

bool EdgeState::suits(const ReleaseName& release, const FieldNodeRecord& node) const {
  const std::vector<ChipName>& chips = releases.at(release).manifest.chips;
  return chips.empty() || std::find(chips.begin(), chips.end(), node.chip) != chips.end();
}

Standing EdgeState::standing(const FieldNodeRecord& node) const {
  const FieldReported& reported = node.reported;
  if (node.given.current.empty() || reported.revision != node.given.revision) {
    return Standing::kPending;
  }
  const bool gave_up =
      reported.phase == FieldPhase::kReturned || reported.phase == FieldPhase::kFailed;
  const bool silent_too_long = node.silence.has_value() && node.silence->failed;
  if (gave_up || reported.flapping || silent_too_long) return Standing::kFailed;
  if (node.silence.has_value()) return Standing::kPending;
  const bool serves =
      reported.phase == FieldPhase::kServing && reported.serving == node.given.current.str();
  return serves ? Standing::kProven : Standing::kPending;
}

std::optional<Timestamp> EdgeState::silence_fails_at(const FieldNodeRecord& node) const {
  const RolloutRecord* in = rollout_of(node);
  const bool took_it_up = node.given.by_rollout && node.reported.revision == node.given.revision;
  if (in == nullptr || !in->rollout.silence_fails_after.has_value() || !took_it_up) return {};
  if (!node.silence.has_value() || standing(node) == Standing::kFailed) return {};
  return node.silence->since + *in->rollout.silence_fails_after;
}

WaveCounts EdgeState::counts(const RolloutRecord& rollout, std::size_t wave) const {
  const auto it = members.find(rollout.rollout.name);
  if (it == members.end()) return rollout.waves.at(wave).at_end;
  const WaveMembers& now = it->second.at(wave);
  return {static_cast<std::int32_t>(now.nodes.size()), now.proven, now.failed, now.silent};
}

const std::set<NodeName>* EdgeState::nodes_of_wave(const RolloutRecord& rollout,
                                                   std::size_t wave) const {
  const auto it = members.find(rollout.rollout.name);
  return it == members.end() ? nullptr : &it->second.at(wave).nodes;
}

std::int32_t EdgeState::needed(const RolloutRecord& rollout, std::size_t wave) const {
  const WaveCounts now = counts(rollout, wave);
  const std::int32_t left = now.nodes - std::min(now.failed, rollout.waves.at(wave).tolerated);
  if (left == 0) return 0;
  const std::int64_t share = rollout.rollout.success_ppm.value_or(kMillion);
  const std::int64_t needed = (left * share + kMillion - 1) / kMillion;
  return std::max<std::int32_t>(1, static_cast<std::int32_t>(needed));
}

std::int32_t EdgeState::failures_allowed(const RolloutRecord& rollout, std::size_t wave) const {
  const std::int64_t share = rollout.rollout.failure_ppm * counts(rollout, wave).nodes / kMillion;
  return std::max(static_cast<std::int32_t>(share), rollout.waves.at(wave).tolerated);
}

bool EdgeState::is_giving(const RolloutRecord& rollout) const {
  const auto it = members.find(rollout.rollout.name);
  if (it == members.end() || rollout.paused) return false;
  return std::any_of(it->second.begin(), it->second.end(),
                     [](const WaveMembers& wave) { return !wave.missing.empty(); });
}

WaveMembers* EdgeState::counting_wave(const FieldNodeRecord& node) {
  const RolloutRecord* in = rollout_of(node);
  if (in == nullptr || !node.given.by_rollout) return nullptr;
  return &members.at(in->rollout.name).at(static_cast<std::size_t>(*node.wave));
}

void EdgeState::index_node(const FieldNodeRecord& node) {
  node_by_credential.emplace(node.credential, node.name);
  if (node.revoked) return;
  if (node.due != FieldDue::kNothing) due.insert(node.name);
  if (node.fleet.empty()) {
    nodes_without_fleet.insert(node.name);
    return;
  }
  nodes_of_fleet[node.fleet].insert(node.name);
  const RolloutRecord* in = rollout_of(node);
  if (in == nullptr) return;
  WaveMembers& own = members.at(in->rollout.name).at(static_cast<std::size_t>(*node.wave));
  own.nodes.insert(node.name);
  if (*node.wave < in->started && !node.given.by_rollout) own.missing.insert(node.name);
  if (WaveMembers* wave = counting_wave(node)) add(*wave, node, standing(node), 1);
  if (const auto fails_at = silence_fails_at(node)) silences.emplace(*fails_at, node.name);
}

void EdgeState::unindex_node(const FieldNodeRecord& node) {
  node_by_credential.erase(node.credential);
  if (node.revoked) return;
  nodes_without_fleet.erase(node.name);
  due.erase(node.name);
  const auto fleet = nodes_of_fleet.find(node.fleet);
  if (fleet == nodes_of_fleet.end()) return;
  fleet->second.erase(node.name);
  if (fleet->second.empty()) nodes_of_fleet.erase(fleet);
  const RolloutRecord* in = rollout_of(node);
  if (in == nullptr) return;
  WaveMembers& own = members.at(in->rollout.name).at(static_cast<std::size_t>(*node.wave));
  own.nodes.erase(node.name);
  own.missing.erase(node.name);
  if (WaveMembers* wave = counting_wave(node)) add(*wave, node, standing(node), -1);
  if (const auto fails_at = silence_fails_at(node)) silences.erase({*fails_at, node.name});
}

void EdgeState::index_rollout(const RolloutRecord& rollout) {
  const RolloutName& name = rollout.rollout.name;
  if (rollout.outcome == RolloutOutcome::kNone) {
    members.emplace(name, std::vector<WaveMembers>(rollout.waves.size()));
  } else {
    members.erase(name);
  }
  if (const auto deadline = deadline_of(rollout)) deadlines.emplace(*deadline, name);
}

void EdgeState::unindex_rollout(const RolloutRecord& rollout) {
  if (const auto deadline = deadline_of(rollout)) {
    deadlines.erase({*deadline, rollout.rollout.name});
  }
}

void EdgeState::count_wave(const RolloutRecord& rollout, std::size_t wave) {
  WaveMembers& in = members.at(rollout.rollout.name).at(wave);
  in.proven = 0;
  in.failed = 0;
  in.silent = 0;
  for (const NodeName& name : in.nodes) {
    const FieldNodeRecord& node = nodes.at(name);
    if (counting_wave(node) == &in) add(in, node, standing(node), 1);
    if (!node.given.by_rollout) in.missing.insert(name);
  }
}

EdgeStateRecord EdgeState::record() const {
  EdgeStateRecord out;
  for (const auto& [key, fleet] : fleets) out.fleets.push_back(fleet);
  for (const auto& [key, release] : releases) out.releases.push_back(release);
  for (const auto& [key, rollout] : rollouts) out.rollouts.push_back(rollout);
  for (const auto& [key, enrolment] : enrolments) out.enrolments.push_back(enrolment);
  for (const auto& [key, node] : nodes) out.nodes.push_back(node);
  return out;
}

EdgeState EdgeState::from_record(EdgeStateRecord record) {
  EdgeState state;
  for (FleetRecord& fleet : record.fleets) {
    const FleetName name = fleet.fleet.name;
    state.fleets.emplace(name, std::move(fleet));
  }
  for (Release& release : record.releases) {
    const ReleaseName name = release.name;
    state.releases.emplace(name, std::move(release));
  }
  for (RolloutRecord& rollout : record.rollouts) {
    const RolloutName name = rollout.rollout.name;
    state.index_rollout(state.rollouts.emplace(name, std::move(rollout)).first->second);
  }
  for (EnrolmentRecord& enrolment : record.enrolments) {
    state.enrolments.emplace(enrolment.code, std::move(enrolment));
  }
  for (FieldNodeRecord& node : record.nodes) {
    const NodeName name = node.name;
    state.index_node(state.nodes.emplace(name, std::move(node)).first->second);
  }
  return state;
}

}  // namespace duru
