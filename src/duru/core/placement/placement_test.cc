#include "duru/core/placement/placement.h"

#include <gtest/gtest.h>

#include "duru/core/testing/rig.h"

namespace duru::testing {
namespace {

class Placement : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(rig.problems(), ""); }
  // "a:0,1 b:0"
  static std::string text(const std::vector<Allocation>& allocations) {
    std::string out;
    for (const Allocation& allocation : allocations) {
      out += (out.empty() ? "" : " ") + allocation.node.str() + ":";
      for (std::size_t i = 0; i < allocation.devices.size(); ++i) {
        out += (i == 0 ? "" : ",") + std::to_string(allocation.devices[i]);
      }
    }
    return out;
  }
  std::string held(const JobId& id) const {
    if (!rig.attempt(id).has_value()) return "waits";
    std::vector<Allocation> allocations;
    for (const TaskRunRecord& task : rig.attempt(id)->tasks) {
      allocations.push_back(task.allocation);
    }
    return text(allocations);
  }
  std::string place(const JobSpec& spec, CapacityView view, bool ignore_host = false) const {
    const Request request = requests_of(spec).front();
    return text(
        first_fit(rig.state(), spec, request, rig.state().chips_of(request), view, ignore_host));
  }
  Rig rig{{node("a", kH100, 2), node("b", kH100, 4), node("c", kA100, 8)}};
};

TEST_F(Placement, TakesTheLowestDevicesOfTheFirstNodeByName) {
  EXPECT_EQ(held(rig.submit(gpu_job("one"))), "c:0") << "chips go by their names too";
  JobSpec spec = job("two");
  spec.variants = {{ChipName("h100"), {}, {}, "", {}}};
  EXPECT_EQ(held(rig.submit(spec)), "a:0");
  spec.name = "three";
  EXPECT_EQ(held(rig.submit(spec)), "a:1");
  spec.name = "four";
  EXPECT_EQ(held(rig.submit(spec)), "b:0");
}

TEST_F(Placement, TakesTheLowestDeviceThatIsFreeAgain) {
  const JobId first = rig.submit(gpu_job("first"));
  const JobId second = rig.submit(gpu_job("second", 2));
  EXPECT_EQ(held(second), "c:1,2");
  rig.finish(first, 0);
  EXPECT_EQ(held(rig.submit(gpu_job("third", 2))), "c:0,3");
}

TEST_F(Placement, AGangLiesAcrossNodesTaskAfterTask) {
  JobSpec spec = job("gang");
  spec.variants = {{ChipName("h100"), MilliDevices(2000), {}, "", {}}};
  spec.tasks = 3;
  EXPECT_EQ(held(rig.submit(spec)), "a:0,1 b:0,1 b:2,3");
}

TEST_F(Placement, AGangIsOfOneChip) {
  EXPECT_EQ(held(rig.submit(gpu_job("gang", 1, 8))), "c:0 c:1 c:2 c:3 c:4 c:5 c:6 c:7");
  EXPECT_EQ(rig.rejection(gpu_job("larger", 1, 9)).type, "infeasible");
}

TEST_F(Placement, AGangThatDoesNotFitWholeTakesNothing) {
  JobSpec spec = job("one");
  spec.variants = {{ChipName("h100"), {}, {}, "", {}}};
  rig.submit(spec);
  spec.name = "gang";
  spec.tasks = 6;
  const JobId gang = rig.submit(spec);
  EXPECT_EQ(held(gang), "waits");
  EXPECT_EQ(rig.state().capacity.at(NodeName("b")).task_count, 0);
}

TEST_F(Placement, ATaskIsNeverSplitOverNodes) {
  JobSpec spec = job("wide");
  spec.variants = {{ChipName("h100"), MilliDevices(3000), {}, "", {}}};
  EXPECT_EQ(held(rig.submit(spec)), "b:0,1,2");
}

TEST_F(Placement, PassesOverWhatIsUnhealthyCordonedOrDown) {
  rig.apply(MarkAccelerator{{NodeName("c"), 0}, false, "hot"});
  EXPECT_EQ(held(rig.submit(gpu_job("one"))), "c:1");
  rig.apply(CordonNode{NodeName("c"), ""});
  rig.apply(NodeObserved{NodeName("a"), false, "lost"});
  EXPECT_EQ(held(rig.submit(gpu_job("two"))), "b:0");
}

TEST_F(Placement, CountsCpuAndMemory) {
  JobSpec spec = gpu_job("one", 1, 3);
  spec.memory = Bytes(std::int64_t{100} << 30);
  spec.variants = {{ChipName("h100"), {}, {}, "", {}}};
  spec.track.reset();
  spec.amount.reset();
  EXPECT_EQ(held(rig.submit(spec)), "a:0 a:1 b:0") << "two of 100 GiB fit into 256 GiB";
  JobSpec cpu = job("two");
  cpu.cpu = MilliCpu(63'000);
  cpu.tasks = 2;
  EXPECT_EQ(held(rig.submit(cpu)), "b: c:");
}

TEST_F(Placement, AViewAsksWhatIsFreeWhatIsInServiceOrWhatThereIs) {
  rig.submit(gpu_job("one", 8));
  const JobSpec all = gpu_job("all", 8);
  EXPECT_EQ(place(all, CapacityView::kFree), "");
  EXPECT_EQ(place(all, CapacityView::kSchedulable), "c:0,1,2,3,4,5,6,7");
  rig.apply(MarkAccelerator{{NodeName("c"), 7}, false, "hot"});
  EXPECT_EQ(place(all, CapacityView::kSchedulable), "");
  EXPECT_EQ(place(all, CapacityView::kFleet), "c:0,1,2,3,4,5,6,7");
}

TEST_F(Placement, TheHostMayBeLeftOut) {
  JobSpec hungry = gpu_job("hungry");
  hungry.cpu = MilliCpu(65'000);
  EXPECT_EQ(place(hungry, CapacityView::kFree), "");
  EXPECT_EQ(place(hungry, CapacityView::kFree, true), "c:0");
}

TEST_F(Placement, AThousandthOfACoreIsEnough) {
  JobSpec light = job("light");
  light.cpu = MilliCpu(1);
  light.tasks = 1000;
  EXPECT_EQ(rig.attempt(rig.submit(light))->tasks.size(), 1000U);
}

TEST_F(Placement, WithoutNodesNothingFits) {
  Rig empty;
  EXPECT_EQ(empty.rejection(job("j")).type, "infeasible");
}

}  // namespace
}  // namespace duru::testing
