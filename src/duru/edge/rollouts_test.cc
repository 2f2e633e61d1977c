#include <gtest/gtest.h>

#include "duru/edge/testing/ridge.h"

namespace duru::testing {
namespace {

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

TEST(Rollouts, WhatAWaveNeedsIsRoundedUp) {
  Ridge rig;
  Rollout made = rollout("r", "ridge", "smoke-2");
  made.success_ppm = 510'000;
  rig.begin(made);
  for (int i = 0; i < 5; ++i) rig.serve("cam-0" + std::to_string(i));
  EXPECT_FALSE(rig.rollout("r").bake_until.has_value());
  rig.serve("cam-05");
  EXPECT_TRUE(rig.rollout("r").bake_until.has_value());
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
  EXPECT_EQ(rig.module().next_deadline(rig.now()), rig.now() + minutes(5));
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

TEST(Rollouts, ANodeThatJoinsWithAChipThatTheReleaseWasNotBuiltForKeepsWhatItHas) {
  Ridge rig(2);
  rig.have_smoke_1();
  Manifest manifest = release("smoke-3").manifest;
  manifest.chips = {ChipName("dx-m1")};
  rig.apply(ApplyField{{}, {release(manifest)}, {rollout("r", "ridge", "smoke-3")}});
  rig.enrol("late", {{"fleet", "ridge"}}, "aries");
  rig.serve_all();
  rig.run_until(rig.now() + minutes(10));
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kCompleted);
  EXPECT_EQ(rig.given("late"), "smoke-1/");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Rollouts, ALargeWaveGetsItsReleaseAndItsFormerOneInCommitsThatStaySmall) {
  Ridge rig(4500);
  Rollout made = rollout("first", "ridge", "smoke-1");
  made.success_ppm = 1;
  made.bake = Milliseconds(0);
  rig.begin(made);
  EXPECT_EQ(rig.nodes_with("smoke-1"), 2000);
  rig.serve("cam-00");
  EXPECT_EQ(rig.rollout("first").outcome, RolloutOutcome::kNone);
  rig.run_until(rig.now() + Milliseconds(1));
  EXPECT_EQ(rig.nodes_with("smoke-1"), 4000);
  rig.run_until(rig.now() + Milliseconds(1));
  EXPECT_EQ(rig.nodes_with("smoke-1"), 4500);
  EXPECT_EQ(rig.rollout("first").outcome, RolloutOutcome::kCompleted);

  rig.begin(rollout("r", "ridge", "smoke-2"));
  rig.run_until(rig.now() + Milliseconds(2));
  EXPECT_EQ(rig.nodes_with("smoke-2"), 4500);
  rig.fail("cam-00");
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kReturned);
  EXPECT_EQ(rig.nodes_with("smoke-2"), 2500);
  rig.run_until(rig.now() + Milliseconds(2));
  EXPECT_EQ(rig.nodes_with("smoke-2"), 0);
  EXPECT_EQ(rig.module().next_deadline(rig.now()), std::nullopt);
  rig.check(true);
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

TEST(Rollouts, AWaveThatLostAllItsNodesProvesNothingAndAPersonDecides) {
  EdgeRig rig;
  rig.fleet("ridge", 4);
  Rollout made = rollout("r", "ridge", "smoke-1");
  made.waves = {count(1), count(3)};
  rig.apply(ApplyField{{}, {release("smoke-1")}, {made}});
  rig.apply(RevokeNode{NodeName("cam-00"), "it fell", false});
  EXPECT_EQ(rig.rollout("r").pause_reason, "no node of wave 1 is left");
  rig.run_until(rig.now() + hours(10));
  EXPECT_EQ(rig.rollout("r").started, 1);
  EXPECT_EQ(rig.given("cam-01"), "/");
  rig.restart(rig.now());
  rig.take(SteerRollout{RolloutName("r"), SteerAction::kResume});
  rig.run_until(rig.now() + hours(1));
  EXPECT_EQ(rig.rollout("r").started, 2);
  rig.serve_all();
  rig.run_until(rig.now() + hours(1));
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kCompleted);
  EXPECT_EQ(rig.rollout("r").reason, "3 of 3 nodes serve it");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Rollouts, AWaveThatLosesItsLastNodeWhileItBakesPausesToo) {
  EdgeRig rig;
  rig.fleet("ridge", 2);
  Rollout made = rollout("r", "ridge", "smoke-1");
  made.waves = {count(1), count(1)};
  rig.apply(ApplyField{{}, {release("smoke-1")}, {made}});
  rig.serve("cam-00");
  EXPECT_TRUE(rig.rollout("r").bake_until.has_value());
  rig.apply(RevokeNode{NodeName("cam-00"), "it fell", true});
  EXPECT_TRUE(rig.rollout("r").paused);
  rig.run_until(rig.now() + hours(1));
  EXPECT_EQ(rig.given("cam-01"), "/");
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
