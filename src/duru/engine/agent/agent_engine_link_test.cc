#include "duru/engine/agent/testing.h"

// Who is heard, who is lost, and what of it is believed.
namespace duru {
namespace {

TEST_F(AgentEngineTest, ANodeIsOnlineThenLateThenLostAndBack) {
  known_.heartbeat = seconds(10);
  know(1);
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

TEST_F(AgentEngineTest, ANodeThatComesBackOtherwiseIsSaidToBeBackOnceWhatItSaysIsAccepted) {
  know(1);
  engine_.on_sync(kNode, serving(1), known_);
  pass(hours(1));
  seen_.clear();
  SyncRequest starting = sync(1, FieldPhase::kStarting, "");
  const auto news = engine_.on_sync(kNode, starting, known_);
  ASSERT_TRUE(news.has_value());
  EXPECT_TRUE(of_kind<NodeObserved>().empty());
  engine_.took(*news);
  ASSERT_EQ(of_kind<NodeObserved>().size(), 1U);
  EXPECT_TRUE(of_kind<NodeObserved>()[0].up);
  engine_.took(*news);
  EXPECT_EQ(of_kind<NodeObserved>().size(), 1U);
}

TEST_F(AgentEngineTest, ASyncOfAnOlderBootThatComesAfterANewerOneSaysNothing) {
  know(1);
  SyncRequest late = sync(1, FieldPhase::kFailed, "");
  late.uptime = hours(9);
  late.events.push_back({1, "{}", seconds(1), std::nullopt});
  engine_.on_sync(kNode, serving(1), known_);
  SyncRequest booted = serving(1);
  booted.boot_id = "boot-2";
  booted.uptime = seconds(20);
  engine_.on_sync(kNode, booted, known_);
  EXPECT_FALSE(engine_.on_sync(kNode, late, known_).has_value());
  // It is the newer boot that goes on.
  booted.uptime = seconds(21);
  booted.phase = FieldPhase::kStarting;
  const auto news = engine_.on_sync(kNode, booted, known_);
  ASSERT_TRUE(news.has_value());
  EXPECT_EQ(news->phase, FieldPhase::kStarting);
  // A machine that was really set back to it is heard again.
  pass(hours(1));
  EXPECT_TRUE(engine_.on_sync(kNode, late, known_).has_value());
}

TEST_F(AgentEngineTest, ALateSyncOfAnOlderBootDoesNotKeepANodeFromBeingLost) {
  know(1);
  known_.heartbeat = seconds(10);
  engine_.on_sync(kNode, serving(1), known_);
  SyncRequest booted = serving(1);
  booted.boot_id = "boot-2";
  engine_.on_sync(kNode, booted, known_);
  pass(seconds(30));
  engine_.on_sync(kNode, serving(1), known_);
  pass(seconds(11));
  ASSERT_EQ(of_kind<NodeObserved>().size(), 1U);
  EXPECT_FALSE(of_kind<NodeObserved>()[0].up);
}

TEST_F(AgentEngineTest, ABootThatCameBackAfterAnHourIsHeardAtEverySyncThen) {
  know(1);
  known_.heartbeat = minutes(1);
  const auto hear = [&](const char* boot) {
    SyncRequest request = serving(1);
    request.boot_id = boot;
    engine_.on_sync(kNode, request, known_);
  };
  hear("boot-1");
  hear("boot-2");
  pass(hours(1));
  seen_.clear();
  for (int i = 0; i < 20; ++i) {
    hear("boot-1");
    hear("boot-2");  // its clone, which is the replaced one now
    EXPECT_EQ(engine_.link(kNode).heard_at, clock_.now());
    pass(minutes(1));
  }
  ASSERT_EQ(of_kind<NodeObserved>().size(), 1U);
  EXPECT_TRUE(of_kind<NodeObserved>()[0].up);
}

TEST_F(AgentEngineTest, ANodeThatSaysGoodbyeAgainAndAgainIsSaidToBeLostOnceInFourHeartbeats) {
  know(1);
  known_.heartbeat = seconds(10);
  SyncRequest goodbye = serving(1);
  goodbye.goodbye = true;
  for (int i = 0; i < 400; ++i) {
    goodbye.uptime = serving(1).uptime;
    engine_.on_sync(kNode, goodbye, known_);
    engine_.on_sync(kNode, serving(1), known_);
    pass(seconds(1));
  }
  const std::size_t told = of_kind<NodeObserved>().size();
  EXPECT_LE(told, 2U * (400 / 40));
  EXPECT_GE(told, 2U * (400 / 40 - 1));
  // One that it means is noticed all the same.
  goodbye.uptime = serving(1).uptime;
  engine_.on_sync(kNode, goodbye, known_);
  EXPECT_EQ(engine_.link(kNode).state, LinkState::kLost);
  pass(seconds(41));
  EXPECT_FALSE(of_kind<NodeObserved>().back().up);
}

TEST_F(AgentEngineTest, OfANodeThatFlapsOnlyWhatItSaysForLongIsNews) {
  know(1);
  known_.flapping = true;
  engine_.on_sync(kNode, serving(1), known_);
  const auto says_anything = [&](const SyncRequest& request) {
    return engine_.on_sync(kNode, request, known_).has_value();
  };
  for (int i = 0; i < 20; ++i) {
    pass(seconds(50));
    EXPECT_FALSE(says_anything(i % 2 == 0 ? sync(1, FieldPhase::kStarting, "") : serving(1)));
  }
  for (Milliseconds said; said < kSteadyFor; said = said + minutes(1)) {
    EXPECT_FALSE(says_anything(serving(1)));
    pass(minutes(1));
  }
  const auto news = engine_.on_sync(kNode, serving(1), known_);
  ASSERT_TRUE(news.has_value());
  EXPECT_GE(news->steady_for, kSteadyFor);
  engine_.took(*news);
  pass(seconds(1));
  EXPECT_FALSE(says_anything(serving(1)));
}

TEST_F(AgentEngineTest, ANodeThatTheCoreHoldsForLostIsSaidToBeBack) {
  know(1);
  known_.down = true;
  engine_.on_sync(kNode, serving(1), known_);
  ASSERT_EQ(of_kind<NodeObserved>().size(), 1U);
  EXPECT_TRUE(of_kind<NodeObserved>()[0].up);
}

}  // namespace
}  // namespace duru
