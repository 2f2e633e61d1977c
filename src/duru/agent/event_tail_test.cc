// The tail: whole lines, once each, and when they were written.
#include "duru/agent/event_tail.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>

#include "duru/agent/testing.h"
#include "duru/base/clock.h"

namespace duru::agent {
namespace {

class Tail : public testing::Test {
 protected:
  std::vector<std::string> take(EventTail& tail) {
    std::vector<std::string> bodies;
    for (const Spool::Line& line : tail.read()) bodies.push_back(line.body);
    tail.done();
    return bodies;
  }
  Milliseconds now() const { return Milliseconds(boottime_ms()); }
  // Read to its end `ago`; the wall clock is now ahead by `set_by` of what it was.
  ReadUpTo read(Milliseconds ago, Milliseconds set_by = {}) const {
    return {boot_id(), now() - ago, wall_time() - now() - set_by};
  }
  // Writes an event, as if so long ago; returns what the server would be told of it.
  EventReport move(EventTail& tail, Milliseconds age) {
    append_to(path, "{}\n");
    const Timestamp at = wall_time() - age;
    const std::array<timespec, 2> times = {
        {{0, UTIME_OMIT}, {at.value / 1000, at.value % 1000 * 1'000'000}}};
    EXPECT_EQ(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0);
    EXPECT_TRUE(tail.move(*spool, 1).ok());
    return spool->batch(1000).back();
  }

  TestFolder data;
  Log log;
  std::unique_ptr<Spool> spool = std::move(Spool::open(data.folder(), {}, log).value());
  void SetUp() override { spool->acknowledge(0); }
  const std::string path = data.path("events.jsonl");
};

TEST_F(Tail, TakesWholeLinesOnly) {
  EventTail tail(path, 0, read({}));
  EXPECT_TRUE(take(tail).empty());
  append_to(path, "{\"a\":1}\n{\"a\":");
  EXPECT_EQ(take(tail), std::vector<std::string>{"{\"a\":1}"});
  EXPECT_TRUE(take(tail).empty());
  append_to(path, "2}\n");
  EXPECT_EQ(take(tail), std::vector<std::string>{"{\"a\":2}"});
}

TEST_F(Tail, GivesTheSameLinesAgainUntilTheyAreDone) {
  append_to(path, "{\"a\":1}\n");
  EventTail tail(path, 0, read({}));
  EXPECT_EQ(tail.read().size(), 1U);
  EXPECT_EQ(tail.read().size(), 1U);
  tail.done();
  EXPECT_TRUE(tail.read().empty());
}

TEST_F(Tail, PassesOverWhatIsNoEventHoweverLong) {
  const std::string longest = "{\"a\":\"" + std::string(kEventBytesMax - 8, 'x') + "\"}";
  const std::string deep = "{\"a\":" + std::string(20, '[') + std::string(20, ']') + "}";
  append_to(path, "no\n{\"a\":1}\n[2]\n\n" + deep + "\n" + longest + "\n{" + longest + "}\n");
  append_to(path, std::string(200'000, 'y') + "\n{\"a\":3}\n");
  EventTail tail(path, 0, read({}));
  std::vector<std::string> bodies;
  for (int part = 0; part < 10; ++part) {
    for (const std::string& body : take(tail)) bodies.push_back(body);
  }
  EXPECT_EQ(bodies, (std::vector<std::string>{"{\"a\":1}", longest, "{\"a\":3}"}));
  EXPECT_EQ(tail.rejected(), 5);
}

TEST_F(Tail, GivesReadBytesBackToTheDiskAndReadsOn) {
  EventTail tail(path, 0, read({}));
  const std::string line = "{\"a\":\"" + std::string(4000, 'x') + "\"}\n";
  std::size_t count = 0;
  for (int i = 0; i < 600; ++i) append_to(path, line);
  for (std::size_t got = 1; got > 0; count += got) got = take(tail).size();
  EXPECT_EQ(count, 600U);
  append_to(path, "{\"last\":1}\n");
  EXPECT_EQ(take(tail), std::vector<std::string>{"{\"last\":1}"});
  EXPECT_EQ(std::filesystem::file_size(path), 600 * line.size() + 11);
}

TEST_F(Tail, AnEventBehindWhatWasGivenBackIsTakenByTheNextAgentToo) {
  const std::string first = "{\"first\":1}\n", rest = std::string(99, 'y') + "\n";
  for (std::size_t lines : {0U, 10'000U, 11'000U, 40'000U}) {
    write_file(path, first);
    EventTail before(path, 0, read({}));
    EXPECT_EQ(take(before).size(), 1U);
    for (std::size_t line = 0; line < lines; line += 1000) {
      std::string text;
      for (int i = 0; i < 1000; ++i) text += rest;
      append_to(path, text);
    }
    for (int part = 0; part < 100; ++part) EXPECT_TRUE(take(before).empty());
    append_to(path, "{\"last\":1}\n");
    EventTail tail(path, static_cast<std::int64_t>(first.size()), read({}));
    std::vector<std::string> bodies;
    for (int part = 0; part < 100; ++part) {
      for (const std::string& body : take(tail)) bodies.push_back(body);
    }
    EXPECT_EQ(bodies, std::vector<std::string>{"{\"last\":1}"}) << lines;
  }
}

TEST_F(Tail, AnEventHappenedAsItIsRead) {
  EventTail tail(path, 0, read(Milliseconds(100)));
  for (int times = 0; times < 2; ++times) {
    const EventReport event = move(tail, Milliseconds(0));
    EXPECT_LT(event.age->value, 10'000);
    EXPECT_EQ(event.uncertainty, Milliseconds(0));
  }
}

TEST_F(Tail, AnEventThatNoAgentSawHappenedBetweenTheLastLookAndTheFilesLastChange) {
  EventTail tail(path, 0, read(seconds(300)));
  const EventReport event = move(tail, seconds(100));
  EXPECT_NEAR(static_cast<double>(event.age->value), 200'000, 10'000);
  EXPECT_NEAR(static_cast<double>(event.uncertainty.value), 100'000, 10'000);
  // From here on the file was looked at.
  EXPECT_EQ(move(tail, Milliseconds(0)).uncertainty, Milliseconds(0));
}

TEST_F(Tail, AWallClockThatWasSetSaysNothing) {
  for (Milliseconds set_by : {hours(1), Milliseconds(-hours(1).value)}) {
    EventTail tail(path, 0, read(seconds(300), set_by));
    const EventReport event = move(tail, seconds(100));
    EXPECT_NEAR(static_cast<double>(event.age->value), 150'000, 10'000);
    EXPECT_NEAR(static_cast<double>(event.uncertainty.value), 150'000, 10'000);
  }
}

TEST_F(Tail, AnEventOfAnEarlierBootHasThatBootsTime) {
  const std::string earlier(32, 'e');
  // Its clock was 1000 s when the wall clock said what it said 300 s ago.
  const Timestamp wall_zero = wall_time() - seconds(1300);
  EventTail tail(path, 0, {earlier, seconds(1000), wall_zero});
  const EventReport event = move(tail, seconds(100));
  EXPECT_FALSE(event.age.has_value());
  EXPECT_NEAR(static_cast<double>(event.uncertainty.value), 100'000, 10'000);
  const std::string stored = slurp(data.path("events/0000000000000000001.events"));
  EXPECT_NE(stored.find("\"boot_id\":\"" + earlier + "\",\"at\":\"18m"), std::string::npos)
      << stored;

  EventTail confused(path, 0, {earlier, seconds(9000), wall_zero});
  const EventReport unknown = move(confused, seconds(100));
  EXPECT_FALSE(unknown.age.has_value() || unknown.server_time.has_value());
  EXPECT_EQ(unknown.uncertainty, Milliseconds(0));
}

TEST_F(Tail, WhatTheDiskDidNotTakeIsAsOldAsItIs) {
  EventTail tail(path, 0, read(seconds(300)));
  append_to(path, "{}\n");
  (void)tail.read();  // and it could not be kept
  EXPECT_GT(move(tail, Milliseconds(0)).uncertainty, seconds(100));
}

}  // namespace
}  // namespace duru::agent
