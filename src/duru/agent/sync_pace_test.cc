// When the server is asked: apart from the other nodes, at once for an alarm, and never too often.
#include "duru/agent/sync_pace.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

namespace duru::agent {
namespace {

constexpr std::int64_t kNow = 20'000;
constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

class Pace : public testing::Test {
 protected:
  SyncPace make(Milliseconds heartbeat, bool is_new_boot = false) {
    return SyncPace({heartbeat, is_new_boot}, [this] { return chance; });
  }
  // When it is due next if the main loop goes on and has no news.
  static std::int64_t due_at(SyncPace& pace, std::int64_t now) {
    for (;; ++now) {
      pace.reported(now, false);
      if (pace.is_due(now)) return now;
    }
  }

  std::uint64_t chance = 0;
};

TEST_F(Pace, APauseIsBetweenNineAndElevenTenthsAndEachIsAsLikely) {
  std::set<std::int64_t> seen;
  for (std::uint64_t chance_of_it = 0; chance_of_it < 10'000; ++chance_of_it) {
    seen.insert(jittered(seconds(1), chance_of_it).value);
  }
  EXPECT_EQ(seen.size(), 201U);
  EXPECT_EQ(*seen.begin(), 900);
  EXPECT_EQ(*seen.rbegin(), 1100);
  EXPECT_EQ(jittered(Milliseconds(1), kMost), Milliseconds(1));
  EXPECT_GE(jittered(hours(24), kMost), hours(21));
  EXPECT_LE(jittered(hours(24), kMost), hours(27));
}

TEST_F(Pace, NodesThatBeganTogetherDriftApart) {
  std::set<std::int64_t> second_sync;
  for (chance = 0; chance < 100; ++chance) {
    SyncPace pace = make(seconds(60));
    const std::int64_t first = due_at(pace, kNow);
    EXPECT_EQ(first, kNow) << "an agent that is started again is heard at once";
    pace.asked();
    pace.answered(first, seconds(60));
    second_sync.insert(due_at(pace, first));
  }
  EXPECT_EQ(second_sync.size(), 100U);
}

TEST_F(Pace, InANewBootTheFirstSyncWaitsForUpToAHeartbeatWhateverTheNews) {
  for (chance = 0; chance < 3000; chance += 999) {
    SyncPace pace = make(seconds(2), true);
    pace.reported(kNow, true);
    EXPECT_EQ(due_at(pace, kNow), kNow + static_cast<std::int64_t>(chance % 2001));
  }
  chance = 1'000'000'000'001;
  SyncPace daily = make(hours(24), true);
  EXPECT_LE(due_at(daily, kNow), kNow + minutes(5).value);
}

TEST_F(Pace, AnAlarmInANewBootDoesNotWait) {
  chance = 60'000;
  SyncPace pace = make(seconds(60), true);
  pace.reported(kNow, true);
  EXPECT_FALSE(pace.is_due(kNow));
  pace.event_waits();
  EXPECT_TRUE(pace.is_due(kNow));
}

TEST_F(Pace, NewsAreToldWithinASecondAndNotMoreOften) {
  SyncPace pace = make(seconds(60));
  pace.reported(kNow, false);
  pace.asked();
  pace.answered(kNow, seconds(60));
  pace.event_waits();
  EXPECT_EQ(due_at(pace, kNow), kNow + 1000);
  pace.asked();
  pace.reported(kNow + 1010, true);
  pace.answered(kNow + 1020, seconds(60));
  EXPECT_EQ(due_at(pace, kNow + 1020), kNow + 2020) << "it became news while it was asked";
}

TEST_F(Pace, AServerThatRefusesIsAskedAtEachHeartbeatWhateverTheNews) {
  chance = 6000;
  SyncPace pace = make(seconds(60));
  pace.reported(kNow, true);
  pace.asked();
  pace.refused(kNow);
  pace.event_waits();
  pace.reported(kNow, true);
  EXPECT_EQ(due_at(pace, kNow), kNow + 60'000);
  pace.asked();
  pace.answered(kNow + 60'000, seconds(60));
  pace.event_waits();
  EXPECT_EQ(due_at(pace, kNow + 60'000), kNow + 61'000) << "once it takes us, news count again";
}

TEST_F(Pace, AServerThatDoesNotAnswerIsAskedEverySecondHeartbeatAndAtLeastEveryFiveMinutes) {
  for (const auto& [heartbeat, pause] :
       {std::pair(seconds(60), seconds(120)), std::pair(minutes(4), minutes(5)),
        std::pair(minutes(10), minutes(10))}) {
    chance = static_cast<std::uint64_t>(pause.value / 10);
    SyncPace pace = make(heartbeat);
    pace.reported(kNow, true);
    pace.asked();
    pace.failed(kNow);
    pace.event_waits();
    EXPECT_EQ(due_at(pace, kNow), kNow + pause.value);
  }
}

TEST_F(Pace, NothingIsSaidBeforeTheFirstReportNorForAMainLoopThatStandsStill) {
  SyncPace pace = make(seconds(60));
  pace.event_waits();
  EXPECT_FALSE(pace.is_due(kNow));
  pace.reported(kNow, true);
  pace.asked();
  pace.answered(kNow, seconds(60));
  pace.event_waits();
  EXPECT_TRUE(pace.is_due(kNow + seconds(119).value));
  EXPECT_FALSE(pace.is_due(kNow + minutes(2).value));
  EXPECT_TRUE(pace.stands_still(kNow + minutes(2).value));
  EXPECT_GT(pace.next_look(kNow + minutes(2).value), kNow + minutes(2).value);
  pace.reported(kNow + minutes(3).value, false);
  EXPECT_TRUE(pace.is_due(kNow + minutes(3).value)) << "it goes on";
}

}  // namespace
}  // namespace duru::agent
