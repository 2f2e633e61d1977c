#include <gtest/gtest.h>

#include "duru/edge/testing/ridge.h"

// Nodes that are lost.
namespace duru::testing {
namespace {

Rollout with_silence(Milliseconds fails_after) {
  Rollout made = in_three_waves();
  made.silence_fails_after = fails_after;
  return made;
}

TEST(Silence, ANodeThatIsLostWhileItsWaveBakesHoldsItUntilItIsHeardAgainAndBakesAnew) {
  Ridge rig;
  rig.begin(in_three_waves());
  rig.serve_all();
  rig.run_until(rig.now() + minutes(9));
  rig.lose("cam-01");
  EXPECT_EQ(rig.fact_names(), "node_silent wave_unsettled");
  EXPECT_EQ(rig.state().counts(rig.rollout("r"), 0), (WaveCounts{2, 1, 0, 1}));
  rig.run_until(rig.now() + hours(5));
  EXPECT_EQ(rig.begun(), 1);
  rig.hear("cam-01");
  EXPECT_EQ(rig.fact_names(), "node_heard wave_baking");
  EXPECT_EQ(rig.rollout("r").bake_until, rig.now() + minutes(10));
  rig.run_until(rig.now() + minutes(10));
  EXPECT_EQ(rig.begun(), 2);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Silence, OfOneNodeHoldsNoWaveThatNeedsFewer) {
  Ridge rig;
  Rollout made = in_three_waves();
  made.success_ppm = 500'000;
  rig.begin(made);
  rig.serve_all();
  rig.lose("cam-01");
  EXPECT_EQ(rig.fact_names(), "node_silent");
  rig.run_until(rig.now() + minutes(10));
  EXPECT_EQ(rig.begun(), 2);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Silence, IsToldOnceAndOfAnUnknownOrRevokedNodeNotAtAll) {
  Ridge rig;
  rig.lose("cam-01");
  EXPECT_EQ(rig.fact_names(), "node_silent");
  for (const char* again : {"cam-01", "nobody"}) {
    rig.lose(again);
    EXPECT_EQ(rig.fact_names(), "") << again;
  }
  rig.hear("cam-00");
  EXPECT_EQ(rig.fact_names(), "");
  rig.apply(RevokeNode{NodeName("cam-00"), "stolen", false});
  rig.lose("cam-00");
  EXPECT_EQ(rig.fact_names(), "");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Silence, ANodeThatComesBackOtherwiseProvesOnlyWhatItSays) {
  Ridge rig;
  rig.begin(in_three_waves());
  rig.serve_all();
  rig.lose("cam-01");
  rig.say("cam-01", FieldPhase::kStarting, "");
  EXPECT_EQ(rig.state().counts(rig.rollout("r"), 0), (WaveCounts{2, 1, 0, 1}));
  rig.hear("cam-01");
  EXPECT_EQ(rig.state().counts(rig.rollout("r"), 0), (WaveCounts{2, 1, 0, 0}));
  EXPECT_FALSE(rig.rollout("r").bake_until.has_value());
  EXPECT_EQ(rig.problems(), "");
}

TEST(Silence, IsAFailureOnlyAfterTheTimeThatTheRolloutSays) {
  Ridge rig;
  rig.have_smoke_1();
  rig.begin(with_silence(minutes(30)));
  rig.serve_all();
  rig.lose("cam-01");
  rig.run_until(rig.now() + minutes(30) - Milliseconds(1));
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kNone);
  rig.run_until(rig.now() + Milliseconds(1));
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kReturned);
  EXPECT_EQ(rig.rollout("r").reason,
            "1 of 2 nodes of wave 1 failed, 0 may; cam-01: is silent for too long, not heard for "
            "long");
  EXPECT_EQ(rig.given("cam-00"), "smoke-1/");
  EXPECT_EQ(rig.given("cam-01"), "smoke-1/");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Silence, ThatEndsInTimeFailsNothingAndTheNextOneHasItsWholeTime) {
  Ridge rig;
  rig.begin(with_silence(minutes(30)));
  rig.serve_all();
  for (int i = 0; i < 3; ++i) {
    rig.lose("cam-01");
    rig.run_until(rig.now() + minutes(29));
    EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kNone);
    rig.hear("cam-01");
  }
  EXPECT_EQ(rig.module().next_deadline(rig.now()), rig.now() + minutes(10));
  EXPECT_EQ(rig.problems(), "");
}

TEST(Silence, OfANodeThatNeverTookUpTheReleaseIsNoFailure) {
  Ridge rig;
  rig.have_smoke_1();
  rig.lose("cam-01");
  Rollout made = with_silence(minutes(1));
  made.wave_timeout = hours(1);
  rig.begin(made);
  rig.serve("cam-00");
  rig.run_until(rig.now() + hours(1));
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kNone);
  EXPECT_EQ(rig.rollout("r").pause_reason,
            "wave 1 had no success within 1h: 1 of 2 nodes serve smoke-2, 2 needed, 0 failed, 1 "
            "silent");
  rig.steer(SteerAction::kResume);
  rig.apply(RevokeNode{NodeName("cam-01"), "gone", false});
  rig.run_until(rig.now() + minutes(10));
  EXPECT_EQ(rig.begun(), 2);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Silence, OfAnEarlierRolloutIsNoFailureOfTheNext) {
  Ridge rig;
  rig.have_smoke_1();
  rig.begin(with_silence(minutes(30)));
  rig.serve_all();
  rig.lose("cam-01");
  rig.run_until(rig.now() + minutes(30));
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kReturned);
  Rollout next = with_silence(minutes(30));
  next.name = RolloutName("next");
  rig.begin(next);
  // It is back: what it says comes first, and then that it is heard.
  rig.say("cam-01", FieldPhase::kFetching, "smoke-1");
  EXPECT_EQ(rig.rollout("next").outcome, RolloutOutcome::kNone);
  rig.run_until(rig.now() + minutes(1));
  rig.hear("cam-01");
  rig.serve("cam-00");
  rig.serve("cam-01");
  EXPECT_TRUE(rig.rollout("next").bake_until.has_value());
  EXPECT_EQ(rig.problems(), "");
}

TEST(Silence, OfANodeThatFailedLeavesItFailed) {
  Ridge rig;
  Rollout made = in_three_waves();
  made.pause_on_failure = true;
  rig.begin(made);
  rig.fail("cam-00");
  rig.lose("cam-00");
  EXPECT_EQ(rig.state().counts(rig.rollout("r"), 0), (WaveCounts{2, 0, 1, 0}));
  rig.hear("cam-00");
  EXPECT_EQ(rig.state().counts(rig.rollout("r"), 0), (WaveCounts{2, 0, 1, 0}));
  EXPECT_EQ(rig.problems(), "");
}

TEST(Silence, AStartOfOursGivesEveryNodeTimeToBeHeardBeforeAnythingFailsOrPasses) {
  Ridge rig;
  rig.begin(with_silence(minutes(30)));
  rig.serve_all();
  rig.lose("cam-01");
  rig.run_until(rig.now() + minutes(29));
  rig.restart(rig.now());
  rig.run_until(rig.now() + minutes(29));
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kNone);
  rig.hear("cam-01");
  rig.run_until(rig.now() + minutes(10) - seconds(1));
  rig.restart(rig.now());
  // Four heartbeats, after which cam-00 is lost, and one in which that is noticed.
  EXPECT_EQ(rig.rollout("r").bake_until, rig.now() + minutes(5));
  EXPECT_EQ(rig.problems(), "");
}

TEST(Silence, AfterAStartOfOursIsNoFailureBeforeANodeThatIsThereCouldBeHeard) {
  Ridge rig;
  rig.begin(with_silence(seconds(10)));
  rig.serve_all();
  rig.lose("cam-01");
  rig.restart(rig.now());
  rig.run_until(rig.now() + minutes(5) - Milliseconds(1));
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kNone);
  rig.run_until(rig.now() + Milliseconds(1));
  EXPECT_EQ(rig.rollout("r").outcome, RolloutOutcome::kReturned);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Silence, IsMeasuredByTheLongerHeartbeatUntilEveryNodeCouldLearnOfAShorterOne) {
  Ridge rig;
  const auto beat = [&](Milliseconds heartbeat) {
    Fleet fleet = rig.state().fleets.at(FleetName("ridge")).fleet;
    fleet.heartbeat = heartbeat;
    rig.take(ApplyField{{fleet}, {}, {}});
  };
  const auto longest = [&] {
    return longest_heartbeat_of(rig.state(), rig.node("cam-01"), rig.now());
  };
  beat(hours(1));
  rig.begin(in_three_waves());
  rig.serve_all();
  beat(minutes(30));
  beat(minutes(1));
  EXPECT_EQ(heartbeat_of(rig.state(), rig.node("cam-01")), minutes(1));
  EXPECT_EQ(longest(), hours(1));
  // While we are away nobody learns of it.
  const Timestamp alive_at = rig.now();
  rig.advance(hours(5));
  rig.restart(alive_at);
  EXPECT_EQ(rig.rollout("r").bake_until, rig.now() + hours(5));
  EXPECT_EQ(longest(), hours(1));
  rig.advance(hours(4) - Milliseconds(1));
  EXPECT_EQ(longest(), hours(1));
  rig.advance(Milliseconds(1));
  EXPECT_EQ(longest(), minutes(1));
  EXPECT_EQ(rig.problems(), "");
}

TEST(Silence, AWaveThatLostItsSuccessHasItsTimeAnew) {
  Ridge rig;
  Rollout made = in_three_waves();
  made.wave_timeout = minutes(5);
  rig.begin(made);
  rig.serve_all();
  rig.run_until(rig.now() + minutes(9));
  rig.lose("cam-01");
  EXPECT_FALSE(rig.rollout("r").paused);
  rig.run_until(rig.now() + minutes(4));
  EXPECT_FALSE(rig.rollout("r").paused);
  rig.run_until(rig.now() + minutes(1));
  EXPECT_TRUE(rig.rollout("r").paused);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Silence, ABakeThatNobodyGaveLastsUntilASilentNodeIsNoticed) {
  Ridge rig;
  Fleet slow = rig.state().fleets.at(FleetName("ridge")).fleet;
  slow.heartbeat = hours(1);
  rig.apply(ApplyField{{slow}, {}, {}});
  rig.begin(in_three_waves());
  rig.serve_all();
  EXPECT_EQ(rig.rollout("r").bake_until, rig.now() + hours(5));
}

}  // namespace
}  // namespace duru::testing
