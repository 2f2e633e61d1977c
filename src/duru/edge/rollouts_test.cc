#include <gtest/gtest.h>

#include "duru/edge/testing/edge_rig.h"

namespace duru::testing {
namespace {

// Ten nodes in waves of 2, 3 and the rest; each bakes for ten minutes.
Rollout in_three_waves() {
  Rollout made = rollout("r", "ridge", "smoke-2");
  made.waves = {share(20), count(3), share(100)};
  return made;
}

struct Ridge : EdgeRig {
  explicit Ridge(int nodes = 10) {
    fleet("ridge", nodes);
    apply(ApplyField{{}, {release("smoke-1"), release("smoke-2")}, {}});
  }
  void begin(const Rollout& rollout) { EXPECT_EQ(rejection(ApplyField{{}, {}, {rollout}}), ""); }
  // Every node serves smoke-1, by a rollout that completed.
  void have_smoke_1() {
    Rollout first = testing::rollout("first", "ridge", "smoke-1");
    first.bake = Milliseconds(0);
    begin(first);
    serve_all();
    EXPECT_EQ(this->rollout("first").outcome, RolloutOutcome::kCompleted);
  }
  std::int32_t begun(const std::string& name = "r") { return this->rollout(name).started; }
  int nodes_with(const std::string& release) const {
    int count = 0;
    for (const auto& [name, node] : state().nodes) count += node.given.current.str() == release;
    return count;
  }
  void steer(SteerAction action, const std::string& name = "r") {
    EXPECT_EQ(rejection(SteerRollout{RolloutName(name), action}), "");
  }
};

TEST(Rollouts, AWaveBeginsOnlyWhenTheOneBeforeItServesAndHasBaked) {
  Ridge rig;
  rig.begin(in_three_waves());
  EXPECT_EQ(rig.nodes_with("smoke-2"), 2);
  rig.serve("cam-00");
  EXPECT_FALSE(rig.rollout("r").bake_until.has_value());
  rig.serve("cam-01");
  EXPECT_EQ(rig.rollout("r").bake_until, rig.now() + minutes(10));
  rig.run_until(rig.now() + minutes(10) - Milliseconds(1));
  EXPECT_EQ(rig.nodes_with("smoke-2"), 2);
  rig.run_until(rig.now() + Milliseconds(1));
  EXPECT_EQ(rig.nodes_with("smoke-2"), 5);
  rig.serve_all();
  rig.run_until(rig.now() + minutes(10));
  EXPECT_EQ(rig.nodes_with("smoke-2"), 10);
  rig.serve_all();
  rig.run_until(rig.now() + minutes(10));
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kCompleted);
  EXPECT_EQ(rig.rollout("r").reason, "10 of 10 nodes serve it");
  EXPECT_EQ(rig.state().fleets.at(FleetName("ridge")).current.str(), "smoke-2");
  EXPECT_EQ(rig.state().counts(rig.rollout("r"), 1), (WaveCounts{3, 3, 0}));
  EXPECT_EQ(rig.running("cam-07"), "smoke-2");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Rollouts, WavesFollowTheOrderLabelAndThenTheName) {
  EdgeRig rig;
  rig.fleet("ridge", 0);
  rig.enrol("a", {{"fleet", "ridge"}, {"risk", "2"}});
  rig.enrol("b", {{"fleet", "ridge"}, {"risk", "1"}});
  rig.enrol("c", {{"fleet", "ridge"}, {"risk", "1"}});
  Rollout made = rollout("r", "ridge", "smoke-1");
  made.order_label = "risk";
  made.waves = {count(2), share(100)};
  rig.apply(ApplyField{{}, {release("smoke-1")}, {made}});
  EXPECT_EQ(rig.given("a"), "/");
  EXPECT_EQ(rig.given("b"), "smoke-1/");
  EXPECT_EQ(rig.given("c"), "smoke-1/");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Rollouts, AShareIsRoundedDownAndTakesAtLeastOneNodeAndNoWaveIsEmpty) {
  Ridge rig(3);
  Rollout made = in_three_waves();
  made.waves = {share(1), share(50), count(1), share(100)};
  rig.begin(made);
  std::vector<std::int32_t> sizes;
  for (const WaveRecord& wave : rig.rollout("r").waves) sizes.push_back(wave.size);
  EXPECT_EQ(sizes, (std::vector<std::int32_t>{1, 1, 1}));
  EXPECT_EQ(rig.problems(), "");
}

TEST(Rollouts, AFleetWithoutNodesHasItsReleaseAtOnce) {
  Ridge rig(0);
  rig.begin(in_three_waves());
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kCompleted);
  rig.enrol("late", {{"fleet", "ridge"}});
  EXPECT_EQ(rig.given("late"), "smoke-2/");
}

TEST(Rollouts, ANodeGetsTheReleaseThatItIsKnownToServeAsItsWayBack) {
  Ridge rig;
  rig.have_smoke_1();
  rig.begin(in_three_waves());
  EXPECT_EQ(rig.given("cam-00"), "smoke-2/smoke-1");
  EXPECT_EQ(rig.given("cam-09"), "smoke-1/");
  const auto* set = rig.handed().front().as<SetService>();
  ASSERT_NE(set, nullptr);
  EXPECT_EQ(set->revision.number, 2);
  EXPECT_EQ(set->revision.previous->name, "smoke-1");
  EXPECT_EQ(set->spec.name, "ridge");
  EXPECT_EQ(set->spec.amount, MilliDevices(1000));
  EXPECT_EQ(set->spec.cpu, MilliCpu(500));
  EXPECT_EQ(rig.problems(), "");
}

TEST(Rollouts, ASuccessThatIsLostWhileItBakesBakesAnew) {
  Ridge rig;
  Rollout made = in_three_waves();
  made.failure_ppm = 500'000;
  made.success_ppm = 500'000;
  rig.begin(made);
  rig.serve("cam-00");
  rig.advance(minutes(9));
  rig.say("cam-00", FieldPhase::kStarting, "");
  EXPECT_EQ(rig.fact_names(), "node_phase_reported wave_unsettled");
  rig.run_until(rig.now() + minutes(30));
  EXPECT_EQ(rig.begun(), 1);
  rig.serve("cam-00");
  rig.run_until(rig.now() + minutes(9));
  EXPECT_EQ(rig.begun(), 1);
  rig.run_until(rig.now() + minutes(1));
  EXPECT_EQ(rig.begun(), 2);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Rollouts, MoreFailuresThanMayBringEveryNodeBackThatGotTheRelease) {
  Ridge rig;
  rig.have_smoke_1();
  rig.begin(in_three_waves());
  rig.serve("cam-00");
  rig.go_back("cam-01");
  const RolloutRecord& ended = rig.rollout("r");
  EXPECT_EQ(ended.outcome, RolloutOutcome::kReturned);
  EXPECT_EQ(ended.reason, "1 of 2 nodes of wave 1 failed, 0 may; cam-01: the probe says no");
  EXPECT_EQ(rig.state().counts(ended, 0), (WaveCounts{2, 1, 1}));
  EXPECT_EQ(rig.nodes_with("smoke-2"), 0);
  EXPECT_EQ(rig.given("cam-00"), "smoke-1/");
  EXPECT_EQ(rig.running("cam-01"), "smoke-1");
  EXPECT_EQ(rig.node("cam-09").given.revision, 1);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Rollouts, ANodeThatHadNothingBeforeRunsNothingAfterAReturnAndMayServeAnew) {
  Ridge rig;
  rig.begin(in_three_waves());
  rig.fail("cam-00");
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kReturned);
  EXPECT_EQ(rig.given("cam-00"), "/");
  EXPECT_EQ(rig.running("cam-01"), "");
  const WorkloadId first = rig.handed().front().as<EndService>()->workload;
  Rollout again = in_three_waves();
  again.name = RolloutName("again");
  again.release = ReleaseName("smoke-1");
  rig.begin(again);
  EXPECT_EQ(rig.running("cam-00"), "smoke-1");
  const WorkloadId second = rig.handed().front().as<SetService>()->workload;
  EXPECT_EQ(second.owner, first.owner);
  EXPECT_EQ(second.ordinal, first.ordinal + 1);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Rollouts, AFailureInAnEarlierWaveCountsToo) {
  Ridge rig;
  rig.have_smoke_1();
  rig.begin(in_three_waves());
  rig.serve("cam-00");
  rig.serve("cam-01");
  rig.run_until(rig.now() + minutes(10));
  EXPECT_EQ(rig.begun(), 2);
  rig.fail("cam-00");
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kReturned);
  EXPECT_EQ(rig.nodes_with("smoke-1"), 10);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Rollouts, FailuresUpToTheThresholdStopNothing) {
  Ridge rig;
  Rollout made = in_three_waves();
  made.waves.clear();
  made.success_ppm = 800'000;
  made.failure_ppm = 290'000;  // of ten nodes: two
  rig.begin(made);
  rig.serve_all();
  rig.fail("cam-00");
  rig.fail("cam-01");
  EXPECT_TRUE(rig.rollout("r").bake_until.has_value());
  rig.fail("cam-02");
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kReturned);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Rollouts, APersonMayAcceptFailuresAndGoOn) {
  Ridge rig;
  Rollout made = in_three_waves();
  made.pause_on_failure = true;
  rig.begin(made);
  rig.serve("cam-00");
  rig.fail("cam-01");
  EXPECT_TRUE(rig.rollout("r").paused);
  EXPECT_EQ(rig.nodes_with("smoke-2"), 2);
  rig.steer(SteerAction::kResume);
  EXPECT_EQ(rig.fact_names(), "rollout_resumed wave_baking");
  rig.run_until(rig.now() + minutes(10));
  EXPECT_EQ(rig.begun(), 2);
  rig.fail("cam-00");
  EXPECT_TRUE(rig.rollout("r").paused);
  EXPECT_EQ(rig.rollout("r").pause_reason,
            "2 of 2 nodes of wave 1 failed, 1 may; cam-00: the probe says no");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Rollouts, APausedRolloutBeginsNoWaveAndAStoppedOneLeavesNodesAsTheyAre) {
  Ridge rig;
  rig.have_smoke_1();
  rig.begin(in_three_waves());
  rig.serve_all();
  rig.steer(SteerAction::kPause);
  EXPECT_EQ(rig.rollout("r").pause_reason, "paused by operator");
  rig.run_until(rig.now() + hours(2));
  EXPECT_EQ(rig.begun(), 1);
  rig.steer(SteerAction::kResume);
  EXPECT_EQ(rig.begun(), 2);
  rig.steer(SteerAction::kStop);
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kStopped);
  EXPECT_EQ(rig.nodes_with("smoke-2"), 5);
  EXPECT_EQ(rig.state().fleets.at(FleetName("ridge")).current.str(), "smoke-1");
  EXPECT_EQ(rig.rejection(SteerRollout{RolloutName("r"), SteerAction::kResume}), "already-ended");
  EXPECT_EQ(rig.rejection(SteerRollout{RolloutName("x"), SteerAction::kResume}), "not-found");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Rollouts, AFailureReturnsAlsoARolloutThatAPersonPaused) {
  Ridge rig;
  rig.have_smoke_1();
  rig.begin(in_three_waves());
  rig.steer(SteerAction::kPause);
  rig.fail("cam-00");
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kReturned);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Rollouts, AWaveWithoutSuccessInItsTimePausesAndHasItsTimeAgainWhenResumed) {
  Ridge rig;
  Rollout made = in_three_waves();
  made.wave_timeout = minutes(5);
  rig.begin(made);
  rig.serve("cam-00");
  rig.run_until(rig.now() + minutes(5));
  EXPECT_EQ(rig.rollout("r").pause_reason,
            "wave 1 had no success within 5m: 1 of 2 nodes serve smoke-2, 2 needed, 0 failed");
  rig.steer(SteerAction::kResume);
  rig.run_until(rig.now() + minutes(4));
  EXPECT_FALSE(rig.rollout("r").paused);
  rig.run_until(rig.now() + minutes(1));
  EXPECT_TRUE(rig.rollout("r").paused);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Rollouts, AnOutageOfOursEndsNoBakeAndNoWavesTime) {
  Ridge rig;
  Rollout made = in_three_waves();
  made.wave_timeout = minutes(5);
  rig.begin(made);
  const Timestamp alive_at = rig.now() + minutes(1);
  rig.advance(hours(3));
  rig.restart(alive_at);
  EXPECT_EQ(rig.module().next_deadline(rig.now()), rig.now() + minutes(4));
  rig.serve_all();
  const Timestamp baking = rig.now();
  rig.advance(hours(3));
  rig.restart(baking + minutes(2));
  EXPECT_EQ(rig.module().next_deadline(rig.now()), rig.now() + minutes(8));
  EXPECT_EQ(rig.problems(), "");
}

TEST(Rollouts, ANodeThatJoinsMeanwhileGetsTheCurrentReleaseAndTheNewOneAtTheEnd) {
  Ridge rig;
  rig.have_smoke_1();
  Rollout made = rollout("r", "ridge", "smoke-2");
  made.bake = minutes(1);
  rig.begin(made);
  rig.enrol("late", {{"fleet", "ridge"}});
  EXPECT_EQ(rig.given("late"), "smoke-1/");
  rig.serve_all();
  EXPECT_EQ(rig.state().counts(rig.rollout("r"), 0).nodes, 10);
  rig.run_until(rig.now() + minutes(1));
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kCompleted);
  EXPECT_EQ(rig.given("late"), "smoke-2/smoke-1");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Rollouts, ANodeStillFetchingWhenTheRolloutCompletesKeepsItsRevision) {
  Ridge rig;
  rig.have_smoke_1();
  Rollout made = rollout("r", "ridge", "smoke-2");
  made.success_ppm = 900'000;
  rig.begin(made);
  for (int i = 0; i < 9; ++i) rig.serve("cam-0" + std::to_string(i));
  rig.run_until(rig.now() + minutes(10));
  EXPECT_EQ(rig.rollout("r").reason, "9 of 10 nodes serve it");
  EXPECT_EQ(rig.given("cam-09"), "smoke-2/smoke-1");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Rollouts, ARevokedNodeLeavesItsWave) {
  Ridge rig;
  rig.begin(in_three_waves());
  rig.serve("cam-00");
  EXPECT_EQ(rig.rejection(RevokeNode{NodeName("cam-01"), "stolen", false}), "");
  EXPECT_EQ(rig.state().counts(rig.rollout("r"), 0), (WaveCounts{1, 1, 0}));
  EXPECT_TRUE(rig.rollout("r").bake_until.has_value());
  EXPECT_EQ(rig.running("cam-01"), "");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Rollouts, ANodeThatTheCoreRefusesPausesTheRolloutAndIsTriedAgain) {
  Ridge rig;
  rig.refuse("cam-01");
  rig.begin(in_three_waves());
  EXPECT_EQ(rig.rollout("r").pause_reason,
            "node cam-01 cannot get it: there is no such node; revoke the node or mend it, then "
            "resume");
  EXPECT_EQ(rig.given("cam-00"), "smoke-2/");
  EXPECT_EQ(rig.given("cam-01"), "/");
  rig.steer(SteerAction::kResume);
  EXPECT_TRUE(rig.rollout("r").paused);
  rig.accept("cam-01");
  rig.steer(SteerAction::kResume);
  EXPECT_EQ(rig.given("cam-01"), "smoke-2/");
  EXPECT_FALSE(rig.rollout("r").paused);
  EXPECT_EQ(rig.problems(), "");
}

}  // namespace
}  // namespace duru::testing
