#include <gtest/gtest.h>

#include "duru/core/testing/chance.h"
#include "duru/edge/testing/ridge.h"

// What a node says over and over.
namespace duru::testing {
namespace {

struct Flapping : Ridge {
  Flapping() {
    Rollout made = in_three_waves();
    made.pause_on_failure = true;
    begin(made);
    serve("cam-01");
    say("cam-00", FieldPhase::kStarting, "");
  }
  void flip() {
    const bool serves = node("cam-00").reported.phase == FieldPhase::kServing;
    advance(seconds(1));
    if (serves) {
      say("cam-00", FieldPhase::kStarting, "", "it was restarted");
    } else {
      serve("cam-00");
    }
  }
  void steady(FieldPhase phase, const std::string& serving, Milliseconds span) {
    ReportField said = report("cam-00");
    said.phase = phase;
    said.serving = serving;
    said.steady_for = span;
    take(said);
  }
};

TEST(Flaps, ANodeThatFlipsTooOftenHasFailedUntilItSaysTheSameForLong) {
  Flapping rig;
  for (std::size_t i = 1; i < kFlapsMax; ++i) rig.flip();
  EXPECT_EQ(rig.state().standing(rig.node("cam-00")), Standing::kProven);
  rig.flip();
  EXPECT_EQ(rig.fact_names(), "node_phase_reported rollout_paused wave_unsettled");
  EXPECT_EQ(rig.rollout("r").pause_reason,
            "1 of 2 nodes of wave 1 failed, 0 may; cam-00: flaps, it stood otherwise 10 times "
            "within 1h; it was restarted");
  for (int i = 0; i < 20; ++i) {
    rig.flip();
    EXPECT_EQ(rig.fact_names(), "");
  }
  rig.steady(FieldPhase::kServing, "smoke-2", kSteadyFor - Milliseconds(1));
  EXPECT_EQ(rig.fact_names(), "");
  rig.steady(FieldPhase::kServing, "smoke-2", kSteadyFor);
  EXPECT_EQ(rig.fact_names(), "node_phase_reported wave_baking");
  EXPECT_EQ(rig.state().standing(rig.node("cam-00")), Standing::kProven);
  rig.flip();
  EXPECT_EQ(rig.state().standing(rig.node("cam-00")), Standing::kFailed);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Flaps, FlipsOfMoreThanAnHourAgoDoNotCount) {
  Flapping rig;
  for (std::size_t i = 1; i < kFlapsMax; ++i) rig.flip();
  rig.advance(kFlapWindow - seconds(8));
  for (std::size_t i = 1; i < kFlapsMax; ++i) rig.flip();
  EXPECT_FALSE(rig.node("cam-00").reported.flapping);
  rig.flip();
  EXPECT_TRUE(rig.node("cam-00").reported.flapping);
}

TEST(Flaps, ANodeThatSettledOnItsFormerReleaseHasFailedLikeAnyOther) {
  Flapping rig;
  while (!rig.node("cam-00").reported.flapping) rig.flip();
  rig.steady(FieldPhase::kFailed, "", kSteadyFor);
  EXPECT_FALSE(rig.node("cam-00").reported.flapping);
  EXPECT_EQ(rig.node("cam-00").reported.phase, FieldPhase::kFailed);
  EXPECT_EQ(rig.state().standing(rig.node("cam-00")), Standing::kFailed);
}

TEST(Flaps, OfOneRevisionAreForgottenWithTheNext) {
  Flapping rig;
  while (!rig.node("cam-00").reported.flapping) rig.flip();
  rig.steer(SteerAction::kStop);
  Rollout next = in_three_waves();
  next.name = RolloutName("next");
  rig.begin(next);
  EXPECT_EQ(rig.state().standing(rig.node("cam-00")), Standing::kPending);
  rig.serve("cam-00");
  EXPECT_EQ(rig.state().standing(rig.node("cam-00")), Standing::kProven);
  EXPECT_TRUE(rig.node("cam-00").reported.flips.empty());
  EXPECT_EQ(rig.problems(), "");
}

TEST(Flaps, ADetailAloneBecomesAFactOnceInReportEvery) {
  Ridge rig(1);
  rig.begin(rollout("r", "ridge", "smoke-2"));
  int facts = 0;
  for (int minute = 0; minute < 180; ++minute) {
    rig.say("cam-00", FieldPhase::kFetching, "", std::to_string(minute) + " %");
    facts += static_cast<int>(rig.facts().size());
    rig.advance(minutes(1));
  }
  EXPECT_EQ(facts, 3);
  rig.say("cam-00", FieldPhase::kStarting, "", "180 %");
  EXPECT_EQ(rig.node("cam-00").reported.detail, "180 %");
}

// The bound that edge_module.h states, against a node that says anything at every second.
TEST(Flaps, WhateverANodeSaysItMakesNoMoreFactsAnHourThanStated) {
  constexpr std::size_t kPerHour = 44 + 5;
  Chance chance(1);
  Ridge rig(1);
  rig.check(false);
  rig.begin(rollout("r", "ridge", "smoke-2"));
  std::vector<std::size_t> facts;  // of each second
  Timestamp same_since = rig.now();
  for (int second = 0; second < 4 * 3600; ++second) {
    rig.advance(seconds(1));
    ReportField said = rig.report("cam-00");
    said.detail = chance.one_in(2) ? std::to_string(second) : std::string();
    said.counters.inferences = second;
    // Now and then it is steady for as long as it takes to be believed again.
    if (chance.one_in(20) && since(rig.now(), same_since) < kSteadyFor * 2) {
      said.phase = static_cast<FieldPhase>(1 + chance.below(5));
      said.serving = chance.one_in(2) ? "smoke-2" : "";
      same_since = rig.now();
    } else if (since(rig.now(), same_since) >= kSteadyFor) {
      said.steady_for = since(rig.now(), same_since);
      same_since = rig.now();
    }
    rig.take(said);
    std::size_t own = 0;
    for (const Message& fact : rig.facts()) {
      own += fact.as<NodePhaseReported>() != nullptr || fact.as<NodeCounted>() != nullptr;
    }
    facts.push_back(own);
  }
  std::size_t in_hour = 0, most = 0;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    in_hour += facts[i];
    if (i >= 3600) in_hour -= facts[i - 3600];
    most = std::max(most, in_hour);
  }
  EXPECT_LE(most, kPerHour);
  EXPECT_GE(most, 2 * kFlapsMax);  // it does flap
  EXPECT_EQ(rig.problems(), "");
}

}  // namespace
}  // namespace duru::testing
