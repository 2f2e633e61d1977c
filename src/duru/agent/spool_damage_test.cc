// The spool on a disk that loses or damages what was written: nothing is held up, all is counted.
#include "duru/agent/spool_testing.h"

namespace duru::agent {
namespace {

// A segment that cannot be read: found while the agent runs, or when it starts.
class UnreadableSegment : public SpoolTest, public testing::WithParamInterface<bool> {
 protected:
  void find_it() {
    if (GetParam()) reopen();
    (void)numbers();
  }
};
INSTANTIATE_TEST_SUITE_P(Found, UnreadableSegment, testing::Bool(), [](const auto& found) {
  return std::string(found.param ? "at_the_start" : "while_it_runs");
});

TEST_P(UnreadableSegment, IsCountedOnceAndHoldsNothingUpWhereverItIs) {
  limits.segment_bytes = 1;  // each event is a segment
  for (std::int64_t bad : {1, 2, 3}) {
    std::filesystem::remove_all(data.path("events"));
    server_has = 0;
    reopen();
    for (int i = 1; i <= 3; ++i) add(1, 10 * i, "{}");
    make_unreadable(bad);
    find_it();
    add(1, 40, "{}");
    std::vector<std::int64_t> left = {1, 2, 3, 4};
    left.erase(left.begin() + bad - 1);
    for (int start = 0; start < 2; ++start) {
      EXPECT_EQ(numbers(), left);
      EXPECT_EQ(spool->dropped(), 1) << bad;
      EXPECT_EQ(Spool::summarize(data.folder()).value().dropped, 1) << bad;
      reopen();
    }
    acknowledge(4);
    EXPECT_EQ(spool->dropped(), 1) << bad;
    EXPECT_EQ(files_that_end_with(".unreadable"), 1);
  }
}

TEST_P(UnreadableSegment, IsNoLossAsFarAsTheServerHasIt) {
  for (int i = 1; i <= 3; ++i) add(1, 10 * i, "{}");
  acknowledge(3);
  make_unreadable(1);
  find_it();
  EXPECT_FALSE(spool->has_waiting());
  add(1, 40, "{}");
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ(numbers(), (std::vector<std::int64_t>{4}));
    EXPECT_EQ(spool->dropped(), 0);
    reopen();
  }
}

TEST_P(UnreadableSegment, LeavesNoRoomForMoreThanTheShareOfTheDisk) {
  limits.bytes_max = 20'000;
  limits.segment_bytes = 2'000;
  reopen();
  add_many(30);
  make_unreadable(1);
  if (GetParam()) reopen();
  add_many(70);
  EXPECT_EQ(numbers().front(), spool->dropped() + 1);
  EXPECT_EQ(numbers().back(), 100);
  EXPECT_LT(files_that_end_with(".events"), 15);
}

TEST_P(UnreadableSegment, StaysOnTheDiskForItsBadPlacesButOnlyTheNewestFewDo) {
  limits.segment_bytes = 1;
  reopen();
  for (int i = 1; i <= 30; ++i) add(1, 10 * i, "{}");
  for (int i = 1; i <= 29; ++i) make_unreadable(i);
  find_it();
  EXPECT_EQ(numbers(), (std::vector<std::int64_t>{30}));
  EXPECT_EQ(spool->dropped(), 29);
  EXPECT_EQ(files_that_end_with(".unreadable"), 16);
}

TEST_F(SpoolTest, AnEventThatGoesBadWhileTheAgentRunsIsCountedBeforeTheNextIsSent) {
  for (int i = 1; i <= 3; ++i) add(1, 10 * i, "{\"n\":" + std::to_string(i) + "}");
  replace_in(segment(1), "n\\\":2", "m\\\":2");
  EXPECT_EQ(numbers(), (std::vector<std::int64_t>{1, 3}));
  EXPECT_EQ(spool->dropped(), 1);
}

TEST_F(SpoolTest, WhatTheServerHasIsNeitherReadNorNumberedAgainWhenItsLineIsLost) {
  for (int i = 1; i <= 3; ++i) add(1, 10 * i, "{\"n\":" + std::to_string(i) + "}");
  acknowledge(3);
  replace_in(segment(1), "n\\\":3", "m\\\":3");
  for (int start = 0; start < 2; ++start) {
    reopen();
    EXPECT_EQ(spool->offset_of(1), 30);
  }
  add(1, 40, "{\"n\":4}");
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ(numbers(), (std::vector<std::int64_t>{4}));
    EXPECT_EQ(spool->dropped(), 0);
    EXPECT_EQ(spool->offset_of(1), 40);
    reopen();
  }
}

// An agent whose disk lost events that the server has.
class BehindTheServer : public SpoolTest {
 protected:
  // As a start that has not heard of the server yet.
  void start() {
    spool.reset();
    auto opened = Spool::open(data.folder(), limits, log);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    spool = std::move(opened.value());
  }
  std::vector<std::string> bodies() {
    std::vector<std::string> found;
    for (const EventReport& event : spool->batch(1000)) found.push_back(event.body);
    return found;
  }
};

TEST_F(BehindTheServer, NothingIsSentBeforeTheServerHasSaidHowFarItIs) {
  start();
  add(1, 10, "{}");
  EXPECT_TRUE(numbers().empty());
  EXPECT_TRUE(spool->has_waiting());
  acknowledge(0);
  EXPECT_EQ(numbers(), (std::vector<std::int64_t>{1}));
}

TEST_F(BehindTheServer, WhatWasWrittenSinceTheStartGoesOnBehindWhatTheServerHas) {
  limits.segment_bytes = 200;  // two events
  for (std::int64_t ahead : {3, 4, 9, 500}) {
    std::filesystem::remove_all(data.path("events"));
    start();
    acknowledge(0);
    add(1, 10, "\"old\"");
    start();
    for (int i = 2; i <= 6; ++i) add(1, 10 * i, std::to_string(i));
    acknowledge(ahead);
    for (int begin = 0; begin < 2; ++begin) {
      std::vector<std::int64_t> expected;
      for (int i = 1; i <= 5; ++i) expected.push_back(ahead + i);
      EXPECT_EQ(numbers(), expected);
      EXPECT_EQ(bodies(), (std::vector<std::string>{"2", "3", "4", "5", "6"}));
      EXPECT_EQ(spool->dropped(), 0);
      EXPECT_EQ(spool->offset_of(1), 60);
      EXPECT_EQ(Spool::summarize(data.folder()).value().waiting, 5);
      reopen();
    }
    add(1, 70, "7");
    EXPECT_EQ(numbers().back(), ahead + 6);
  }
}

TEST_F(BehindTheServer, NewNumbersAreAllThereOrNoneWhenTheAgentDiesInBetween) {
  start();
  add(1, 10, "1");
  add(1, 20, "2");
  const std::string mark = data.path("events/mark"), unsent = data.path("events/unsent");
  const std::string old_mark = slurp(mark), old_segment = slurp(segment(1));
  const std::string old_unsent = slurp(unsent);
  for (bool mark_was_written : {true, false}) {
    acknowledge(7);
    write_file(segment(1), old_segment);
    write_file(unsent, old_unsent);
    if (!mark_was_written) write_file(mark, old_mark);
    reopen();
    EXPECT_EQ(numbers(), (std::vector<std::int64_t>{8, 9}));
    EXPECT_FALSE(std::filesystem::exists(segment(1)));
    EXPECT_EQ(files_that_end_with(".events"), 1);
  }
}

TEST_F(BehindTheServer, WhatSeveralAgentsWroteWithoutTheServerGetsNewNumbersToo) {
  for (int i = 1; i <= 3; ++i) {
    start();
    add(1, 10 * i, std::to_string(i));
  }
  acknowledge(500);
  EXPECT_EQ(numbers(), (std::vector<std::int64_t>{501, 502, 503}));
  EXPECT_EQ(bodies(), (std::vector<std::string>{"1", "2", "3"}));
}

TEST_F(BehindTheServer, WhatWasSentWhileTheDiskWasFullIsNotSentOnceMoreUnderNewNumbers) {
  add(1, 10, "1");
  add(1, 20, "2");
  acknowledge(2);
  start();
  add(1, 30, "3");
  add(1, 40, "4");
  {
    FullDisk full;
    spool->acknowledge(2);
    EXPECT_EQ(numbers(), (std::vector<std::int64_t>{3, 4}));
    spool->acknowledge(4);
  }
  start();
  acknowledge(4);
  EXPECT_TRUE(numbers().empty()) << numbers().front();
  EXPECT_EQ(spool->last_number(), 4);
  EXPECT_EQ(spool->dropped(), 0);
}

TEST_F(BehindTheServer, EventsWaitWhileNewNumbersCannotBeWritten) {
  start();
  add(1, 10, "1");
  const std::string in_the_way = data.path("events/0000000000000000008.1.events");
  std::filesystem::create_directory(in_the_way);
  acknowledge(7);
  EXPECT_TRUE(numbers().empty());
  EXPECT_TRUE(spool->has_waiting());
  std::filesystem::remove(in_the_way);
  acknowledge(7);
  EXPECT_EQ(numbers(), (std::vector<std::int64_t>{8}));
  EXPECT_EQ(spool->dropped(), 0);
}

}  // namespace
}  // namespace duru::agent
