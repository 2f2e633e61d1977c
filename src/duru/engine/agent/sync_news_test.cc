#include "duru/engine/agent/sync_news.h"

#include <gtest/gtest.h>

namespace duru {
namespace {

constexpr Timestamp kStart(1'800'000'000'000);

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

TEST(EventTime, WhatNoAgentSawHappenIsAsUncertainAsTheNodeSays) {
  Told told;
  told.event.age = seconds(90);
  told.event.uncertainty = minutes(1);
  EXPECT_EQ(told.at().uncertainty, kTravel + minutes(1));
  told.event.age.reset();
  told.event.server_time = kStart - seconds(10'000);
  EXPECT_EQ(told.at().uncertainty, kTravel + seconds(2) + minutes(1));
  for (const auto& [wrong, taken] : {std::pair{Milliseconds(-5), Milliseconds(0)},
                                     std::pair{Milliseconds(INT64_MAX), hours(24)}}) {
    told.event.uncertainty = wrong;
    EXPECT_EQ(told.at().uncertainty, kTravel + seconds(2) + taken);
  }
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

}  // namespace
}  // namespace duru
