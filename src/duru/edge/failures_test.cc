#include <gtest/gtest.h>

#include "duru/edge/testing/ridge.h"

// Failures and ways back.
namespace duru::testing {
namespace {

TEST(Failures, MoreFailuresThanMayBringEveryNodeBackThatGotTheRelease) {
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

TEST(Failures, ANodeThatHadNothingBeforeRunsNothingAfterAReturnAndMayServeAnew) {
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

TEST(Failures, AFailureInAnEarlierWaveCountsToo) {
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

TEST(Failures, FailuresUpToTheThresholdStopNothing) {
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

TEST(Failures, TheFleetsOwnReleaseRolledOutAnewIsNotTakenAwayWhenItFails) {
  Ridge rig;
  rig.have_smoke_1();
  rig.begin(in_three_waves());
  rig.steer(SteerAction::kStop);
  rig.begin(rollout("again", "ridge", "smoke-1"));
  EXPECT_EQ(rig.given("cam-00"), "smoke-1/");
  EXPECT_EQ(rig.node("cam-00").given.revision, 3);
  EXPECT_EQ(rig.node("cam-09").given.revision, 2);
  rig.fail("cam-00");
  EXPECT_EQ(rig.rollout("again").outcome, RolloutOutcome::kReturned);
  EXPECT_EQ(rig.given("cam-00"), "smoke-1/");
  EXPECT_EQ(rig.node("cam-00").given.revision, 3);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Failures, ANodeThatReturnedByItselfHasTheFormerReleaseAsItsWayBackFromTheNext) {
  Ridge rig;
  rig.have_smoke_1();
  Rollout made = in_three_waves();
  made.pause_on_failure = true;
  rig.begin(made);
  rig.serve("cam-00");
  rig.serve("cam-01");
  rig.go_back("cam-00");
  rig.steer(SteerAction::kStop);
  rig.apply(ApplyField{{}, {release("smoke-3")}, {rollout("next", "ridge", "smoke-3")}});
  EXPECT_EQ(rig.given("cam-00"), "smoke-3/smoke-1");
  EXPECT_EQ(rig.given("cam-01"), "smoke-3/smoke-2");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Failures, ANodeThatDidNotGetTheReleaseProvesNothingByServingItsFormerOne) {
  Ridge rig;
  rig.have_smoke_1();
  rig.refuse("cam-01");
  rig.begin(in_three_waves());
  rig.serve("cam-00");
  rig.say("cam-01", FieldPhase::kStarting, "");
  rig.serve("cam-01");
  EXPECT_EQ(rig.state().counts(rig.rollout("r"), 0), (WaveCounts{2, 1, 0}));
  rig.fail("cam-01");
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kNone);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Failures, APersonMayAcceptFailuresAndGoOn) {
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

TEST(Failures, AFailureReturnsAlsoARolloutThatAPersonPaused) {
  Ridge rig;
  rig.have_smoke_1();
  rig.begin(in_three_waves());
  rig.steer(SteerAction::kPause);
  rig.fail("cam-00");
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kReturned);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Failures, ARolloutAfterAStoppedOneOfTheSameReleaseTriesItAnewAndTakesItBack) {
  Ridge rig;
  rig.have_smoke_1();
  rig.begin(in_three_waves());
  rig.serve("cam-00");
  rig.steer(SteerAction::kPause);
  rig.steer(SteerAction::kStop);
  rig.go_back("cam-01");
  Rollout again = in_three_waves();
  again.name = RolloutName("again");
  rig.begin(again);
  EXPECT_EQ(rig.state().counts(rig.rollout("again"), 0), (WaveCounts{2, 0, 0}));
  for (const char* name : {"cam-00", "cam-01"}) {
    EXPECT_EQ(rig.node(name).given.current.str(), "smoke-2") << name;
    EXPECT_EQ(rig.node(name).given.revision, 3) << name;
  }
  rig.serve("cam-00");
  EXPECT_EQ(rig.state().counts(rig.rollout("again"), 0), (WaveCounts{2, 1, 0}));
  rig.go_back("cam-01");
  EXPECT_EQ(rig.rollout("again").outcome, RolloutOutcome::kReturned);
  EXPECT_EQ(rig.running("cam-00"), "smoke-1");
  EXPECT_EQ(rig.running("cam-01"), "smoke-1");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Failures, ANodeWithNothingGetsTheCurrentReleaseBeforeItsWaveAndKeepsItWhenAllGoesBack) {
  Ridge rig(2);
  rig.have_smoke_1();
  rig.apply(MakeEnrolment{sha256("late"), {{"fleet", "ridge"}}, hours(1)});
  rig.refuse_services("late");
  rig.apply(rig.enrolment("late", "late"));
  rig.accept("late");
  Rollout again = rollout("again", "ridge", "smoke-1");
  again.waves = {count(1), share(100)};
  rig.begin(again);
  rig.apply(rig.report("late"));
  EXPECT_EQ(rig.given("late"), "smoke-1/");
  rig.fail("cam-00");
  EXPECT_EQ(rig.rollout("again").outcome, RolloutOutcome::kReturned);
  EXPECT_EQ(rig.given("late"), "smoke-1/");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Failures, ANodeThatTheFormerReleaseDoesNotSuitOrTheCoreRefusesRunsNothingRatherThanABadOne) {
  Ridge rig(2);
  Manifest manifest = release("smoke-0").manifest;
  manifest.chips = {ChipName("dx-m1")};
  Rollout first = rollout("first", "ridge", "smoke-0");
  first.bake = Milliseconds(0);
  rig.apply(ApplyField{{}, {release(manifest)}, {first}});
  rig.serve_all();
  rig.enrol("other", {{"fleet", "ridge"}}, "aries");
  rig.begin(rollout("r", "ridge", "smoke-2"));
  EXPECT_EQ(rig.given("other"), "smoke-2/");
  rig.refuse_services("cam-01");
  rig.fail("cam-00");
  EXPECT_EQ(rig.given("cam-00"), "smoke-0/");
  EXPECT_EQ(rig.running("cam-01"), "");
  EXPECT_EQ(rig.given("other"), "/");
  EXPECT_EQ(rig.problems(), "");
}

}  // namespace
}  // namespace duru::testing
