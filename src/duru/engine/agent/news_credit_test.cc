#include "duru/engine/agent/news_credit.h"

#include <gtest/gtest.h>

namespace duru {
namespace {

SyncRequest with_events(std::int64_t first, std::size_t count, std::size_t bytes) {
  SyncRequest request;
  for (std::size_t i = 0; i < count; ++i) {
    EventReport& event = request.events.emplace_back();
    event.number = first + static_cast<std::int64_t>(i);
    event.body = std::string(bytes, ' ');
  }
  return request;
}

TEST(NewsCredit, AFloodOfEventsGetsItsBurstAndThenItsRateAndLosesNone) {
  NewsCredit credit;
  Timestamp now(1'800'000'000'000);
  std::int64_t through = 0;
  const auto flood = [&](int syncs) {
    const std::int64_t before = through;
    for (int i = 0; i < syncs; ++i) {
      const SyncRequest request = with_events(through + 1, kEventsPerSync, kEventBytesMax);
      through += static_cast<std::int64_t>(credit.take_events(request, through, now));
    }
    return (through - before) * static_cast<std::int64_t>(kEventBytesMax + kNewsCost);
  };
  const std::int64_t burst = flood(100);
  EXPECT_LE(burst, kNewsBurst);
  EXPECT_GE(burst, kNewsBurst - kNewsReserve - 8192);
  EXPECT_EQ(flood(100), 0);
  std::int64_t bytes = 0;
  for (int i = 0; i < 600; ++i) {
    now = now + Milliseconds(500);
    bytes += flood(1);
  }
  EXPECT_LE(bytes, 300 * kNewsPerSecond + 8192);
  EXPECT_GE(bytes, 300 * kNewsPerSecond - 8192);
}

TEST(NewsCredit, AFloodOfEventsLeavesRoomForOtherNews) {
  NewsCredit credit;
  const Timestamp now(1'800'000'000'000);
  for (int i = 0; i < 100; ++i) credit.take_events(with_events(1, 64, 4096), 0, now);
  int taken = 0;
  while (credit.take_news(now)) ++taken;
  EXPECT_GE(taken, kNewsReserve / kNewsCost);
  EXPECT_FALSE(credit.take_news(now + Milliseconds(999)));
  EXPECT_TRUE(credit.take_news(now + seconds(1)));
}

TEST(NewsCredit, WhatIsDurableAlreadyCostsNothing) {
  NewsCredit credit;
  const Timestamp now(1'800'000'000'000);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(credit.take_events(with_events(1, 64, 4096), 64, now), 64U);
  }
  EXPECT_EQ(credit.take_events(with_events(65, 64, 4096), 64, now), 64U);
}

}  // namespace
}  // namespace duru
