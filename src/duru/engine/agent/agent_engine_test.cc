#include "duru/engine/agent/testing.h"

namespace duru {
namespace {

TEST_F(AgentEngineTest, TellsANodeWhatItShouldRunAndWhenItNoLongerShould) {
  EXPECT_FALSE(engine_.reply_to(kNode, known_).revision.has_value());
  engine_.run(spec(2));
  const SyncReply told = engine_.reply_to(kNode, known_);
  ASSERT_TRUE(told.revision.has_value());
  EXPECT_EQ(told.revision->number, 2);
  EXPECT_EQ(told.revision->current.name, "smoke-2");
  EXPECT_EQ(told.revision->previous->name, "smoke-1");
  EXPECT_EQ(told.heartbeat, kDefaultHeartbeat);
  engine_.stop(spec(2).name, seconds(1));
  EXPECT_FALSE(engine_.reply_to(kNode, known_).revision.has_value());
}

TEST_F(AgentEngineTest, ALaterRevisionReplacesAndAnEarlierOneThatComesLateDoesNot) {
  engine_.run(spec(2));
  engine_.run(spec(1));
  EXPECT_EQ(engine_.reply_to(kNode, known_).revision->number, 2);
  engine_.run(spec(3));
  EXPECT_EQ(engine_.reply_to(kNode, known_).revision->number, 3);
  TaskRunSpec replaced = spec(4);
  replaced.term = 0;
  engine_.run(replaced);
  EXPECT_EQ(engine_.reply_to(kNode, known_).revision->number, 3);
}

TEST_F(AgentEngineTest, ARunHasStartedWhenTheNodeFirstServesAndItIsSaidAgainOnRequest) {
  engine_.run(spec(1));
  engine_.on_sync(kNode, sync(1, FieldPhase::kStarting, ""), known_);
  EXPECT_TRUE(of_kind<TaskObserved>().empty());
  clock_.advance_to(kStart + seconds(5));
  engine_.on_sync(kNode, serving(1), known_);
  engine_.on_sync(kNode, serving(1), known_);
  ASSERT_EQ(of_kind<TaskObserved>().size(), 1U);
  EXPECT_EQ(of_kind<TaskObserved>()[0].started_at, kStart + seconds(5));
  EXPECT_EQ(of_kind<TaskObserved>()[0].workload.owner, "aaaaaaaaaaaaaaaa");
  engine_.run(spec(1));
  EXPECT_EQ(of_kind<TaskObserved>().size(), 2U);
}

TEST_F(AgentEngineTest, AStopIsConfirmedByTheNodeAndByNothingElse) {
  engine_.run(spec(1));
  engine_.on_sync(kNode, serving(1), known_);
  engine_.on_sync(kNode, empty(), known_);  // before it was told anything new
  engine_.stop(spec(1).name, seconds(1));
  seen_.clear();
  pass(hours(1));
  engine_.on_sync(kNode, serving(1), known_);
  EXPECT_TRUE(of_kind<TaskObserved>().empty());
  pass(seconds(1));
  engine_.on_sync(kNode, empty(), known_);
  ASSERT_EQ(of_kind<TaskObserved>().size(), 1U);
  const TaskObserved ended = of_kind<TaskObserved>()[0];
  EXPECT_EQ(ended.end->cause, EndCause::kStopped);
  EXPECT_EQ(ended.released_at, clock_.now());
  EXPECT_EQ(ended.outputs_phase, OutputsPhase::kStored);
}

TEST_F(AgentEngineTest, ASyncThatALaterOneOvertookConfirmsNothingAndItsEventsCount) {
  engine_.run(spec(1));
  SyncRequest late = empty();
  late.events.push_back({1, "{}", seconds(1), std::nullopt});
  clock_.advance_to(kStart + seconds(5));
  engine_.on_sync(kNode, serving(1), known_);
  engine_.stop(spec(1).name, seconds(1));
  seen_.clear();
  know(1);
  const auto news = engine_.on_sync(kNode, late, known_);
  EXPECT_TRUE(seen_.empty());
  ASSERT_TRUE(news.has_value());
  EXPECT_EQ(news->phase, FieldPhase::kServing);
  EXPECT_EQ(news->events.size(), 1U);
}

TEST_F(AgentEngineTest, AfterARestartAStopThatComesBeforeItsRunWaitsForTheNodeToo) {
  engine_.stop(spec(1).name, seconds(1));
  engine_.run(spec(1));
  pass(minutes(5));
  EXPECT_TRUE(of_kind<TaskObserved>().empty());
  EXPECT_FALSE(engine_.reply_to(kNode, known_).revision.has_value());
  engine_.on_sync(kNode, empty(), known_);
  EXPECT_EQ(of_kind<TaskObserved>().size(), 1U);
}

TEST_F(AgentEngineTest, AStopOfWhatNobodyEverRanIsAnEnd) {
  engine_.stop(spec(1).name, seconds(1));
  pass(seconds(9));
  EXPECT_TRUE(seen_.empty());
  pass(seconds(1));
  ASSERT_EQ(of_kind<TaskObserved>().size(), 1U);
  EXPECT_TRUE(of_kind<TaskObserved>()[0].released_at.has_value());
}

TEST_F(AgentEngineTest, AStoppedRunOfARevokedNodeIsGivenUp) {
  engine_.run(spec(1));
  engine_.on_sync(kNode, serving(1), known_);
  engine_.stop(spec(1).name, seconds(1));
  seen_.clear();
  pass(seconds(1));
  EXPECT_TRUE(seen_.empty());
  revoked_ = true;
  pass(seconds(1));
  ASSERT_EQ(of_kind<TaskObserved>().size(), 1U);
  EXPECT_EQ(of_kind<TaskObserved>()[0].end->cause, EndCause::kLost);
}

TEST_F(AgentEngineTest, ADetailIsNewsAtFirstAndThenWhenAReportIsDue) {
  know(1);
  known_.report_every = minutes(5);
  SyncRequest request = serving(1);
  request.detail = "10 frames a second";
  const auto first = engine_.on_sync(kNode, request, known_);
  ASSERT_TRUE(first.has_value());
  engine_.took(*first);
  known_.detail = first->detail;
  request.detail = "11 frames a second";
  EXPECT_FALSE(engine_.on_sync(kNode, request, known_).has_value());
  pass(minutes(5));
  EXPECT_TRUE(engine_.on_sync(kNode, request, known_).has_value());
}

TEST_F(AgentEngineTest, OnlyEphemeralNodesAreAskedToLeaveAndTheirGoodbyeEndsTheirRun) {
  engine_.run(spec(1));
  SyncRequest request = serving(1);
  engine_.on_sync(kNode, request, known_);
  engine_.ask_to_leave();
  EXPECT_FALSE(engine_.reply_to(kNode, known_).leave);
  EXPECT_EQ(engine_.ephemeral_count(), 0U);
  request.ephemeral = true;
  engine_.on_sync(kNode, request, known_);
  EXPECT_TRUE(engine_.reply_to(kNode, known_).leave);
  EXPECT_EQ(engine_.ephemeral_count(), 1U);
  seen_.clear();
  SyncRequest last = empty();
  last.ephemeral = true;
  last.goodbye = true;
  engine_.on_sync(kNode, last, known_);
  EXPECT_EQ(engine_.ephemeral_count(), 0U);
  ASSERT_EQ(seen_.size(), 2U);
  EXPECT_FALSE(of_kind<NodeObserved>()[0].up);
  EXPECT_EQ(of_kind<TaskObserved>()[0].end->cause, EndCause::kStopped);
  pass(hours(1));
  EXPECT_EQ(seen_.size(), 2U);
}

TEST_F(AgentEngineTest, AHeartbeatIsNoNewsAndAStandingOrAnEventIs) {
  const auto first = engine_.on_sync(kNode, serving(1), known_);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->serving, "smoke-1");
  // Until it is accepted it stays news; then it is none, whether or not the module made a fact.
  EXPECT_TRUE(engine_.on_sync(kNode, serving(1), known_).has_value());
  engine_.took(*first);
  EXPECT_FALSE(engine_.on_sync(kNode, serving(1), known_).has_value());
  SyncRequest with_event = serving(1);
  with_event.events = {{1, "{}", seconds(3), std::nullopt}, {2, "{}", seconds(1), std::nullopt}};
  known_.events_through = 1;
  const auto news = engine_.on_sync(kNode, with_event, known_);
  ASSERT_TRUE(news.has_value());
  ASSERT_EQ(news->events.size(), 1U);
  EXPECT_EQ(news->events[0].number, 2);
  known_.events_through = 2;
  EXPECT_FALSE(engine_.on_sync(kNode, with_event, known_).has_value());
}

TEST_F(AgentEngineTest, CountersAloneAreNewsWhenTheyAreDue) {
  const auto first = engine_.on_sync(kNode, serving(1), known_);
  engine_.took(*first);
  know(1);
  known_.report_every = minutes(5);
  SyncRequest counted = serving(1);
  counted.counters.inferences = 7;
  EXPECT_FALSE(engine_.on_sync(kNode, counted, known_).has_value());
  clock_.advance_to(kStart + minutes(5));
  const auto due = engine_.on_sync(kNode, counted, known_);
  ASSERT_TRUE(due.has_value());
  EXPECT_EQ(due->counters.inferences, 7);
  engine_.took(*due);
  counted.counters.inferences = 8;
  EXPECT_FALSE(engine_.on_sync(kNode, counted, known_).has_value());
  counted.goodbye = true;
  EXPECT_TRUE(engine_.on_sync(kNode, counted, known_).has_value());
}

TEST_F(AgentEngineTest, IsReadyOnceItKnowsTheFullSetAndDropsWhatIsNotInIt) {
  engine_.run(spec(1));
  EXPECT_FALSE(engine_.ready());
  engine_.reconcile({spec(1).name});
  EXPECT_TRUE(engine_.ready());
  EXPECT_TRUE(engine_.reply_to(kNode, known_).revision.has_value());
  engine_.reconcile({});
  EXPECT_FALSE(engine_.reply_to(kNode, known_).revision.has_value());
}

TEST_F(AgentEngineTest, ForgetsARunThatIsOverSoThatTheNextAttemptIsRun) {
  engine_.run(spec(1));
  engine_.stop(spec(1).name, seconds(1));
  engine_.on_sync(kNode, empty(), known_);
  engine_.forget(spec(1).name);
  engine_.run(spec(2, 2));
  EXPECT_EQ(engine_.reply_to(kNode, known_).revision->number, 2);
  seen_.clear();
  engine_.on_sync(kNode, serving(2), known_);
  EXPECT_EQ(of_kind<TaskObserved>()[0].attempt, 2);
}

TEST_F(AgentEngineTest, ANodeRunsOneServiceAtATime) {
  engine_.run(spec(1));
  engine_.on_sync(kNode, serving(1), known_);
  engine_.stop(spec(1).name, seconds(1));
  engine_.run(spec(2, 2));
  EXPECT_FALSE(engine_.reply_to(kNode, known_).revision.has_value());
  engine_.on_sync(kNode, empty(), known_);
  EXPECT_EQ(of_kind<TaskObserved>().back().end->cause, EndCause::kStopped);
  engine_.run(spec(2, 2));
  EXPECT_EQ(engine_.reply_to(kNode, known_).revision->number, 2);
}

TEST_F(AgentEngineTest, KeepsNoLogs) {
  engine_.run(spec(1));
  const auto log = engine_.read_log(spec(1).name, 0, 100);
  ASSERT_FALSE(log.ok());
  EXPECT_EQ(log.error().code, ErrorCode::kUnsupported);
}

TEST_F(AgentEngineTest, ARequestThatTravelledLongerThanTheQuickestIsLessCertain) {
  engine_.on_sync(kNode, serving(1), known_);
  SyncRequest slow = serving(1);
  clock_.advance_to(kStart + seconds(20));
  slow.uptime = slow.uptime + seconds(5);  // it left after 5 s and was 15 s on its way
  slow.events = {{1, "{}", seconds(2), std::nullopt}};
  const auto news = engine_.on_sync(kNode, slow, known_);
  ASSERT_TRUE(news.has_value());
  EXPECT_EQ(news->events[0].at, kStart + seconds(18));
  EXPECT_EQ(news->events[0].uncertainty, kTravel + seconds(15));
}

}  // namespace
}  // namespace duru
