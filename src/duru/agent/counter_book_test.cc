// The counter book: never backwards, whatever a workload writes and whenever an agent dies.
#include "duru/agent/counter_book.h"

#include <gtest/gtest.h>

#include <limits>

#include "duru/agent/testing.h"
#include "duru/base/clock.h"

namespace duru::agent {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

class CounterBookTest : public testing::Test {
 protected:
  std::int64_t inferences_after(std::int64_t run, std::int64_t run_inferences) {
    book.tick({.run = run, .serving = true, .run_inferences = run_inferences});
    return book.counters().inferences;
  }

  TestFolder data;
  Log log;
  CounterBook book{data.folder(), log};
};

TEST_F(CounterBookTest, ARunThatAnAgentDiedBeforeNotingCountsOnTopOfTheOneBefore) {
  book.begin_run(1);
  EXPECT_EQ(inferences_after(1, 100), 100);
  book.save_now();
  CounterBook next(data.folder(), log);
  next.tick({.run = 2, .serving = true, .run_inferences = 7});
  EXPECT_EQ(next.counters().inferences, 107);
}

TEST_F(CounterBookTest, ABookThatIsLostGoesOnFromWhatTheServerKnew) {
  book.settle({});
  book.begin_run(1);
  EXPECT_EQ(inferences_after(1, 100), 100);
  book.save_now();
  write_file(data.path("counters"), "damaged");
  CounterBook next(data.folder(), log);
  EXPECT_FALSE(next.is_settled());
  // The run that was under way had counted 120 by now, which the server may know.
  next.tick({.run = 1, .serving = true, .run_inferences = {}});
  next.tick({.run = 1, .serving = true, .run_inferences = 120});
  next.tick({.run = 1, .serving = true, .run_inferences = 125});
  next.count_restart();
  next.settle({hours(9000), 1100, 7, 3});
  EXPECT_TRUE(next.is_settled());
  EXPECT_EQ(next.counters().inferences, 1105);
  EXPECT_EQ(next.counters().restarts, 8);
  EXPECT_GE(next.counters().up, hours(9000));
  next.settle({hours(9000), 1100, 7, 3});
  CounterBook last(data.folder(), log);
  last.tick({.run = 2, .serving = true, .run_inferences = 9});
  EXPECT_EQ(last.counters().inferences, 1114);
  EXPECT_TRUE(last.is_settled());
}

TEST_F(CounterBookTest, OneRunCountsAtMostTenToTheFifteenth) {
  book.begin_run(1);
  EXPECT_EQ(inferences_after(1, kMax), 1'000'000'000'000'000);
  EXPECT_EQ(inferences_after(2, 5), 1'000'000'000'000'005);
  EXPECT_EQ(inferences_after(2, -9), 1'000'000'000'000'005);
}

TEST_F(CounterBookTest, SumsStayAtTheLargestNumberThereIs) {
  CounterRecord record;
  record.run = 1;
  record.inferences_before = kMax - 10;
  record.restarts = kMax;
  ASSERT_TRUE(save(data.folder(), "counters", record).ok());
  CounterBook full(data.folder(), log);
  full.tick({.run = 1, .serving = true, .run_inferences = 50});
  full.begin_run(2);
  full.count_restart();
  EXPECT_EQ(full.counters().inferences, kMax);
  EXPECT_EQ(full.counters().restarts, kMax);
}

TEST_F(CounterBookTest, KnowsOverARestartWhenTheEventsOfThisRunInThisBootWereReadLast) {
  book.begin_run(1);
  book.tick({.run = 1, .serving = true, .run_inferences = {}, .read_at = seconds(50)});
  const CounterBook next(data.folder(), log);
  EXPECT_EQ(next.read_at(1, boot_id()), seconds(50));
  EXPECT_EQ(next.read_at(2, boot_id()), Milliseconds(0));
  EXPECT_EQ(next.read_at(1, std::string(32, 'e')), Milliseconds(0));
}

}  // namespace
}  // namespace duru::agent
