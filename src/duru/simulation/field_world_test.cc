#include <gtest/gtest.h>

#include "duru/simulation/replay.h"
#include "duru/simulation/world.h"

namespace duru {
namespace {

const FleetName kFleet("ridge");
const RolloutName kRollout("first");

Chip chip() {
  Chip chip;
  chip.name = ChipName("dx-m1");
  chip.track = Track::kNpu;
  chip.watts = Milliwatts(5000);
  return chip;
}

EnrollingNode camera(int number) {
  const std::string name = "cam-" + std::to_string(number);
  return {NodeName(name), {{"fleet", "ridge"}}, chip(), 1, MilliCpu(4000), Bytes(1 << 30)};
}

ApplyField roll_out(const std::string& release, const RolloutName& name, std::vector<Wave> waves) {
  ApplyField apply;
  apply.releases = {simulated_release(release)};
  Rollout rollout;
  rollout.name = name;
  rollout.fleet = kFleet;
  rollout.release = ReleaseName(release);
  rollout.waves = std::move(waves);
  rollout.bake = minutes(5);
  apply.rollouts = {rollout};
  return apply;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

class FieldWorld : public testing::Test {
 protected:
  explicit FieldWorld(int cameras = 10) : world_(WorldOptions{}) {
    ApplyField fleet;
    fleet.fleets = {{kFleet, {{"fleet", "ridge"}}, MilliCpu(1000), Bytes(1 << 20), {}, {}}};
    accept(fleet);
    for (int i = 0; i < cameras; ++i) {
      EXPECT_EQ(world_.enrol(camera(i)).kind, Reply::Kind::kAccepted);
    }
  }

  void accept(Message command) {
    const Reply reply = world_.submit(std::move(command));
    EXPECT_EQ(reply.kind, Reply::Kind::kAccepted) << reply.rejection.detail;
  }
  void run_for(Milliseconds span) { world_.run_until(world_.now() + span); }
  const RolloutRecord& rollout(const RolloutName& name = kRollout) const {
    return world_.field().rollouts.at(name);
  }
  void beat(Milliseconds heartbeat) {
    Fleet fleet = world_.field().fleets.at(kFleet).fleet;
    fleet.heartbeat = heartbeat;
    accept(ApplyField{{fleet}, {}, {}});
  }
  // Whom the first wave has: cam-0 and cam-1.
  void cut_first_wave() {
    for (const char* name : {"cam-0", "cam-1"}) world_.agents().set_link(NodeName(name), false);
  }
  void run_until_it_bakes() {
    const Timestamp deadline = world_.now() + hours(6);
    while (!rollout().bake_until.has_value() && world_.now() < deadline) run_for(seconds(1));
  }
  int serving(const std::string& release) const {
    int count = 0;
    for (const auto& [name, node] : world_.field().nodes) count += node.reported.serving == release;
    return count;
  }
  void expect_all_well() {
    world_.check_settled();
    EXPECT_EQ(joined(world_.violations()), "");
    const auto commits = read_commits(world_.journal());
    ASSERT_TRUE(commits.ok());
    EXPECT_TRUE(check_causes(commits.value()).ok());
  }

  World world_;
};

TEST_F(FieldWorld, RollsAReleaseOutInWavesToItsEnd) {
  accept(roll_out("smoke-1", kRollout, {{100'000, 0}, {500'000, 0}, {1'000'000, 0}}));
  run_for(minutes(3));
  EXPECT_EQ(serving("smoke-1"), 1);
  run_for(minutes(30));
  EXPECT_EQ(rollout().outcome, RolloutOutcome::kCompleted) << rollout().reason;
  EXPECT_EQ(serving("smoke-1"), 10);
  expect_all_well();
}

TEST_F(FieldWorld, StopsABadReleaseAfterItsFirstWaveAndGoesBack) {
  accept(roll_out("smoke-1", kRollout, {}));
  run_for(minutes(30));
  world_.agents().set_probe("smoke-2", false);
  accept(roll_out("smoke-2", RolloutName("second"), {{0, 3}, {1'000'000, 0}}));
  run_for(minutes(30));
  EXPECT_EQ(rollout(RolloutName("second")).outcome, RolloutOutcome::kReturned);
  EXPECT_EQ(rollout(RolloutName("second")).started, 1);
  EXPECT_EQ(serving("smoke-1"), 10);
  expect_all_well();
}

TEST_F(FieldWorld, KeepsEventsOverACutAndARebootAndRecordsEachOnce) {
  accept(roll_out("smoke-1", kRollout, {}));
  run_for(minutes(30));
  const NodeName cam("cam-3");
  world_.agents().set_link(cam, false);
  run_for(minutes(1));
  world_.agents().raise(cam, R"({"alarm":1})");
  run_for(minutes(1));
  world_.agents().reboot(cam);
  run_for(minutes(1));
  EXPECT_EQ(world_.agents().serving(cam), "smoke-1");
  world_.agents().raise(cam, R"({"alarm":2})");
  run_for(minutes(5));
  EXPECT_TRUE(world_.state().nodes.at(cam).down);
  EXPECT_EQ(world_.field().node(cam)->reported.last_event, 0);
  world_.agents().set_link(cam, true);
  run_for(minutes(5));
  EXPECT_FALSE(world_.state().nodes.at(cam).down);
  EXPECT_EQ(world_.field().node(cam)->reported.last_event, 2);
  expect_all_well();
}

TEST_F(FieldWorld, ComesToTheRightEndOverLossesDoublesDelaysAndRestartsOfTheServer) {
  world_.agents().set_sync_faults({4, 4, 4, 4, minutes(2)});
  accept(roll_out("smoke-1", kRollout, {{0, 2}, {1'000'000, 0}}));
  for (const Recovery recovery : {Recovery::kReplay, Recovery::kSnapshot}) {
    run_for(minutes(2));
    world_.agents().raise(NodeName("cam-1"), "{}");
    world_.restart(recovery, minutes(3));
  }
  run_for(hours(1));
  world_.agents().set_sync_faults({});
  run_for(minutes(20));
  EXPECT_EQ(rollout().outcome, RolloutOutcome::kCompleted) << rollout().reason;
  EXPECT_EQ(serving("smoke-1"), 10);
  expect_all_well();
}

TEST_F(FieldWorld, NoWavePassesOverNodesThatNobodyHeardSinceTheServerCameBack) {
  accept(roll_out("smoke-1", kRollout, {{0, 2}, {1'000'000, 0}}));
  run_until_it_bakes();
  run_for(minutes(4));
  cut_first_wave();
  world_.restart(Recovery::kReplay, seconds(10));
  run_for(hours(2));
  EXPECT_EQ(rollout().started, 1);
  EXPECT_EQ(serving("smoke-1"), 2);
  expect_all_well();
}

TEST_F(FieldWorld, NoWaveWithoutABakeTimePassesOverNodesThatWereHeardOnce) {
  beat(minutes(10));
  run_for(minutes(10));
  ApplyField apply = roll_out("smoke-1", kRollout, {{0, 2}, {1'000'000, 0}});
  apply.rollouts[0].bake.reset();
  accept(apply);
  run_until_it_bakes();
  cut_first_wave();
  run_for(hours(6));
  EXPECT_EQ(rollout().started, 1);
  EXPECT_EQ(serving("smoke-1"), 2);
  expect_all_well();
}

TEST_F(FieldWorld, AShorterHeartbeatThatNobodyKnowsYetMakesNoNodeLostAfterARestart) {
  beat(hours(1));
  run_for(hours(1));
  ApplyField apply = roll_out("smoke-1", kRollout, {{0, 2}, {1'000'000, 0}});
  apply.rollouts[0].silence_fails_after = minutes(10);
  apply.rollouts[0].bake = hours(3);
  accept(apply);
  run_until_it_bakes();
  beat(minutes(1));
  world_.restart(Recovery::kSnapshot, seconds(10));
  run_for(minutes(50));
  EXPECT_EQ(rollout().outcome, RolloutOutcome::kNone) << rollout().reason;
  EXPECT_FALSE(world_.field().node(NodeName("cam-1"))->silence.has_value());
  expect_all_well();
}

TEST_F(FieldWorld, EndsTheServiceOfARevokedNodeAlthoughItNeverSaysSo) {
  accept(roll_out("smoke-1", kRollout, {}));
  run_for(minutes(30));
  accept(RevokeNode{NodeName("cam-4"), "stolen", false});
  run_for(minutes(5));
  EXPECT_EQ(world_.state().services_on_node.count(NodeName("cam-4")), 0U);
  EXPECT_EQ(world_.agents().serving(NodeName("cam-4")), "smoke-1");  // a mistake ends no camera
  expect_all_well();
}

}  // namespace
}  // namespace duru
