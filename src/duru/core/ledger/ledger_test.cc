#include "duru/core/ledger/ledger.h"

#include <gtest/gtest.h>

#include "duru/base/wire.h"
#include "duru/core/testing/rig.h"

namespace duru::testing {
namespace {

class LedgerTest : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(rig.problems(), ""); }
  // The classes of an accelerator's time since the start: "idle 0-10s; used 10s-".
  std::string history(const char* node_name, std::int32_t index) const {
    const AcceleratorId id{NodeName(node_name), index};
    std::string text;
    for (const Interval& interval : rig.intervals()) {
      if (interval.accelerator == id) text += line(interval, true);
    }
    for (const Interval& interval : rig.ledger().open_intervals(rig.now())) {
      if (interval.accelerator == id) text += line(interval, false);
    }
    return text;
  }
  static std::string line(const Interval& interval, bool closed) {
    std::string text;
    for (const EnumName& name : type_of<TimeClass>().enum_names) {
      if (name.value == static_cast<std::int64_t>(interval.time_class)) text = name.name;
    }
    text += " " + std::to_string(since(interval.from, Rig::kStart).value / 1000) + "-";
    if (closed) text += std::to_string(since(interval.to, Rig::kStart).value / 1000);
    return text + "; ";
  }
  Usage usage() const { return rig.usage(Rig::kStart, rig.now()); }
  Rig rig{{node("a", kH100, 2)}};
};

TEST_F(LedgerTest, TimeGoesFromIdleToUsedToFailedUntilTheTreeIsEmptyToIdle) {
  rig.advance(seconds(10));
  const JobId id = rig.submit(gpu_job("j"));
  rig.advance(seconds(10));
  rig.start(id);
  rig.advance(seconds(10));
  rig.end(id, rig.exited(0));
  rig.advance(seconds(10));
  rig.release(id);
  EXPECT_EQ(history("a", 0), "idle 0-10; used 10-30; failed 30-40; idle 40-; ");
  EXPECT_EQ(history("a", 1), "idle 0-; ");
}

TEST_F(LedgerTest, ARecordedEndThatIsEarlierThanItsReportCounts) {
  const JobId id = rig.submit(gpu_job("j"));
  rig.advance(seconds(100));
  TaskObserved report = rig.report(id);
  report.end = rig.exited(0);
  report.end->ended_at = Rig::kStart + seconds(40);
  report.released_at = Rig::kStart + seconds(41);
  rig.apply(report);
  EXPECT_EQ(history("a", 0), "used 0-40; failed 40-41; idle 41-; ");
  EXPECT_EQ(rig.charges().at(0).to, Rig::kStart + seconds(40));
}

TEST_F(LedgerTest, WhatIsUnhealthyOrOnADownNodeIsFailed) {
  rig.advance(seconds(1));
  rig.apply(MarkAccelerator{{NodeName("a"), 0}, false, "hot"});
  rig.advance(seconds(1));
  rig.apply(NodeObserved{NodeName("a"), false, "lost"});
  rig.advance(seconds(1));
  rig.apply(NodeObserved{NodeName("a"), true, ""});
  rig.advance(seconds(1));
  rig.apply(MarkAccelerator{{NodeName("a"), 0}, true, ""});
  EXPECT_EQ(history("a", 0), "idle 0-1; failed 1-4; idle 4-; ");
  EXPECT_EQ(history("a", 1), "idle 0-2; failed 2-3; idle 3-; ");
}

TEST_F(LedgerTest, WhatIsCordonedOrDrainedIsMaintenanceUnlessItIsUsedOrFailed) {
  const JobId id = rig.submit(gpu_job("j"));
  rig.advance(seconds(1));
  rig.apply(DrainNode{NodeName("a"), hours(1), ""});
  rig.advance(seconds(1));
  rig.finish(id, 0);
  rig.advance(seconds(1));
  rig.apply(MarkAccelerator{{NodeName("a"), 1}, false, "hot"});
  rig.advance(seconds(1));
  rig.apply(UncordonNode{NodeName("a")});
  EXPECT_EQ(history("a", 0), "used 0-2; maintenance 2-4; idle 4-; ");
  EXPECT_EQ(history("a", 1), "idle 0-1; maintenance 1-3; failed 3-; ");
}

TEST_F(LedgerTest, AnAcceleratorThatIsUsedIsUsedAlsoWhenItIsUnhealthy) {
  rig.submit(gpu_job("j"));
  rig.advance(seconds(1));
  rig.apply(MarkAccelerator{{NodeName("a"), 0}, false, "hot"});
  rig.apply(NodeObserved{NodeName("a"), false, "lost"});
  EXPECT_EQ(history("a", 0), "used 0-; ");
}

TEST_F(LedgerTest, TheTimeOfANodeThatIsRemovedIsClosedAndBeginsAnewWhenItReturns) {
  rig.advance(seconds(5));
  rig.apply(RemoveNode{NodeName("a")});
  rig.advance(seconds(5));
  rig.fleet({node("a", kH100, 2)});
  EXPECT_EQ(history("a", 0), "idle 0-5; idle 10-; ");
}

TEST_F(LedgerTest, AnAcceleratorThatBecomesAnotherChipBeginsAnew) {
  rig.advance(seconds(5));
  rig.fleet({node("a", kA100, 2)});
  ASSERT_EQ(rig.intervals().size(), 2U);
  EXPECT_EQ(rig.intervals()[0].chip.str(), kH100);
  EXPECT_EQ(rig.ledger().open_intervals(rig.now())[0].chip.str(), kA100);
  EXPECT_EQ(history("a", 0), "idle 0-5; idle 5-; ");
}

TEST_F(LedgerTest, TheFiveClassesSumToTheCapacity) {
  rig.advance(Milliseconds(1234));
  const JobId id = rig.submit(gpu_job("j"));
  rig.advance(Milliseconds(5678));
  rig.apply(CordonNode{NodeName("a"), ""});
  rig.advance(Milliseconds(1));
  rig.end(id, rig.exited(0));
  rig.advance(Milliseconds(87));
  rig.release(id);
  rig.advance(Milliseconds(1000));
  const Usage account = usage();
  EXPECT_EQ(account.used_accelerator_seconds, "5.679");
  EXPECT_EQ(account.failed_accelerator_seconds, "0.087");
  EXPECT_EQ(account.maintenance_accelerator_seconds, "2.088");
  EXPECT_EQ(account.idle_accelerator_seconds, "8.146");
  EXPECT_EQ(account.foreign_accelerator_seconds, "0");
  EXPECT_EQ(account.capacity_accelerator_seconds, "16");
}

TEST_F(LedgerTest, AJobIsChargedWhatItHeldFromTheDecisionToItsEnd) {
  JobSpec spec = gpu_job("j", 2);
  spec.cpu = MilliCpu(1500);
  const JobId id = rig.submit(spec);
  rig.advance(minutes(6));
  rig.finish(id, 0);
  rig.advance(hours(1));
  const Usage account = usage();
  ASSERT_EQ(account.items.size(), 1U);
  const UsageItem& item = account.items[0];
  EXPECT_EQ(item.project, "default");
  EXPECT_EQ(item.job, "j");
  EXPECT_EQ(item.job_id, id.str());
  EXPECT_EQ(item.chip, kH100);
  EXPECT_EQ(item.track, Track::kGpu);
  EXPECT_TRUE(item.emulated);
  EXPECT_EQ(item.accelerator_seconds, "720");
  EXPECT_EQ(item.cpu_seconds, "540");
  EXPECT_EQ(item.energy_joules, "252000") << "2 × 360 s × 350 W";
  EXPECT_EQ(item.energy_method, "modelled");
  EXPECT_EQ(item.energy_source, "published watts × held time");
  EXPECT_EQ(item.cost_credits, "0.5") << "0.2 h × 2.5";
}

TEST_F(LedgerTest, WithoutWattsThereIsNoEnergyWhichIsNotZero) {
  rig.fleet({node("n", kAries, 1)});
  JobSpec spec = job("j");
  spec.variants = {{ChipName("aries"), {}, {}, "", {}}};
  rig.submit(spec);
  rig.advance(seconds(1));
  EXPECT_FALSE(usage().items.at(0).energy_joules.has_value());
  EXPECT_EQ(usage().items.at(0).energy_method, "none");
}

TEST_F(LedgerTest, WorkWithoutAcceleratorIsListedAndCostsNothing) {
  rig.submit(job("j"));
  rig.advance(seconds(10));
  const UsageItem item = usage().items.at(0);
  EXPECT_EQ(item.chip, "");
  EXPECT_EQ(item.accelerator_seconds, "0");
  EXPECT_EQ(item.cpu_seconds, "10");
  EXPECT_EQ(item.cost_credits, "0");
}

TEST_F(LedgerTest, ThePriceOfTheDecisionCounts) {
  const JobId first = rig.submit(gpu_job("first"));
  std::vector<Chip> dearer = chips();
  dearer[0].price = MicroCredits(5'000'000);
  rig.apply(DefineFleet{dearer, {}, {}});
  rig.submit(gpu_job("second"));
  rig.advance(hours(1));
  rig.finish(first, 0);
  std::map<std::string, std::string> costs;
  for (const UsageItem& item : usage().items) costs[item.job] = item.cost_credits;
  EXPECT_EQ(costs["first"], "2.5");
  EXPECT_EQ(costs["second"], "5");
}

TEST_F(LedgerTest, EachAttemptIsChargedAndOneJobIsOneLine) {
  JobSpec spec = gpu_job("j");
  spec.retries.limit = 1;
  const JobId id = rig.submit(spec);
  rig.advance(seconds(10));
  rig.finish(id, 1);
  rig.run_until(rig.now() + seconds(1));
  rig.advance(seconds(5));
  rig.finish(id, 0);
  EXPECT_EQ(rig.charges().size(), 2U);
  ASSERT_EQ(usage().items.size(), 1U);
  EXPECT_EQ(usage().items[0].accelerator_seconds, "15");
}

TEST_F(LedgerTest, CostIsRoundedHalfUpOnceALine) {
  // 2,500,000 micro-credits an hour × 1 ms = 0.694… micro-credits; 3 ms = 2.08…
  const JobId id = rig.submit(gpu_job("j"));
  rig.advance(Milliseconds(1));
  EXPECT_EQ(usage().items.at(0).cost_credits, "0.000001");
  rig.advance(Milliseconds(2));
  EXPECT_EQ(usage().items.at(0).cost_credits, "0.000002");
  rig.finish(id, 0);
  EXPECT_EQ(rig.usage(Rig::kStart, Rig::kStart + Milliseconds(2)).items.at(0).cost_credits,
            "0.000001")
      << "1.39 micro-credits";
}

TEST_F(LedgerTest, ASpanTakesWhatLiesInIt) {
  rig.advance(seconds(10));
  const JobId id = rig.submit(gpu_job("j"));
  rig.advance(seconds(10));
  rig.finish(id, 0);
  rig.advance(seconds(10));
  const Usage account = rig.usage(Rig::kStart + seconds(15), Rig::kStart + seconds(25));
  EXPECT_EQ(account.capacity_accelerator_seconds, "20");
  EXPECT_EQ(account.used_accelerator_seconds, "5");
  EXPECT_EQ(account.items.at(0).accelerator_seconds, "5");
  EXPECT_TRUE(rig.usage(Rig::kStart, Rig::kStart + seconds(10)).items.empty());
  EXPECT_TRUE(rig.usage(Rig::kStart + seconds(20), rig.now()).items.empty());
}

TEST_F(LedgerTest, SpansSideBySideSumToTheWhole) {
  const JobId id = rig.submit(gpu_job("j"));
  rig.advance(Milliseconds(777));
  rig.finish(id, 0);
  rig.advance(Milliseconds(223));
  const Timestamp middle = Rig::kStart + Milliseconds(333);
  const Usage first = rig.usage(Rig::kStart, middle);
  const Usage second = rig.usage(middle, rig.now());
  EXPECT_EQ(first.used_accelerator_seconds, "0.333");
  EXPECT_EQ(second.used_accelerator_seconds, "0.444");
  EXPECT_EQ(usage().used_accelerator_seconds, "0.777");
}

TEST_F(LedgerTest, ComesBackFromItsRecord) {
  rig.submit(gpu_job("j"));
  rig.advance(seconds(5));
  rig.apply(CordonNode{NodeName("a"), ""});
  const LedgerRecord record = rig.ledger().record();
  EXPECT_EQ(record.intervals.size(), 2U);
  EXPECT_EQ(record.charges.size(), 1U);
  EXPECT_EQ(encode(Ledger::from_record(record).record()), encode(record));
}

TEST_F(LedgerTest, WhatIsMeasuredAndWhatIsAssumedAreLinesOfTheirOwn) {
  JobSpec spec = gpu_job("j");
  spec.retries.limit = 1;
  const JobId id = rig.submit(spec);
  rig.advance(seconds(10));
  rig.finish(id, 1);
  std::vector<Chip> measured = chips();
  measured[0].watts_kind = FigureKind::kMeasured;
  rig.apply(DefineFleet{measured, {}, {}, false});
  rig.run_until(rig.now() + seconds(1));
  rig.advance(seconds(5));
  rig.finish(id, 0);
  std::map<std::string, std::string> joules;
  for (const UsageItem& item : usage().items) joules[item.energy_source] = *item.energy_joules;
  EXPECT_EQ(joules["published watts × held time"], "3500");
  EXPECT_EQ(joules["measured watts × held time"], "1750");
}

}  // namespace
}  // namespace duru::testing
