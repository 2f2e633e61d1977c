#include <gtest/gtest.h>

#include "duru/edge/testing/edge_rig.h"

namespace duru::testing {
namespace {

struct Camera : EdgeRig {
  Camera() {
    fleet("ridge", 1);
    apply(ApplyField{{}, {release("smoke-1")}, {testing::rollout("r", "ridge", "smoke-1")}});
  }
  ReportField with_events(std::int64_t first, std::int64_t last) const {
    ReportField said = report("cam-00");
    for (std::int64_t n = first; n <= last; ++n) said.events.push_back({n, "{}", now(), {}});
    return said;
  }
  std::string events_of(const ReportField& said) {
    apply(said);
    std::string numbers;
    for (const Message& fact : facts()) {
      const auto* event = fact.as<EventRecorded>();
      if (event != nullptr) numbers += std::to_string(event->event.number) + " ";
    }
    return numbers;
  }
};

TEST(Reports, APhaseBecomesAFactWhenItChangesAndADoubledReportChangesNothing) {
  Camera rig;
  rig.say("cam-00", FieldPhase::kFetching, "");
  EXPECT_EQ(rig.fact_names(), "node_phase_reported");
  rig.advance(minutes(1));
  rig.say("cam-00", FieldPhase::kFetching, "");
  EXPECT_EQ(rig.fact_names(), "");
  rig.say("cam-00", FieldPhase::kFetching, "", "the disk is full");
  EXPECT_EQ(rig.fact_names(), "node_phase_reported");
  EXPECT_EQ(rig.node("cam-00").reported.since, EdgeRig::kStart);
  rig.serve("cam-00");
  EXPECT_EQ(rig.node("cam-00").reported.since, rig.now());
  EXPECT_EQ(rig.node("cam-00").good.str(), "smoke-1");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Reports, OfAnotherRevisionOnlyCountersAndEventsAreTaken) {
  Camera rig;
  rig.serve("cam-00");
  for (const std::int64_t revision : {0, 2}) {
    ReportField other = rig.with_events(rig.node("cam-00").reported.last_event + 1,
                                        rig.node("cam-00").reported.last_event + 1);
    other.revision = revision;
    other.phase = FieldPhase::kFailed;
    rig.apply(other);
    EXPECT_EQ(rig.fact_names(), "event_recorded");
  }
  EXPECT_EQ(rig.state().standing(rig.node("cam-00")), Standing::kProven);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Reports, AnEventIsRecordedOnceInOrderWithItsFleet) {
  Camera rig;
  EXPECT_EQ(rig.events_of(rig.with_events(1, 3)), "1 2 3 ");
  EXPECT_EQ(rig.facts().back().as<EventRecorded>()->fleet.str(), "ridge");
  EXPECT_EQ(rig.events_of(rig.with_events(2, 5)), "4 5 ");
  EXPECT_EQ(rig.events_of(rig.with_events(1, 5)), "");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Reports, EventsAfterAGapWaitUntilTheNodeSaysThatItDroppedThoseBetween) {
  Camera rig;
  EXPECT_EQ(rig.events_of(rig.with_events(1, 2)), "1 2 ");
  ReportField gap = rig.with_events(5, 6);
  EXPECT_EQ(rig.events_of(gap), "");
  gap.events[0].dropped_before = 1;
  EXPECT_EQ(rig.events_of(gap), "");
  gap.events[0].dropped_before = 4;
  EXPECT_EQ(rig.events_of(gap), "5 6 ");
  EXPECT_EQ(rig.node("cam-00").reported.events_skipped, 2);
  EXPECT_EQ(rig.facts()[0].as<EventRecorded>()->event.dropped_before, 2);
  // What was dropped once explains one gap.
  EXPECT_EQ(rig.events_of(rig.with_events(8, 8)), "");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Reports, ANodeThatLostItsCountOfDroppedEventsIsHeardAndTheCountGoesOn) {
  Camera rig;
  const auto drop = [&](std::int64_t first, std::int64_t dropped, std::int64_t count) {
    ReportField said = rig.with_events(first, first);
    said.events[0].dropped_before = dropped;
    said.counters.events_dropped = count;
    return rig.events_of(said);
  };
  EXPECT_EQ(drop(21, 20, 20), "21 ");
  EXPECT_EQ(drop(33, 11, 11), "33 ");
  EXPECT_EQ(rig.node("cam-00").reported.counters.events_dropped, 31);
  EXPECT_EQ(drop(39, 5, 16), "39 ");
  EXPECT_EQ(rig.node("cam-00").reported.counters.events_dropped, 36);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Reports, FiguresBeyondAllReasonHarmNobody) {
  Camera rig;
  ReportField said = rig.report("cam-00");
  said.revision = INT64_MIN;
  said.counters = {Milliseconds(INT64_MIN), -1, INT64_MIN, INT64_MIN};
  said.events = {{INT64_MIN, "{}", {}, {}}, {0, "{}", {}, {}}, {INT64_MAX, "{}", {}, {}}};
  rig.apply(said);
  EXPECT_EQ(rig.fact_names(), "");
  said.counters.events_dropped = INT64_MAX;
  said.events[2].dropped_before = INT64_MAX;
  rig.apply(said);
  EXPECT_EQ(rig.fact_names(), "node_counted event_recorded");
  rig.apply(said);
  EXPECT_EQ(rig.fact_names(), "");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Reports, CountersNeverGoBackAndBecomeAFactOnceInReportEvery) {
  Camera rig;
  rig.serve("cam-00");
  const auto count = [&](std::int64_t inferences) {
    ReportField said = rig.report("cam-00");
    said.counters = {seconds(inferences), inferences, 0, 0};
    rig.apply(said);
    return rig.fact_names();
  };
  EXPECT_EQ(count(10), "node_counted");
  rig.advance(minutes(59));
  EXPECT_EQ(count(20), "");
  rig.advance(minutes(1));
  EXPECT_EQ(count(30), "node_counted");
  rig.advance(hours(1));
  EXPECT_EQ(count(25), "");
  EXPECT_EQ(rig.node("cam-00").reported.counters.inferences, 30);
  ReportField said = rig.report("cam-00");
  said.counters.inferences = 31;
  rig.apply(said);
  said.counters.inferences = 32;
  said.phase = FieldPhase::kStarting;
  rig.apply(said);
  EXPECT_EQ(rig.fact_names(), "node_phase_reported node_counted wave_unsettled");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Reports, TheCountersOfAGoodbyeBecomeAFactAtOnceAndOnce) {
  Camera rig;
  rig.serve("cam-00");
  ReportField said = rig.report("cam-00");
  said.counters = {seconds(10), 10, 0, 0};
  rig.apply(said);
  rig.advance(minutes(1));
  said.revision = 0;
  said.phase = FieldPhase::kNone;
  said.serving.clear();
  said.counters = {seconds(70), 70, 0, 0};
  rig.apply(said);
  EXPECT_EQ(rig.fact_names(), "node_counted");
  EXPECT_EQ(rig.node("cam-00").reported.counters.inferences, 70);
  rig.apply(said);
  EXPECT_EQ(rig.fact_names(), "");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Reports, ANodeWithoutAReleaseThatTheCoreTakesAgainGetsItWithItsNextReport) {
  EdgeRig rig;
  rig.fleet("ridge", 0);
  rig.apply(ApplyField{{}, {release("smoke-1")}, {rollout("r", "ridge", "smoke-1")}});
  rig.apply(MakeEnrolment{sha256("one"), {{"fleet", "ridge"}}, hours(1)});
  EnrolNode command = rig.enrolment("cam", "one");
  rig.refuse_services("cam");
  EXPECT_EQ(rig.rejection(command), "");
  EXPECT_EQ(rig.given("cam"), "/");
  rig.accept("cam");
  rig.apply(rig.report("cam"));
  EXPECT_EQ(rig.given("cam"), "smoke-1/");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Reports, OfANodeThatNobodyKnowsIsRefused) {
  EdgeRig rig;
  ReportField said;
  said.node = NodeName("ghost");
  EXPECT_EQ(rig.rejection(said), "revoked");
}

}  // namespace
}  // namespace duru::testing
