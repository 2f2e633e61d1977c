// The spool: numbers without gaps over any restart, bounds, damage.
#include "duru/agent/spool.h"

#include <gtest/gtest.h>

#include "duru/agent/spool_testing.h"

namespace duru::agent {
namespace {

TEST_F(SpoolTest, NumbersRiseByOneOverARestart) {
  add(1, 10, "{\"a\":1}");
  add(1, 20, "{\"a\":2}");
  reopen();
  add(1, 30, "{\"a\":3}");
  EXPECT_EQ(numbers(), (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(spool->batch(1000)[2].body, "{\"a\":3}");
  EXPECT_EQ(numbers(2), (std::vector<std::int64_t>{1, 2}));
}

TEST_F(SpoolTest, WhatIsAcknowledgedIsNotSentAgainAndItsNumberIsNotUsedAgain) {
  add(1, 10, "{}");
  add(1, 20, "{}");
  acknowledge(2);
  EXPECT_FALSE(spool->has_waiting());
  reopen();
  EXPECT_TRUE(numbers().empty());
  add(1, 30, "{}");
  EXPECT_EQ(numbers(), (std::vector<std::int64_t>{3}));
}

TEST_F(SpoolTest, APlaceInTheWorkloadsFileIsKnownWhateverWasAcknowledgedOrRemoved) {
  limits.segment_bytes = 1;  // each event is a segment
  reopen();
  add(7, 10, "{}");
  add(7, 25, "{}");
  acknowledge(2);
  reopen();
  EXPECT_EQ(spool->offset_of(7), 25);
  EXPECT_EQ(spool->offset_of(8), 0);
}

TEST_F(SpoolTest, TheOldestIsDroppedWhenItsShareOfTheDiskIsFullAndTheLossIsCountedOnce) {
  limits.bytes_max = 20'000;
  limits.segment_bytes = 2'000;
  reopen();
  add_many(100);
  const std::int64_t dropped = spool->dropped();
  EXPECT_GT(dropped, 50);
  EXPECT_TRUE(spool->is_overflowing());
  EXPECT_EQ(numbers().front(), dropped + 1);
  EXPECT_EQ(numbers().back(), 100);
  reopen();
  EXPECT_EQ(spool->dropped(), dropped);
  EXPECT_EQ(numbers().front(), dropped + 1);
  acknowledge(100);
  EXPECT_EQ(spool->dropped(), dropped);
  EXPECT_FALSE(spool->is_overflowing());
}

TEST_F(SpoolTest, AcknowledgedEventsAreNoLossWhenTheirSegmentGoes) {
  limits.segment_bytes = 2'000;
  reopen();
  add_many(40);
  acknowledge(40);
  add_many(1);
  EXPECT_EQ(spool->dropped(), 0);
  EXPECT_EQ(numbers(), (std::vector<std::int64_t>{41}));
  EXPECT_FALSE(std::filesystem::exists(segment(1)));
}

TEST_F(SpoolTest, ASegmentThatWasNotedAsGoneIsNoLossAndIsNotSentAgain) {
  limits.segment_bytes = 1;
  reopen();
  add(1, 10, "{}");
  add(1, 20, "{}");
  const std::string first = slurp(segment(1));
  acknowledge(1);
  ASSERT_FALSE(std::filesystem::exists(segment(1)));
  write_file(segment(1), first);  // as if we had died before it was removed
  reopen();
  EXPECT_EQ(numbers(), (std::vector<std::int64_t>{2}));
  EXPECT_EQ(spool->dropped(), 0);
  EXPECT_FALSE(std::filesystem::exists(segment(1)));
}

TEST_F(SpoolTest, ATornLastLineIsCutOffAndItsNumberGivenAnew) {
  add(1, 10, "{\"a\":1}");
  append_to(segment(1), "0123abcd {\"number\":2,\"bo");
  reopen();
  EXPECT_EQ(spool->offset_of(1), 10);
  add(1, 20, "{\"a\":2}");
  reopen();
  EXPECT_EQ(numbers(), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(spool->dropped(), 0);
}

TEST_F(SpoolTest, ADamagedEventIsDroppedAndCountedOnce) {
  add(1, 10, "{\"a\":1}");
  add(1, 20, "{\"bad\":2}");
  add(1, 30, "{\"a\":3}");
  replace_in(segment(1), "\"bad", "\"BAD");  // no checksum has a quote
  for (int start = 0; start < 2; ++start) {
    reopen();
    EXPECT_EQ(numbers(), (std::vector<std::int64_t>{1, 3}));
    EXPECT_EQ(spool->dropped(), 1);
  }
  auto summary = Spool::summarize(data.folder());
  EXPECT_EQ(summary.value().waiting, 2);
  EXPECT_EQ(summary.value().dropped, 1);
}

TEST_F(SpoolTest, WithoutItsMarkNothingIsCalledDroppedAndNumbersGoOn) {
  limits.segment_bytes = 1;
  reopen();
  for (int i = 1; i <= 5; ++i) add(1, 10 * i, "{}");
  acknowledge(4);
  replace_in(data.path("events/mark"), "4", "9");
  reopen();
  EXPECT_EQ(spool->dropped(), 0);
  EXPECT_EQ(numbers(), (std::vector<std::int64_t>{5}));
  EXPECT_EQ(spool->offset_of(1), 50);
  add(1, 60, "{}");
  EXPECT_EQ(numbers(), (std::vector<std::int64_t>{5, 6}));
}

TEST_F(SpoolTest, NumbersGoOnBehindWhatTheServerHasWhenTheDiskForgot) {
  acknowledge(500);
  add(1, 10, "{}");
  EXPECT_EQ(numbers(), (std::vector<std::int64_t>{501}));
  EXPECT_EQ(spool->dropped(), 0);
}

TEST_F(SpoolTest, WhatTheServerLostIsSentAgainAndWhatIsNoLongerHereIsDroppedOnce) {
  limits.segment_bytes = 1;  // each event is a segment
  reopen();
  for (int i = 1; i <= 5; ++i) add(1, 10 * i, "{}");
  acknowledge(5);  // the newest segment stays
  for (int reply = 0; reply < 2; ++reply) {
    acknowledge(2);
    reopen();
    EXPECT_EQ(numbers(), (std::vector<std::int64_t>{5}));
    EXPECT_TRUE(spool->has_waiting());
    EXPECT_EQ(spool->dropped(), 2);
  }
  acknowledge(5);
  EXPECT_FALSE(spool->has_waiting());
  add(1, 60, "{}");
  EXPECT_EQ(numbers(), (std::vector<std::int64_t>{6}));
  EXPECT_EQ(spool->dropped(), 2);
}

TEST_F(SpoolTest, WhatWasDroppedIsNotCountedAgainWhenTheServerLosesMore) {
  limits.bytes_max = 20'000;
  limits.segment_bytes = 2'000;
  reopen();
  add_many(10);
  acknowledge(3);
  add_many(90);
  const std::int64_t dropped = spool->dropped();
  EXPECT_EQ(numbers().front(), dropped + 4);
  acknowledge(1);
  EXPECT_EQ(spool->dropped(), dropped + 2);
  EXPECT_EQ(numbers().front(), dropped + 4);
}

TEST_F(SpoolTest, AnEventSaysHowManyRightBeforeItWereDroppedAlsoWhenTheCountOfThemIsLost) {
  limits.bytes_max = 20'000;
  limits.segment_bytes = 2'000;
  reopen();
  add_many(10);
  spool->acknowledge(10);
  EXPECT_TRUE(spool->batch(1).empty());
  add_many(90);
  const EventReport first = spool->batch(1)[0];
  EXPECT_GT(first.number, 11);
  EXPECT_EQ(first.dropped_before, first.number - 11);
  EXPECT_EQ(spool->batch(2)[1].dropped_before, 0);
  write_file(data.path("events/mark"), "damaged");
  reopen();
  EXPECT_EQ(spool->dropped(), 0);
  spool->acknowledge(10);
  EXPECT_EQ(spool->batch(1)[0].number, first.number);
  EXPECT_EQ(spool->batch(1)[0].dropped_before, first.dropped_before);
}

TEST_F(SpoolTest, AServerThatLosesWhatOurDiskForgotTooGetsNothingButTheCount) {
  acknowledge(500);
  acknowledge(400);
  EXPECT_FALSE(spool->has_waiting());
  EXPECT_EQ(spool->dropped(), 100);
  add(1, 10, "{}");
  EXPECT_EQ(numbers(), (std::vector<std::int64_t>{501}));
}

TEST_F(SpoolTest, ABootIsNewUntilTheServerSpeaksInItWhereItSpokeBefore) {
  EXPECT_FALSE(spool->is_new_boot()) << "a node that was never heard";
  BootClocks clocks{{{std::string(32, 'e'), Timestamp(0)}}};
  ASSERT_TRUE(save(Folder::open(data.path("events")).value(), "clocks", clocks).ok());
  reopen();
  EXPECT_TRUE(spool->is_new_boot());
  spool->note_server_time(Timestamp(seconds(1000).value), seconds(1));
  EXPECT_FALSE(spool->is_new_boot());
}

TEST_F(SpoolTest, AnEventOfThisBootHasAnAgeAndOneOfAnEarlierBootTheServersTimeOfIt) {
  add(1, 10, "{}");
  ASSERT_TRUE(spool->batch(1)[0].age.has_value());
  EXPECT_LT(spool->batch(1)[0].age->value, 10'000);

  // As an earlier boot would have left it: heard the server say 1000 s when its clock said 400 s.
  const std::string earlier(32, 'e');
  StoredEvent event{2, earlier, seconds(500), 1, 20, "{}", seconds(7)};
  const std::string json = to_json(event, JsonForm::kSparse);
  append_to(segment(1), checksum(json) + " " + json + "\n");
  BootClocks clocks{{{earlier, Timestamp(seconds(600).value)}}};
  ASSERT_TRUE(save(Folder::open(data.path("events")).value(), "clocks", clocks).ok());
  reopen();
  const EventReport report = spool->batch(2)[1];
  EXPECT_FALSE(report.age.has_value());
  ASSERT_TRUE(report.server_time.has_value());
  EXPECT_EQ(report.server_time->value, seconds(1100).value);
  EXPECT_EQ(report.uncertainty, seconds(7));
}

}  // namespace
}  // namespace duru::agent
