#include "duru/core/explain/explain.h"

#include <gtest/gtest.h>

#include "duru/core/testing/rig.h"

namespace duru::testing {
namespace {

class Explain : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(rig.problems(), ""); }
  Reason why(const JobId& id) const { return explain(rig.state(), rig.job(id), rig.now()); }
  void expect(const JobId& id, ReasonCode code, const std::string& detail) const {
    const Reason reason = why(id);
    EXPECT_EQ(reason.code, code);
    EXPECT_EQ(reason.detail, detail);
  }
  Rig rig{{node("a", kH100, 4)}};
};

TEST_F(Explain, AJobThatDoesNotWaitHasNoReason) {
  const JobId id = rig.submit(gpu_job("j"));
  expect(id, ReasonCode::kNone, "");
  rig.finish(id, 0);
  expect(id, ReasonCode::kNone, "");
}

TEST_F(Explain, NamesTheHoldersAndTheLatestTimeByTheirLimits) {
  JobSpec holder = gpu_job("holder", 4);
  holder.time_limit = minutes(10);
  const JobId first = rig.submit(holder);
  rig.start(first);
  const Timestamp ends_at = rig.now() + minutes(10);
  const JobId id = rig.submit(gpu_job("next"));
  expect(id, ReasonCode::kNoCapacity,
         "needs 1 × a gpu chip; 0 of 4 are free; held by holder, until " +
             format_timestamp(ends_at) + " at the latest");
  EXPECT_EQ(why(id).until, ends_at);
  const JobId behind = rig.submit(gpu_job("behind"));
  EXPECT_FALSE(why(behind).until.has_value()) << "a bound holds for the first in line alone";
}

TEST_F(Explain, NamesTheJobsThatItWaitsFor) {
  const JobId x = rig.submit(gpu_job("x"));
  rig.submit(gpu_job("y"));
  JobSpec spec = job("j");
  spec.after = {"x", "y"};
  const JobId id = rig.submit(spec);
  expect(id, ReasonCode::kDependency, "waits for x, y");
  EXPECT_EQ(why(id).figures.at("jobs_waited_for"), 2);
  rig.finish(x, 0);
  expect(id, ReasonCode::kDependency, "waits for y");
}

TEST_F(Explain, SaysUntilWhenABackoffLasts) {
  JobSpec spec = job("j");
  spec.retries.limit = 1;
  const JobId id = rig.submit(spec);
  TaskEnd end = rig.exited(1);
  end.detail = "out of memory";
  rig.finish(id, end);
  const Reason reason = why(id);
  EXPECT_EQ(reason.code, ReasonCode::kStartingBackoff);
  EXPECT_EQ(reason.until, rig.now() + seconds(1));
  EXPECT_EQ(reason.figures.at("retries_used"), 1);
  EXPECT_EQ(reason.detail,
            "the last attempt did not succeed (out of memory); the next one starts at " +
                format_timestamp(rig.now() + seconds(1)));
}

TEST_F(Explain, GivesTheFiguresOfWhatIsTooLittle) {
  rig.submit(gpu_job("holder", 3));
  const JobId id = rig.submit(gpu_job("j", 2));
  expect(id, ReasonCode::kNoCapacity,
         "needs 2 × a gpu chip on one node; 1 of 4 are free; held by holder");
  const Reason reason = why(id);
  EXPECT_EQ(reason.figures.at("accelerators_wanted"), 2);
  EXPECT_EQ(reason.figures.at("accelerators_free"), 1);
  EXPECT_EQ(reason.figures.at("accelerators"), 4);
  EXPECT_EQ(reason.figures.at("jobs_ahead"), 0);
}

TEST_F(Explain, SaysWhatIsOutOfService) {
  rig.submit(gpu_job("holder", 2));
  rig.apply(MarkAccelerator{{NodeName("a"), 3}, false, "hot"});
  expect(rig.submit(gpu_job("j", 2)), ReasonCode::kNoCapacity,
         "needs 2 × a gpu chip on one node; 1 of 4 are free, 1 out of service; held by holder");
}

TEST_F(Explain, SaysWhenCpuIsWhatIsShort) {
  JobSpec hog = job("hog");
  hog.cpu = MilliCpu(63'000);
  rig.submit(hog);
  JobSpec spec = gpu_job("j");
  spec.cpu = MilliCpu(2000);
  expect(rig.submit(spec), ReasonCode::kNoCapacity,
         "needs 1 × a gpu chip; 4 of 4 are free, but too little cpu beside them: 1 of 64 cpu are "
         "free; held by hog");
}

TEST_F(Explain, SaysWhenMemoryIsWhatIsShort) {
  JobSpec hog = job("hog");
  hog.memory = Bytes(std::int64_t{255} << 30);
  rig.submit(hog);
  JobSpec spec = gpu_job("j");
  spec.memory = Bytes(std::int64_t{2} << 30);
  const JobId id = rig.submit(spec);
  expect(id, ReasonCode::kNoCapacity,
         "needs 1 × a gpu chip; 4 of 4 are free, but too little memory beside them: 1024 of 262144 "
         "MiB are free; held by hog");
  EXPECT_EQ(why(id).figures.at("memory_bytes_wanted"), spec.memory.value);
  EXPECT_EQ(why(id).figures.count("cpu_millis_wanted"), 0U);
}

TEST_F(Explain, GivesTheCpuThatAJobWithoutAcceleratorWants) {
  JobSpec hog = job("hog");
  hog.cpu = MilliCpu(63'000);
  rig.submit(hog);
  JobSpec spec = job("j");
  spec.cpu = MilliCpu(1500);
  spec.tasks = 2;
  const JobId id = rig.submit(spec);
  expect(id, ReasonCode::kNoCapacity,
         "needs 2 tasks with 1.5 cpu each; 1 of 64 cpu are free; held by hog");
  EXPECT_EQ(why(id).figures.at("cpu_millis_wanted"), 3000);
}

TEST_F(Explain, SaysWhoGoesFirst) {
  rig.submit(gpu_job("holder", 3));
  rig.submit(gpu_job("large", 4));
  expect(rig.submit(gpu_job("small")), ReasonCode::kPriority,
         "would fit, but 1 job goes first, beginning with large");
  const JobId other = rig.submit(gpu_job("smaller"));
  expect(other, ReasonCode::kPriority, "would fit, but 2 jobs go first, beginning with large");
  EXPECT_EQ(why(other).figures.at("jobs_ahead"), 2);
}

TEST_F(Explain, AJobWithoutAcceleratorMayWaitForOneThatWantsCpuBesideIts) {
  JobSpec hog = job("hog");
  hog.cpu = MilliCpu(60'000);
  rig.submit(hog);
  JobSpec half = gpu_job("half");
  half.cpu = MilliCpu(32'000);
  rig.submit(half);
  expect(rig.submit(job("little")), ReasonCode::kPriority,
         "would fit, but 1 job goes first, beginning with half");
}

TEST_F(Explain, WhatCannotRunNowIsNotAhead) {
  rig.fleet({node("b", kH100, 1)});
  rig.submit(gpu_job("holder"));
  rig.apply(CordonNode{NodeName("a"), ""});
  rig.submit(gpu_job("large", 4));
  const JobId on_b = rig.submit(gpu_job("on-b"));
  rig.submit(gpu_job("first"));
  rig.apply(CordonNode{NodeName("b"), ""});
  rig.apply(UncordonNode{NodeName("b")});
  const JobId second = rig.submit(gpu_job("second"));
  EXPECT_EQ(rig.job(on_b).state, JobState::kStarting);
  EXPECT_EQ(why(second).figures.at("jobs_ahead"), 1) << "large keeps nothing from it";
}

TEST_F(Explain, SaysWhenWhatWouldFitIsCordoned) {
  rig.apply(CordonNode{NodeName("a"), "cleaning"});
  const JobId id = rig.submit(gpu_job("j"));
  expect(id, ReasonCode::kNodeDraining,
         "what would fit is cordoned or being drained: a; duru uncordon NODE gives it back");
  EXPECT_EQ(why(id).figures.at("nodes_cordoned"), 1);
}

TEST_F(Explain, NeverSaysToUncordonANodeThatCouldNotHoldIt) {
  rig.fleet({node("b", kH100, 2)});
  rig.apply(MarkAccelerator{{NodeName("a"), 0}, false, "hot"});
  const JobId id = rig.submit(gpu_job("j", 4));
  rig.apply(CordonNode{NodeName("b"), ""});
  expect(id, ReasonCode::kNoCapacity,
         "needs 4 × a gpu chip on one node; the best node has 3 healthy; 3 of 6 are free, 3 out of "
         "service (1 unhealthy)");
  rig.apply(UncordonNode{NodeName("b")});
  EXPECT_EQ(why(id).figures.at("accelerators_free"), 5) << "what is free is free, also for others";
  rig.apply(MarkAccelerator{{NodeName("a"), 0}, true, ""});
  rig.apply(CordonNode{NodeName("a"), ""});
  rig.apply(CordonNode{NodeName("b"), ""});
  expect(rig.submit(gpu_job("k", 4)), ReasonCode::kNodeDraining,
         "what would fit is cordoned or being drained: a; duru uncordon NODE gives it back");
}

TEST_F(Explain, SaysThatEachTaskNeedsItsAcceleratorsOnOneNode) {
  rig.fleet({node("b", kH100, 3), node("c", kH100, 8)});
  rig.submit(gpu_job("holder", 8));
  expect(rig.submit(gpu_job("gang", 4, 2)), ReasonCode::kNoCapacity,
         "needs 2 tasks with 4 × a gpu chip each, each on one node; 7 of 15 are free; held by "
         "holder");
  expect(rig.submit(gpu_job("scattered", 5)), ReasonCode::kNoCapacity,
         "needs 5 × a gpu chip on one node; 7 of 15 are free, at most 4 on one node; held by "
         "holder");
}

TEST_F(Explain, SaysWhenAllThatWouldDoIsUnhealthyOrDown) {
  rig.fleet({node("b", kAries, 1)});
  for (std::int32_t i = 0; i < 3; ++i) {
    rig.apply(MarkAccelerator{{NodeName("a"), i}, false, "hot"});
  }
  const JobId id = rig.submit(gpu_job("j", 2));
  expect(id, ReasonCode::kNoCapacity,
         "needs 2 × a gpu chip on one node; the best node has 1 healthy; 1 of 4 are free, 3 out of "
         "service (3 unhealthy)");
  rig.apply(NodeObserved{NodeName("a"), false, "lost"});
  expect(id, ReasonCode::kNoCapacity,
         "needs 2 × a gpu chip on one node; the best node has 0 healthy; 0 of 4 are free, 4 out of "
         "service (3 unhealthy)");
}

TEST_F(Explain, SaysWhenTheOnlyHostsThatCouldDoAreOutOfService) {
  Node small = node("b", kAries, 1);
  small.cpu = MilliCpu(2000);
  rig.fleet({small});
  rig.apply(NodeObserved{NodeName("a"), false, "lost"});
  JobSpec spec = job("j");
  spec.cpu = MilliCpu(8000);
  expect(rig.submit(spec), ReasonCode::kNoCapacity,
         "needs 8 cpu; the nodes that have it are out of service");
}

TEST_F(Explain, SaysThatTheFleetShrank) {
  rig.submit(gpu_job("holder", 2));
  const JobId id = rig.submit(gpu_job("j", 4));
  rig.fleet({node("a", kH100, 2)});
  expect(
      id, ReasonCode::kInfeasible,
      "the fleet shrank: no node can run it any more; it needs 4 × a gpu chip on one node, with 1 "
      "cpu (the fleet has 2, at most 2 on one node)");
}

TEST_F(Explain, SaysThatASiteIsUnreachableWhenNoneOfItsNodesAnswers) {
  rig.submit(gpu_job("holder", 4));
  const JobId id = rig.submit(gpu_job("j"));
  rig.fleet({node("b", kAries, 1)});
  rig.apply(NodeObserved{NodeName("a"), false, "no answer"});
  expect(id, ReasonCode::kNoCapacity,
         "needs 1 × a gpu chip; 0 of 4 are free, 4 out of service (0 unhealthy)");
  rig.apply(NodeObserved{NodeName("b"), false, "no answer"});
  expect(id, ReasonCode::kSiteUnreachable,
         "site here is unreachable: none of its 2 nodes answers (no answer)");
  EXPECT_EQ(why(id).figures.at("nodes_down"), 2);
}

TEST_F(Explain, AJobWithAnAcceleratorMayWaitForOneThatWantsCpuAlone) {
  rig.submit(gpu_job("holder"));
  JobSpec all = job("all");
  all.cpu = MilliCpu(64'000);
  rig.submit(all);
  expect(rig.submit(gpu_job("j")), ReasonCode::kPriority,
         "would fit, but 1 job goes first, beginning with all");
}

}  // namespace
}  // namespace duru::testing
