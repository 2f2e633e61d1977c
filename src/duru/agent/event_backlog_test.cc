// A workload that writes faster than its events can be kept: the newest stay, all are counted.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "duru/agent/event_tail.h"
#include "duru/agent/testing.h"

namespace duru::agent {
namespace {

class Backlog : public testing::Test {
 protected:
  void SetUp() override {
    limits.bytes_max = 64 << 20;
    reopen();
  }
  void reopen() {
    spool.reset();
    auto opened = Spool::open(data.folder(), limits, log);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    spool = std::move(opened.value());
  }
  // Events {"n":FIRST,...} on, of about 1 KiB.
  void write_events(int first, int count) {
    std::string text;
    for (int n = first; n < first + count; ++n) {
      text += "{\"n\":" + std::to_string(n) + ",\"padding\":\"" + std::string(1000, 'x') + "\"}\n";
    }
    append_to(path, text);
  }
  // How often it was to be called.
  int move_all(EventTail& tail) {
    for (int calls = 1;; ++calls) {
      auto moved = tail.move(*spool, 1);
      EXPECT_TRUE(moved.ok());
      if (!moved.ok() || !moved.value().more) return calls;
    }
  }

  TestFolder data;
  Log log;
  SpoolLimits limits;
  std::unique_ptr<Spool> spool;
  const std::string path = data.path("events.jsonl");
};

TEST_F(Backlog, WhatTheSpoolCouldHoldIsTakenWhole) {
  write_events(1, 8000);
  EventTail tail(path, 0, {});
  move_all(tail);
  EXPECT_EQ(spool->last_number(), 8000);
  EXPECT_EQ(spool->dropped(), 0);
}

TEST_F(Backlog, BeyondThatTheOldestAreDroppedAndEachIsCountedAndNumbered) {
  write_events(1, 40'000);
  append_to(path, "\nno event\n");
  EventTail tail(path, 0, {});
  EXPECT_LT(move_all(tail), 200);
  const auto summary = Spool::summarize(data.folder());
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(spool->last_number(), 40'000);
  EXPECT_GT(spool->dropped(), 30'000);
  EXPECT_EQ(summary.value().waiting + spool->dropped(), 40'000);
  EXPECT_EQ(tail.rejected(), 1);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_LT(status.st_blocks * 512, 2 << 20) << "what was passed over is given back to the disk";
}

TEST_F(Backlog, TheCountIsTheSameWhoeverDiesInBetween) {
  write_events(1, 20'000);
  for (bool passes = true; passes;) {
    reopen();
    EventTail tail(path, spool->offset_of(1), {});
    auto moved = tail.move(*spool, 1);
    ASSERT_TRUE(moved.ok());
    passes = moved.value().dropped > 0;
    tail.read();  // and dies
  }
  reopen();
  EventTail tail(path, spool->offset_of(1), {});
  move_all(tail);
  EXPECT_EQ(spool->last_number(), 20'000);
  EXPECT_EQ(Spool::summarize(data.folder()).value().waiting + spool->dropped(), 20'000);
}

TEST_F(Backlog, NoCountIsLostWhereTheLastOfAPartOnlyLooksLikeAnEvent) {
  write_events(1, 900);
  for (int i = 0; i < 400; ++i) append_to(path, "{" + std::string(3000, 't') + "\n");
  write_events(901, 11'100);
  EventTail dies(path, 0, {});
  for (int part = 0; part < 2; ++part) ASSERT_TRUE(dies.move(*spool, 1).ok());
  reopen();
  EventTail tail(path, spool->offset_of(1), {});
  move_all(tail);
  EXPECT_GE(spool->last_number(), 12'000);
  EXPECT_EQ(Spool::summarize(data.folder()).value().waiting + spool->dropped(),
            spool->last_number());
}

TEST_F(Backlog, APartWithoutAWholeEventIsPassedOverAndNothingIsLostFromTheCount) {
  write_events(1, 1);
  append_to(path, std::string(3 << 20, 'y') + "\n");
  write_events(2, 500);
  append_to(path, "{" + std::string(3 << 20, 'z') + "\n");
  write_events(502, 8000);
  EventTail tail(path, 0, {});
  move_all(tail);
  EXPECT_EQ(tail.rejected(), 2);
  EXPECT_EQ(spool->last_number(), 8501);
  EXPECT_EQ(Spool::summarize(data.folder()).value().waiting + spool->dropped(), 8501);
}

}  // namespace
}  // namespace duru::agent
