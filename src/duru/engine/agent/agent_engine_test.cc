#include "duru/engine/agent/agent_engine.h"

#include <gtest/gtest.h>

namespace duru {
namespace {

constexpr Timestamp kStart(1'800'000'000'000);
const InstallationId kHere("testtest");
const NodeName kNode("cam-1");

ReleaseRef release(const std::string& name) { return {name, sha256(name), std::string(128, 'a')}; }

class AgentEngineTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(engine_.start([this](Message m) { seen_.push_back(std::move(m)); }).ok());
  }

  TaskRunSpec spec(std::int64_t revision, std::int32_t attempt = 1) {
    TaskRunSpec made;
    made.workload = {"aaaaaaaaaaaaaaaa", 0};
    made.attempt = attempt;
    made.name = task_run_name(kHere, made.workload, attempt, 0);
    made.term = 1;
    made.allocation.node = kNode;
    Revision& given = made.revision.emplace();
    given.number = revision;
    given.current = release("smoke-" + std::to_string(revision));
    if (revision > 1) given.previous = release("smoke-" + std::to_string(revision - 1));
    return made;
  }
  SyncRequest sync(std::int64_t revision, FieldPhase phase, const std::string& serving) {
    SyncRequest request;
    request.boot_id = "boot-1";
    request.uptime = since(clock_.now(), kStart) + minutes(10);
    request.revision = revision;
    request.phase = phase;
    request.serving = serving;
    return request;
  }
  SyncRequest empty() { return sync(0, FieldPhase::kNone, ""); }
  SyncRequest serving(std::int64_t revision) {
    return sync(revision, FieldPhase::kServing, "smoke-" + std::to_string(revision));
  }
  void pass(Milliseconds span) {
    clock_.advance_to(clock_.now() + span);
    engine_.check();
  }
  template <class T>
  std::vector<T> of_kind() const {
    std::vector<T> found;
    for (const Message& message : seen_) {
      if (const T* body = message.as<T>()) found.push_back(*body);
    }
    return found;
  }

  VirtualClock clock_{kStart};
  bool revoked_ = false;
  std::vector<Message> seen_;
  FieldKnown known_;
  AgentEngine engine_{{kHere, [this](const NodeName&) { return revoked_; }, Milliseconds(0)},
                      clock_};
};

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
  known_.revision = 1;
  known_.phase = FieldPhase::kServing;
  known_.serving = "smoke-1";
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

TEST_F(AgentEngineTest, ANodeIsOnlineThenLateThenLostAndBack) {
  known_.heartbeat = seconds(10);
  engine_.on_sync(kNode, serving(1), known_);
  EXPECT_EQ(engine_.link(kNode).state, LinkState::kOnline);
  pass(seconds(20));
  EXPECT_EQ(engine_.link(kNode).state, LinkState::kOnline);
  pass(seconds(1));
  EXPECT_EQ(engine_.link(kNode).state, LinkState::kLate);
  EXPECT_TRUE(of_kind<NodeObserved>().empty());
  pass(seconds(20));
  EXPECT_EQ(engine_.link(kNode).state, LinkState::kLost);
  pass(minutes(1));
  ASSERT_EQ(of_kind<NodeObserved>().size(), 1U);
  EXPECT_FALSE(of_kind<NodeObserved>()[0].up);
  engine_.on_sync(kNode, serving(1), known_);
  ASSERT_EQ(of_kind<NodeObserved>().size(), 2U);
  EXPECT_TRUE(of_kind<NodeObserved>()[1].up);
  EXPECT_EQ(engine_.link(kNode).state, LinkState::kOnline);
  pass(seconds(41));
  EXPECT_EQ(of_kind<NodeObserved>().size(), 3U);
}

TEST_F(AgentEngineTest, AStartOfTheServerGivesEverybodyAFullPeriod) {
  engine_.expect(kNode, seconds(10));
  EXPECT_EQ(engine_.link(kNode).state, LinkState::kUnknown);
  pass(seconds(40));
  EXPECT_TRUE(of_kind<NodeObserved>().empty());
  pass(seconds(1));
  ASSERT_EQ(of_kind<NodeObserved>().size(), 1U);
  EXPECT_FALSE(engine_.link(kNode).heard_at.has_value());
}

TEST_F(AgentEngineTest, ANodeThatTheCoreHoldsForLostIsSaidToBeBack) {
  known_.down = true;
  engine_.on_sync(kNode, serving(1), known_);
  ASSERT_EQ(of_kind<NodeObserved>().size(), 1U);
  EXPECT_TRUE(of_kind<NodeObserved>()[0].up);
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
  known_.revision = 1;
  known_.phase = FieldPhase::kServing;
  known_.serving = "smoke-1";
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

// --- event times

struct Told {
  EventReport event;
  SyncRequest sync;
  Arrival arrival{kStart, Milliseconds(0)};
  Timestamp enrolled_at = kStart - hours(24);

  FieldEvent at() const { return event_at(event, sync, arrival, enrolled_at); }
};

TEST(EventTime, AnAgeCountsBackFromTheArrival) {
  Told told;
  told.event.age = seconds(90);
  EXPECT_EQ(told.at().at, kStart - seconds(90));
  EXPECT_EQ(told.at().uncertainty, kTravel);
  told.arrival.travel_extra = seconds(7);
  EXPECT_EQ(told.at().uncertainty, kTravel + seconds(7));
}

TEST(EventTime, AnEstimateOfAnOlderBootIsTakenWithTheDriftOfItsClock) {
  Told told;
  told.event.server_time = kStart - seconds(10'000);
  EXPECT_EQ(told.at().at, kStart - seconds(10'000));
  EXPECT_EQ(told.at().uncertainty, kTravel + seconds(2));
}

TEST(EventTime, AnEstimateBeforeEnrolmentOrInTheFutureIsWorthNothing) {
  Told told;
  const FieldEvent without = told.at();
  for (const Timestamp wrong : {Timestamp(INT64_MIN), told.enrolled_at - Milliseconds(1),
                                kStart + Milliseconds(1), Timestamp(INT64_MAX)}) {
    told.event.server_time = wrong;
    EXPECT_EQ(told.at().at, without.at) << wrong.value;
    EXPECT_EQ(told.at().uncertainty, without.uncertainty) << wrong.value;
  }
  for (const Timestamp right : {told.enrolled_at, kStart}) {
    told.event.server_time = right;
    EXPECT_EQ(told.at().at, right);
  }
}

TEST(EventTime, WithoutEitherItLiesBetweenEnrolmentAndBoot) {
  Told told;
  told.sync.uptime = hours(4);
  EXPECT_EQ(told.at().at, kStart - hours(14));
  EXPECT_EQ(told.at().uncertainty, hours(10) + kTravel);
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
