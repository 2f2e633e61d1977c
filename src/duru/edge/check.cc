#include "duru/edge/check.h"

#include <algorithm>

#include "duru/base/json.h"
#include "duru/base/wire.h"

namespace duru {
namespace {

constexpr std::int64_t kMillion = 1'000'000;
constexpr std::size_t kWavesMax = 100;
// Each begins a wave in the same commit.
constexpr std::size_t kRolloutsMax = 10;
constexpr Milliseconds kSpanMax = hours(24 * 30);

template <class T>
bool same(const T& a, const T& b) {
  return encode(a) == encode(b);
}

Rejection immutable(const std::string& at, const std::string& what, const std::string& help) {
  return {"immutable", what + " is there already with another content", help, at};
}

Rejection check_name(const std::string& name, const std::string& at) {
  if (is_valid_name(name)) return {};
  return invalid(at, "\"" + name + "\" is no name",
                 "give 1 to 63 of A-Z a-z 0-9 . _ -, a letter or digit first");
}

// What the command brings, by name. Twice the same name is a fault, whatever it holds.
struct Applied {
  std::map<FleetName, const Fleet*> fleets;
  std::map<ReleaseName, const Release*> releases;
  std::map<RolloutName, const Rollout*> rollouts;
  std::map<FleetName, RolloutName> in_flight;
};

Rejection twice(const std::string& name, const std::string& at) {
  return invalid(at, "\"" + name + "\" is there twice", "give each name once");
}

Rejection check_fleet(const EdgeState& state, const Fleet& fleet, const std::string& at) {
  if (Rejection r = check_name(fleet.name.str(), at + "/name"); !r.empty()) return r;
  if (fleet.selector.empty()) {
    return invalid(at + "/selector", "the selector is empty", "name a label: {site: ridge}");
  }
  if (std::string fault = fault_in_labels(fleet.selector); !fault.empty()) {
    return invalid(at + "/selector", fault, "give labels as duru enrol --label takes them");
  }
  if (fleet.cpu.value < 0) return invalid(at + "/cpu", "is negative", "give cores like 0.5");
  if (fleet.memory.value < 0) return invalid(at + "/memory", "is negative", "give a size");
  if (!is_within(fleet.heartbeat, seconds(1), hours(24))) {
    return invalid(at + "/heartbeat", "is not between 1s and 24h", "give a span like 60s");
  }
  if (!is_within(fleet.report_every, seconds(1), kSpanMax)) {
    return invalid(at + "/report_every", "is not between 1s and 30d", "give a span like 1h");
  }
  const auto known = state.fleets.find(fleet.name);
  if (known == state.fleets.end() || known->second.fleet.selector == fleet.selector) return {};
  return immutable(at + "/selector", "fleet " + fleet.name.str(),
                   "apply a fleet of another name; its nodes are those that no fleet has");
}

Rejection check_release(const EdgeState& state, const Release& release, const std::string& at) {
  if (Rejection r = check_name(release.name.str(), at + "/name"); !r.empty()) return r;
  if (release.manifest.release != release.name.str()) {
    return invalid(at + "/manifest/release", "the manifest names another release",
                   "name it " + release.name.str());
  }
  if (Rejection r = check_manifest(release.manifest, at + "/manifest"); !r.empty()) return r;
  if (release.digest != sha256(to_json(release.manifest, JsonForm::kSparse))) {
    return invalid(at + "/digest", "it is not the manifest's",
                   "give the SHA-256 of its canonical JSON");
  }
  const bool is_hex = release.signature.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (release.signature.size() != kSignatureLength || !is_hex) {
    return invalid(at + "/signature", "it is no Ed25519 signature",
                   "give 128 hexadecimal digits in lower case");
  }
  const auto known = state.releases.find(release.name);
  if (known == state.releases.end() || same(known->second, release)) return {};
  return immutable(at, "release " + release.name.str(), "apply it under another name");
}

Rejection check_waves(const std::vector<Wave>& waves, const std::string& at) {
  if (waves.size() > kWavesMax) {
    return invalid(at, "there are " + std::to_string(waves.size()) + " waves",
                   "give at most " + std::to_string(kWavesMax));
  }
  std::int64_t before_last = 0;
  for (std::size_t i = 0; i < waves.size(); ++i) {
    const Wave& wave = waves[i];
    const std::string here = at + "/" + std::to_string(i);
    const bool one = (wave.share_ppm > 0) != (wave.count > 0);
    if (!one || wave.share_ppm < 0 || wave.share_ppm > kMillion || wave.count < 0) {
      return invalid(here, "a wave is a share of the nodes up to 100 %, or a count of them",
                     "give 10% or 3");
    }
    if (i + 1 < waves.size()) before_last += wave.share_ppm;
  }
  if (before_last <= kMillion) return {};
  return invalid(at, "the shares before the last wave sum to more than 100 %",
                 "a share is of all nodes of the fleet, not of those left");
}

Rejection check_figures(const Rollout& rollout, const std::string& at) {
  if (Rejection r = check_waves(rollout.waves, at + "/waves"); !r.empty()) return r;
  const std::int64_t success = rollout.success_ppm.value_or(kMillion);
  if (success < 1 || success > kMillion) {
    return invalid(at + "/success_ppm", "is not above 0 and at most 1000000", "give 90%");
  }
  if (rollout.failure_ppm < 0 || rollout.failure_ppm > kMillion) {
    return invalid(at + "/failure_ppm", "is not from 0 to 1000000", "give 10%");
  }
  if (!is_within(rollout.bake, Milliseconds(0), kSpanMax)) {
    return invalid(at + "/bake", "is not between 0 and 30d", "give a span like 10m");
  }
  if (!is_within(rollout.wave_timeout, Milliseconds(0), kSpanMax)) {
    return invalid(at + "/wave_timeout", "is not between 0 and 30d", "give a span like 1h");
  }
  if (!is_within(rollout.silence_fails_after, seconds(1), kSpanMax)) {
    return invalid(at + "/silence_fails_after", "is not between 1s and 30d", "give a span like 1h");
  }
  return {};
}

// The nodes of a fleet, also of one that the same command brings: those without a fleet that it is
// the first new one to select.
std::vector<const FieldNodeRecord*> nodes_of(const EdgeState& state, const Applied& applied,
                                             const FleetName& fleet) {
  std::vector<const FieldNodeRecord*> nodes;
  const auto known = state.nodes_of_fleet.find(fleet);
  if (known != state.nodes_of_fleet.end()) {
    for (const NodeName& name : known->second) nodes.push_back(&state.nodes.at(name));
  }
  if (state.fleets.count(fleet) > 0) return nodes;
  for (const NodeName& name : state.nodes_without_fleet) {
    const FieldNodeRecord& node = state.nodes.at(name);
    for (const auto& [first, defined] : applied.fleets) {
      if (state.fleets.count(first) > 0 || !selects(*defined, node.labels)) continue;
      if (first == fleet) nodes.push_back(&node);
      break;
    }
  }
  return nodes;
}

Rejection check_chips(const EdgeState& state, const Applied& applied, const Rollout& rollout,
                      const std::string& at) {
  const auto brought = applied.releases.find(rollout.release);
  const Release& release =
      brought != applied.releases.end() ? *brought->second : state.releases.at(rollout.release);
  const std::vector<ChipName>& chips = release.manifest.chips;
  if (chips.empty()) return {};
  for (const FieldNodeRecord* node : nodes_of(state, applied, rollout.fleet)) {
    if (std::find(chips.begin(), chips.end(), node->chip) != chips.end()) continue;
    return {"unsuitable-chip",
            "node " + node->name.str() + " has " +
                (node->chip.empty() ? "no accelerator" : node->chip.str()) + ", and release " +
                rollout.release.str() + " was built for " + chips.front().str() +
                (chips.size() > 1 ? " and others" : ""),
            "put nodes of other chips into a fleet of their own", at + "/release"};
  }
  return {};
}

Rejection check_rollout(const EdgeState& state, Applied& applied, const Rollout& rollout,
                        const std::string& at) {
  if (Rejection r = check_name(rollout.name.str(), at + "/name"); !r.empty()) return r;
  if (Rejection r = check_figures(rollout, at); !r.empty()) return r;
  const auto known = state.rollouts.find(rollout.name);
  if (known != state.rollouts.end()) {
    if (same(known->second.rollout, rollout)) return {};
    return immutable(at, "rollout " + rollout.name.str(), "apply it under another name");
  }
  if (state.releases.count(rollout.release) + applied.releases.count(rollout.release) == 0) {
    return {"not-found", "there is no release \"" + rollout.release.str() + "\"",
            "duru get releases lists them", at + "/release"};
  }
  const auto fleet = state.fleets.find(rollout.fleet);
  if (fleet == state.fleets.end() && applied.fleets.count(rollout.fleet) == 0) {
    return {"not-found", "there is no fleet \"" + rollout.fleet.str() + "\"",
            "duru get fleets lists them", at + "/fleet"};
  }
  RolloutName other = fleet == state.fleets.end() ? RolloutName() : fleet->second.rollout;
  if (other.empty()) other = applied.in_flight[rollout.fleet];
  if (!other.empty()) {
    return {"rollout-in-flight",
            "rollout " + other.str() + " to fleet " + rollout.fleet.str() + " has not ended",
            "wait for it, or duru rollout stop " + other.str(), at + "/fleet"};
  }
  applied.in_flight[rollout.fleet] = rollout.name;
  return check_chips(state, applied, rollout, at);
}

}  // namespace

Rejection invalid(std::string pointer, std::string detail, std::string help) {
  return {"invalid", std::move(detail), std::move(help), std::move(pointer)};
}

bool is_within(const std::optional<Milliseconds>& span, Milliseconds low, Milliseconds high) {
  return !span.has_value() || (*span >= low && *span <= high);
}

std::string fault_in_labels(const std::map<std::string, std::string>& labels) {
  if (labels.size() > 64) return "there are more than 64 labels";
  for (const auto& [key, value] : labels) {
    if (!is_valid_name(key)) return "\"" + key + "\" is no label's name";
    if (!value.empty() && !is_valid_name(value)) return "\"" + value + "\" is no label's value";
  }
  return {};
}

Rejection check(const EdgeState& state, const ApplyField& command) {
  Applied applied;
  for (std::size_t i = 0; i < command.fleets.size(); ++i) {
    const Fleet& fleet = command.fleets[i];
    const std::string at = "/fleets/" + std::to_string(i);
    if (Rejection r = check_fleet(state, fleet, at); !r.empty()) return r;
    if (!applied.fleets.emplace(fleet.name, &fleet).second) return twice(fleet.name.str(), at);
  }
  for (std::size_t i = 0; i < command.releases.size(); ++i) {
    const Release& release = command.releases[i];
    const std::string at = "/releases/" + std::to_string(i);
    if (Rejection r = check_release(state, release, at); !r.empty()) return r;
    if (!applied.releases.emplace(release.name, &release).second) {
      return twice(release.name.str(), at);
    }
  }
  if (command.rollouts.size() > kRolloutsMax) {
    return invalid("/rollouts",
                   "there are " + std::to_string(command.rollouts.size()) + " rollouts",
                   "apply at most " + std::to_string(kRolloutsMax) + " at a time");
  }
  for (std::size_t i = 0; i < command.rollouts.size(); ++i) {
    const Rollout& rollout = command.rollouts[i];
    const std::string at = "/rollouts/" + std::to_string(i);
    if (!applied.rollouts.emplace(rollout.name, &rollout).second) {
      return twice(rollout.name.str(), at);
    }
    if (Rejection r = check_rollout(state, applied, rollout, at); !r.empty()) return r;
  }
  return {};
}

}  // namespace duru
