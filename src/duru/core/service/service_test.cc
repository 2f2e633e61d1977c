#include "duru/core/service/service.h"

#include <gtest/gtest.h>

#include "duru/core/core.h"
#include "duru/core/testing/rig.h"

namespace duru::testing {
namespace {

const SiteName kField("field");
const NodeName kCamera("cam-1");

DefineFleet field_of(const std::vector<NodeName>& names) {
  DefineFleet fleet;
  fleet.chips = chips();
  Site site{kField, "", "agent", {}};
  site.capabilities.pinned_services_only = true;
  fleet.sites = {site};
  for (const NodeName& name : names) {
    Node camera = node(name.str(), kAries, 1);
    camera.site = kField;
    fleet.nodes.push_back(camera);
  }
  return fleet;
}

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() { rig.apply(field_of({kCamera})); }

  SetService revision(std::int64_t number) const {
    SetService command;
    command.workload = workload;
    command.spec = {"cams",
                    ProjectName("default"),
                    kCamera,
                    ChipName(std::string(kAries)),
                    MilliDevices(1000),
                    MilliCpu(1000),
                    Bytes(0)};
    command.revision = {number, {"v" + std::to_string(number), sha256(""), ""}, {}};
    return command;
  }

  TaskObserved report() const {
    TaskObserved seen;
    seen.workload = workload;
    seen.attempt = rig.state().workloads.at(workload).attempt_count;
    return seen;
  }

  const WorkloadRecord* service() const { return rig.state().workload(workload); }

  Rig rig;
  WorkloadId workload{make_id<JobId>(1'800'000'000'000, 77).str(), 0};
};

TEST_F(ServiceTest, HoldsItsNodesAcceleratorFromTheDecisionOn) {
  rig.apply(revision(1));
  EXPECT_EQ(rig.fact_names(), "service_defined service_revised attempt_started");
  EXPECT_EQ(rig.state().capacity.at(kCamera).holders.size(), 1U);
  EXPECT_EQ(rig.problems(), "");
}

TEST_F(ServiceTest, ARevisionChangesNothingOfWhatIsHeld) {
  rig.apply(revision(1));
  TaskObserved seen = report();
  seen.started_at = rig.now();
  rig.apply(seen);
  rig.advance(minutes(5));
  rig.apply(revision(2));
  EXPECT_EQ(rig.fact_names(), "service_revised");
  EXPECT_EQ(service()->attempt->number, 1);
  rig.apply(revision(2));
  EXPECT_EQ(rig.fact_names(), "");
  EXPECT_EQ(rig.rejection(revision(1)).type, "invalid-service");
  EXPECT_EQ(rig.problems(), "");
}

TEST_F(ServiceTest, IsBilledUnderItsFleetsName) {
  rig.apply(revision(1));
  rig.advance(seconds(100));
  const Usage usage = rig.usage(Rig::kStart, rig.now());
  ASSERT_EQ(usage.items.size(), 1U);
  EXPECT_EQ(usage.items[0].job, "cams");
  EXPECT_EQ(usage.items[0].job_id, "");
  EXPECT_TRUE(usage.items[0].service);
  EXPECT_EQ(usage.items[0].accelerator_seconds, "100");
  EXPECT_EQ(usage.used_accelerator_seconds, "100");
}

TEST_F(ServiceTest, IsGoneWhenItsNodeSaysThatItIs) {
  rig.apply(revision(1));
  rig.apply(EndService{workload, seconds(10)});
  EXPECT_EQ(rig.fact_names(), "service_ending attempt_stopping");
  EXPECT_EQ(rig.rejection(revision(2)).type, "service-ending");
  TaskObserved seen = report();
  seen.end = rig.ended(EndCause::kStopped);
  seen.released_at = rig.now();
  rig.apply(seen);
  EXPECT_EQ(rig.fact_names(), "task_ended task_released attempt_ended service_removed");
  EXPECT_EQ(service(), nullptr);
  EXPECT_EQ(rig.problems(), "");
}

TEST_F(ServiceTest, GetsAnotherAttemptWhenOneEndedWithoutOurAsking) {
  rig.apply(revision(1));
  TaskObserved seen = report();
  seen.end = rig.ended(EndCause::kLost);
  seen.released_at = rig.now();
  rig.apply(seen);
  EXPECT_FALSE(service()->attempt.has_value());
  EXPECT_NE(why_not_running(rig.state(), *service()), "");
  rig.run_until(rig.now() + seconds(10));
  ASSERT_TRUE(service()->attempt.has_value());
  EXPECT_EQ(service()->attempt->number, 2);
  EXPECT_EQ(rig.problems(), "");
}

TEST_F(ServiceTest, ACordonedNodeGetsNoNewAttemptUntilItIsUncordoned) {
  rig.apply(CordonNode{kCamera, "lens"});
  rig.apply(revision(1));
  EXPECT_EQ(why_not_running(rig.state(), *service()), "its node is cordoned: lens");
  rig.apply(UncordonNode{kCamera});
  EXPECT_EQ(rig.fact_names(), "node_uncordoned attempt_started");
}

TEST_F(ServiceTest, ADownNodeKeepsItsServiceAndADrainedOneGivesItBack) {
  rig.apply(revision(1));
  rig.apply(NodeObserved{kCamera, false, "not heard"});
  EXPECT_TRUE(service()->attempt.has_value());
  rig.apply(DrainNode{kCamera, seconds(0), "moved"});
  EXPECT_EQ(service()->attempt->stop_cause, StopCause::kDrained);
  EXPECT_EQ(rig.problems(), "");
}

TEST_F(ServiceTest, ARemovedNodeTakesItsServiceWithIt) {
  rig.apply(revision(1));
  rig.advance(seconds(10));
  rig.apply(RemoveNode{kCamera});
  EXPECT_EQ(rig.fact_names(),
            "service_ending task_ended task_released attempt_ended service_removed node_removed");
  EXPECT_EQ(rig.state().workloads.size(), 0U);
  EXPECT_EQ(rig.problems(), "");
}

TEST_F(ServiceTest, AJobNeverLandsOnANodeOfTheField) {
  JobSpec spec = gpu_job("infer");
  spec.track = Track::kNpu;
  spec.variants.clear();
  EXPECT_EQ(rig.rejection(spec).type, "infeasible") << rig.rejection(spec).detail;
  const JobSpec cpu_only = job("cpu");
  EXPECT_EQ(rig.rejection(cpu_only).type, "infeasible") << rig.rejection(cpu_only).detail;
}

TEST_F(ServiceTest, IsRefusedOnANodeThatTakesJobsOrLacksTheChip) {
  rig.fleet({node("a", kH100, 1)});
  SetService command = revision(1);
  command.spec.node = NodeName("a");
  EXPECT_EQ(rig.rejection(command).type, "invalid-service");
  command = revision(1);
  command.spec.amount = MilliDevices(2000);
  EXPECT_EQ(rig.rejection(command).type, "invalid-service");
}

}  // namespace
}  // namespace duru::testing
