#include <gtest/gtest.h>

#include <algorithm>

#include "duru/core/testing/rig.h"

namespace duru::testing {
namespace {

class Queue : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(rig.problems(), ""); }
  bool waits(const JobId& id) const { return rig.job(id).state == JobState::kQueued; }
  JobSpec of_chip(std::string_view name, std::string_view chip, std::int64_t count = 1) {
    JobSpec spec = job(name);
    spec.variants = {{ChipName(std::string(chip)), MilliDevices(count * 1000), {}, "", {}}};
    return spec;
  }
  Rig rig{{node("a", kH100, 4), node("b", kAries, 2)}};
};

TEST_F(Queue, WhoComesFirstGoesFirst) {
  const JobId holder = rig.submit(gpu_job("holder", 4));
  const JobId first = rig.submit(gpu_job("first", 4));
  const JobId second = rig.submit(gpu_job("second", 4));
  EXPECT_TRUE(waits(first) && waits(second));
  rig.finish(holder, 0);
  EXPECT_FALSE(waits(first));
  EXPECT_TRUE(waits(second));
}

TEST_F(Queue, HigherPriorityGoesFirst) {
  const JobId holder = rig.submit(gpu_job("holder", 4));
  const JobId first = rig.submit(gpu_job("first", 4));
  JobSpec spec = gpu_job("urgent", 4);
  spec.priority = 1;
  const JobId urgent = rig.submit(spec);
  rig.finish(holder, 0);
  EXPECT_TRUE(waits(first));
  EXPECT_FALSE(waits(urgent));
}

TEST_F(Queue, TheLowestPriorityOfAllGoesLast) {
  const JobId holder = rig.submit(gpu_job("holder", 4));
  JobSpec spec = gpu_job("lowest", 4);
  spec.priority = INT32_MIN;
  const JobId lowest = rig.submit(spec);
  const JobId plain = rig.submit(gpu_job("plain", 4));
  rig.finish(holder, 0);
  EXPECT_FALSE(waits(plain));
  EXPECT_TRUE(waits(lowest));
}

TEST_F(Queue, ALargeJobIsNotStarvedBySmallOnesBehindIt) {
  const JobId holder = rig.submit(gpu_job("holder", 3));
  const JobId large = rig.submit(gpu_job("large", 4));
  const JobId small = rig.submit(gpu_job("small", 1));
  EXPECT_TRUE(waits(large));
  EXPECT_TRUE(waits(small)) << "one accelerator is free, but it is kept for the large one";
  rig.finish(holder, 0);
  EXPECT_FALSE(waits(large));
  EXPECT_TRUE(waits(small));
}

TEST_F(Queue, ALargeJobKeepsItsChipsAlsoFromOtherLines) {
  rig.submit(of_chip("holder", kH100, 3));
  const JobId large = rig.submit(of_chip("large", kH100, 4));
  const JobId by_track = rig.submit(gpu_job("by-track", 1));
  EXPECT_TRUE(waits(large) && waits(by_track));
}

TEST_F(Queue, OtherChipsAreNotKept) {
  rig.submit(of_chip("holder", kH100, 4));
  const JobId large = rig.submit(of_chip("large", kH100, 4));
  const JobId npu = rig.submit(of_chip("npu", kAries, 2));
  const JobId cpu = rig.submit(job("cpu"));
  EXPECT_TRUE(waits(large));
  EXPECT_FALSE(waits(npu));
  EXPECT_FALSE(waits(cpu));
}

TEST_F(Queue, AVariantThatIsFreeIsTakenWhenTheFirstIsNot) {
  rig.submit(of_chip("holder", kH100, 4));
  JobSpec spec = of_chip("either", kH100, 1);
  spec.variants.push_back({ChipName(std::string(kAries)), {}, {}, "", {}});
  const JobId either = rig.submit(spec);
  ASSERT_FALSE(waits(either));
  EXPECT_EQ(rig.attempt(either)->variant, 1);
  EXPECT_EQ(rig.attempt(either)->tasks[0].allocation.chip.str(), kAries);
}

TEST_F(Queue, AJobInItsBackoffKeepsNothingFromOthers) {
  JobSpec spec = gpu_job("flaky", 4);
  spec.retries.limit = 3;
  const JobId flaky = rig.submit(spec);
  rig.finish(flaky, 1);
  EXPECT_TRUE(waits(flaky));
  const JobId other = rig.submit(gpu_job("other", 1));
  EXPECT_FALSE(waits(other));
  rig.advance(seconds(1));
  rig.tick();
  EXPECT_TRUE(waits(flaky)) << "its chips are in use now";
  rig.finish(other, 0);
  EXPECT_FALSE(waits(flaky));
}

TEST_F(Queue, AJobThatCannotRunOnTheFleetAsItIsKeepsNothingFromOthers) {
  rig.fleet({node("c", kH100, 1)});
  rig.apply(CordonNode{NodeName("a"), "cleaning"});
  const JobId large = rig.submit(gpu_job("large", 4));
  const JobId small = rig.submit(gpu_job("small", 1));
  EXPECT_TRUE(waits(large));
  EXPECT_FALSE(waits(small));
  rig.finish(small, 0);
  rig.apply(UncordonNode{NodeName("a")});
  EXPECT_FALSE(waits(large));
}

TEST_F(Queue, WhoWaitsForCpuBesideAnAcceleratorGoesBeforeThoseWhoTakeCpuAlone) {
  JobSpec hog = job("hog");
  hog.cpu = MilliCpu(64'000);
  const JobId on_a = rig.submit(hog);
  EXPECT_EQ(rig.attempt(on_a)->tasks[0].allocation.node.str(), "a");
  hog.name = "hog-on-b";
  rig.submit(hog);
  JobSpec half = gpu_job("half");
  half.cpu = MilliCpu(32'000);
  const JobId first = rig.submit(half);
  ASSERT_TRUE(waits(first));
  JobSpec little = job("little");
  little.cpu = MilliCpu(1000);
  const JobId second = rig.submit(little);
  EXPECT_TRUE(waits(second)) << "cpu is kept for the one ahead";
  rig.finish(on_a, 0);
  EXPECT_FALSE(waits(first));
  EXPECT_FALSE(waits(second));
}

TEST_F(Queue, CpuJobsWaitInTheirOwnOrder) {
  JobSpec big = job("big");
  big.cpu = MilliCpu(64'000);
  big.tasks = 2;
  JobSpec small = job("small");
  const JobId running = rig.submit(small);
  const JobId waiting = rig.submit(big);
  small.name = "small-2";
  const JobId behind = rig.submit(small);
  EXPECT_TRUE(waits(waiting) && waits(behind));
  rig.finish(running, 0);
  EXPECT_FALSE(waits(waiting));
  EXPECT_TRUE(waits(behind));
}

TEST_F(Queue, ManyStartInOnePass) {
  const JobId holder = rig.submit(gpu_job("holder", 4));
  std::vector<JobId> ids;
  for (int i = 0; i < 6; ++i) ids.push_back(rig.submit(gpu_job("j" + std::to_string(i))));
  rig.finish(holder, 0);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(waits(ids[static_cast<std::size_t>(i)]), i >= 4) << i;
}

TEST_F(Queue, ALargeJobWithoutAcceleratorIsNotStarvedByThoseWithOneBehindIt) {
  JobSpec gpu = gpu_job("running");
  gpu.cpu = MilliCpu(16'000);
  const JobId running = rig.submit(gpu);
  JobSpec all = job("all");
  all.cpu = MilliCpu(64'000);
  all.tasks = 2;
  const JobId large = rig.submit(all);
  gpu.name = "behind";
  const JobId behind = rig.submit(gpu);
  JobSpec npu = of_chip("npu-behind", kAries);
  const JobId npu_behind = rig.submit(npu);
  EXPECT_TRUE(waits(large));
  EXPECT_TRUE(waits(behind) && waits(npu_behind))
      << "cpu is free, but it is kept for the one ahead";
  rig.finish(running, 0);
  EXPECT_FALSE(waits(large));
  EXPECT_TRUE(waits(behind) && waits(npu_behind));
  rig.finish(large, 0);
  EXPECT_FALSE(waits(behind) || waits(npu_behind));
}

TEST_F(Queue, HostsAreKeptOnlyWhereTheOneAheadCouldRun) {
  Node small = node("small", kH100, 1);
  small.cpu = MilliCpu(8000);
  rig.fleet({small});
  JobSpec hog = job("hog");
  hog.cpu = MilliCpu(1000);
  hog.tasks = 2;
  rig.submit(hog);
  JobSpec whole = job("whole");
  whole.cpu = MilliCpu(64'000);
  whole.tasks = 2;
  const JobId ahead = rig.submit(whole);
  const JobId on_small = rig.submit(gpu_job("on-small"));
  EXPECT_TRUE(waits(ahead));
  ASSERT_FALSE(waits(on_small));
  EXPECT_EQ(rig.attempt(on_small)->tasks[0].allocation.node.str(), "small");
}

TEST_F(Queue, WhoTakesNothingOfAHostButAcceleratorsDoesNotWaitForOne) {
  const JobId running = rig.submit(gpu_job("running"));
  JobSpec all = job("all");
  all.cpu = MilliCpu(64'000);
  all.tasks = 2;
  const JobId large = rig.submit(all);
  JobSpec bare = gpu_job("bare");
  bare.cpu = MilliCpu(0);
  EXPECT_FALSE(waits(rig.submit(bare)));
  EXPECT_TRUE(waits(large));
  rig.finish(running, 0);
  EXPECT_FALSE(waits(large));
}

// Each of these starts takes about 7 MiB in the journal.
TEST(QueuePass, EndsWhenItsFactsAreLargeAndGoesOnAMillisecondLater) {
  Node wide = node(std::string(63, 'n'), "", 0);
  wide.cpu = MilliCpu(400'000);
  Rig rig({wide});
  rig.apply(CordonNode{wide.name, "until all wait"});
  JobSpec spec = job("j");
  spec.cpu = MilliCpu(1);
  spec.tasks = 100'000;
  std::vector<JobId> ids;
  for (int i = 0; i < 4; ++i) {
    spec.name = "j" + std::to_string(i);
    ids.push_back(rig.submit(spec));
  }
  const auto started = [&] {
    return std::count_if(ids.begin(), ids.end(),
                         [&](const JobId& id) { return rig.job(id).state == JobState::kStarting; });
  };
  rig.apply(UncordonNode{wide.name});
  std::size_t bytes = 0;
  for (const Message& fact : rig.facts()) bytes += store(fact).body.size();
  EXPECT_LT(bytes, std::size_t{32} << 20);
  EXPECT_GT(started(), 0);
  ASSERT_LT(started(), 4);
  const Timestamp then = rig.now();
  rig.run_until(then);
  ASSERT_LT(started(), 4);
  rig.run_until(then + Milliseconds(2));
  EXPECT_EQ(started(), 4);
  EXPECT_EQ(rig.problems(), "");
}

}  // namespace
}  // namespace duru::testing
