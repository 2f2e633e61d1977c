#include "duru/simulation/random_field.h"

namespace duru {
namespace {

constexpr std::int64_t kNodesMax = 8;

}  // namespace

RandomField::RandomField(World& world, Dice& dice, std::map<std::string, std::int64_t>& hits,
                         Chip chip)
    : world_(world), dice_(dice), hits_(hits), chip_(std::move(chip)) {
  for (std::int64_t n = dice_.between(2, 5); n > 0; --n) enrol();
  apply();
}

void RandomField::give(Message command) {
  const std::string name(command.kind().name);
  const Reply reply = world_.submit(std::move(command));
  ++hits_["command " + name];
  if (reply.kind == Reply::Kind::kRejected) ++hits_["rejection " + reply.rejection.type];
}

void RandomField::act() {
  const std::int64_t what = dice_.between(1, 100);
  if (what <= 10) return enrol();
  if (what <= 30) return apply();
  if (what <= 40) return steer();
  if (what <= 43) return revoke();
  if (what <= 47) return remove_release();
  break_something();
}

void RandomField::enrol() {
  const NodeName name("f" + std::to_string(dice_.between(1, kNodesMax)));
  EnrollingNode node{name, {}, chip_, 1, MilliCpu(4000), Bytes(std::int64_t{4} << 30)};
  if (!dice_.one_in(8)) node.labels["fleet"] = dice_.one_in(3) ? "lake" : "ridge";
  if (dice_.one_in(6)) node.chip.reset();
  const Reply reply = world_.enrol(node);
  ++hits_["command make_enrolment"];
  ++hits_["command enrol_node"];
  if (reply.kind == Reply::Kind::kRejected) {
    ++hits_["rejection " + reply.rejection.type];
  } else {
    nodes_.push_back(name);
  }
}

void RandomField::apply() {
  ApplyField command;
  if (fleets_.size() < 2 && (fleets_.empty() || dice_.one_in(3))) {
    const std::string name = fleets_.empty() ? "ridge" : "lake";
    command.fleets = {{FleetName(name),
                       {{"fleet", name}},
                       MilliCpu(dice_.between(0, 4) * 1000),
                       Bytes(dice_.between(0, 4) << 30),
                       seconds(dice_.between(5, 60)),
                       minutes(dice_.between(1, 30))}};
    fleets_.push_back(FleetName(name));
  }
  if (releases_.empty() || dice_.one_in(2)) {
    const std::string name = "release-" + std::to_string(++made_releases_);
    command.releases = {simulated_release(name)};
    releases_.push_back(ReleaseName(name));
    world_.agents().set_probe(name, !dice_.one_in(4));
  }
  command.rollouts = {draw_rollout()};
  rollouts_.push_back(command.rollouts[0].name);
  give(std::move(command));
}

Rollout RandomField::draw_rollout() {
  Rollout rollout;
  rollout.name = RolloutName("rollout-" + std::to_string(rollouts_.size() + 1));
  rollout.fleet = dice_.pick(fleets_);
  rollout.release = dice_.pick(releases_);
  for (std::int64_t n = dice_.between(0, 3); n > 0; --n) {
    const bool by_count = dice_.one_in(2);
    rollout.waves.push_back({by_count ? 0 : dice_.between(1, 4) * 250'000,
                             by_count ? static_cast<std::int32_t>(dice_.between(1, 3)) : 0});
  }
  if (dice_.one_in(2)) rollout.success_ppm = dice_.between(1, 4) * 250'000;
  if (dice_.one_in(3)) rollout.failure_ppm = dice_.between(0, 3) * 250'000;
  rollout.bake = seconds(dice_.between(0, 60));
  if (dice_.one_in(3)) rollout.wave_timeout = seconds(dice_.between(30, 300));
  rollout.pause_on_failure = dice_.one_in(4);
  if (dice_.one_in(3)) rollout.silence_fails_after = seconds(dice_.between(30, 600));
  return rollout;
}

void RandomField::steer() {
  constexpr SteerAction kActions[] = {SteerAction::kPause, SteerAction::kResume,
                                      SteerAction::kResume, SteerAction::kStop};
  give(SteerRollout{dice_.pick(rollouts_), kActions[dice_.between(0, 3)]});
}

void RandomField::revoke() {
  if (!nodes_.empty()) give(RevokeNode{dice_.pick(nodes_), "drawn", dice_.one_in(2)});
}

void RandomField::remove_release() {
  if (releases_.size() < 2) return;
  const ReleaseName release = dice_.pick(releases_);
  give(RemoveRelease{release});
  if (world_.field().releases.count(release) == 0) std::erase(releases_, release);
}

void RandomField::break_something() {
  SimulatedField& agents = world_.agents();
  const NodeName node = dice_.pick(nodes_);
  switch (dice_.between(1, 8)) {
    case 1:
      ++hits_["fault link_down"];
      return agents.set_link(node, false);
    case 2:
      ++hits_["fault link_up"];
      return agents.set_link(node, true);
    case 3:
      ++hits_["fault reboot"];
      return agents.reboot(node);
    case 4:
      ++hits_["fault slow"];
      return agents.slow(node, static_cast<std::int32_t>(dice_.between(1, 10)));
    case 5:
      ++hits_["fault probe"];
      return agents.set_probe(dice_.pick(releases_).str(), dice_.one_in(2));
    case 6:
      ++hits_["fault syncs"];
      return agents.set_sync_faults({dice_.between(0, 3), dice_.between(0, 3), dice_.between(0, 3),
                                     dice_.between(0, 3), minutes(1)});
    default:
      for (std::int64_t n = dice_.one_in(5) ? 70 : dice_.between(1, 3); n > 0; --n) {
        agents.raise(node, "{}");
      }
  }
}

void RandomField::make_peace() {
  world_.agents().set_sync_faults({});
  for (const NodeName& node : nodes_) {
    world_.agents().set_link(node, true);
    world_.agents().slow(node, 1);
  }
  for (const ReleaseName& release : releases_) world_.agents().set_probe(release.str(), true);
  for (const RolloutName& rollout : rollouts_) give(SteerRollout{rollout, SteerAction::kResume});
}

std::vector<std::string> RandomField::unsettled() const {
  std::vector<std::string> out;
  const EdgeState& field = world_.field();
  for (const auto& [name, rollout] : field.rollouts) {
    if (rollout.outcome != RolloutOutcome::kNone || rollout.paused) continue;
    const auto wave = static_cast<std::size_t>(rollout.started) - 1;
    if (field.counts(rollout, wave).proven >= field.needed(rollout, wave)) {
      out.push_back("liveness: " + name.str() + " waits for nothing");
    }
  }
  for (const auto& [name, node] : field.nodes) {
    if (!node.revoked && world_.state().nodes.at(name).down) {
      out.push_back("liveness: " + name.str() + " is called lost and syncs");
    }
  }
  return out;
}

}  // namespace duru
