#include <gtest/gtest.h>

#include "duru/core/testing/rig.h"

namespace duru::testing {
namespace {

class Submission : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(rig.problems(), ""); }
  Rig rig{{node("a", kH100, 4), node("b", kAries, 2)}};
};

TEST_F(Submission, FillsInWhatWasNotGiven) {
  JobSpec spec;
  spec.command = {"true"};
  const JobRecord& job = rig.job(rig.submit(spec));
  EXPECT_EQ(job.spec.name, "job-" + job.id.str().substr(10));
  EXPECT_EQ(job.spec.tasks, 1);
  EXPECT_EQ(job.spec.cpu, MilliCpu(1000));
  EXPECT_EQ(job.spec.grace, seconds(10));
  EXPECT_EQ(job.principal, "operator");
  EXPECT_EQ(job.submitted_at, Rig::kStart);
}

TEST_F(Submission, ASessionHasALeaseAndACommandOfItsOwn) {
  JobSpec spec = session("s", Milliseconds(0));
  spec.command.clear();
  const JobRecord& job = rig.job(rig.submit(spec));
  EXPECT_EQ(job.spec.time_limit, hours(1));
  EXPECT_EQ(job.spec.command, (std::vector<std::string>{"sleep", "infinity"}));
}

TEST_F(Submission, AChipsAliasBecomesItsNameInCapitalLettersToo) {
  for (const char* alias : {"aries", "Aries", "ARIES"}) {
    JobSpec spec = job(alias);
    spec.variants = {{ChipName(alias), {}, {}, "", {}}};
    EXPECT_EQ(rig.job(rig.submit(spec)).spec.variants[0].chip.str(), kAries);
  }
}

TEST_F(Submission, AnAliasThatAChipLostIsForgotten) {
  std::vector<Chip> changed = chips();
  changed[0].aliases = {"hopper"};
  rig.apply(DefineFleet{changed, {}, {}});
  JobSpec spec = job("j");
  spec.variants = {{ChipName("h100"), {}, {}, "", {}}};
  EXPECT_EQ(rig.rejection(spec).type, "unknown-chip");
  spec.variants[0].chip = ChipName("hopper");
  EXPECT_EQ(rig.job(rig.submit(spec)).spec.variants[0].chip.str(), kH100);
}

TEST_F(Submission, AnInfeasibleJobIsToldWhatTheFleetHas) {
  const Rejection rejection = rig.rejection(gpu_job("x", 5));
  EXPECT_NE(rejection.detail.find("the fleet has 4, at most 4 on one node"), std::string::npos)
      << rejection.detail;
  EXPECT_NE(rejection.help.find(kH100), std::string::npos) << rejection.help;
}

TEST_F(Submission, AJobForAChipOfTheFieldAloneIsToldThatItsNodesTakeNone) {
  DefineFleet more;
  Site field{SiteName("field"), "", "agent", {}};
  field.capabilities.pinned_services_only = true;
  more.sites = {field};
  Node camera = node("cam-1", kAries, 1);
  camera.site = field.name;
  more.nodes = {camera};
  rig.apply(more);
  const Rejection rejection = rig.rejection(gpu_job("x", 5));
  EXPECT_NE(rejection.help.find(std::string("nodes of the field have ") + std::string(kAries) +
                                " and take no jobs"),
            std::string::npos)
      << rejection.help;
}

TEST_F(Submission, WhatIsCordonedDownOrUnhealthyStillCountsAsFeasible) {
  rig.apply(CordonNode{NodeName("a"), ""});
  rig.apply(MarkAccelerator{{NodeName("a"), 0}, false, "hot"});
  rig.apply(NodeObserved{NodeName("a"), false, "gone"});
  EXPECT_EQ(rig.job(rig.submit(gpu_job("x", 4))).state, JobState::kQueued);
}

TEST_F(Submission, APartIsGivenWhereAnEngineCanPartition) {
  Site cutting = site();
  cutting.name = SiteName("cutting");
  cutting.capabilities.partitions = true;
  rig.apply(DefineFleet{{}, {cutting}, {}});
  JobSpec spec = gpu_job("x");
  spec.amount = MilliDevices(500);
  EXPECT_EQ(rig.job(rig.submit(spec)).state, JobState::kStarting);
}

TEST_F(Submission, OfABatchAllAreAcceptedOrNone) {
  const Outcome refused = rig.submit_all({job("one"), gpu_job("two", 99)});
  ASSERT_TRUE(std::holds_alternative<Rejection>(refused));
  EXPECT_EQ(std::get<Rejection>(refused).pointer, "/items/1");
  EXPECT_TRUE(rig.state().jobs.empty());
  const Outcome accepted = rig.submit_all({job("one"), job("two")});
  ASSERT_TRUE(std::holds_alternative<Accepted>(accepted));
  EXPECT_EQ(std::get<Accepted>(accepted).jobs.size(), 2U);
}

TEST_F(Submission, AnEmptyBatchAndABadProjectAreRejected) {
  EXPECT_EQ(rig.rejection(rig.command({})).type, "invalid");
  SubmitJobs command = rig.command({job("j")});
  command.project = ProjectName("no such/project");
  EXPECT_EQ(rig.rejection(command).type, "invalid");
}

TEST_F(Submission, AnIdIsGivenOnce) {
  SubmitJobs first = rig.command({job("one")});
  rig.apply(first);
  first.jobs[0].spec.name = "other";
  EXPECT_EQ(rig.rejection(first).type, "id-taken");
  SubmitJobs twice = rig.command({job("a"), job("b")});
  twice.jobs[1].id = twice.jobs[0].id;
  EXPECT_EQ(rig.rejection(twice).type, "id-taken");
  SubmitJobs without = rig.command({JobSpec()});
  without.jobs[0].id = JobId();
  EXPECT_EQ(rig.rejection(without).type, "id-taken");
}

TEST_F(Submission, ANameIsUniqueAmongTheUnfinishedJobsOfAProject) {
  const JobId first = rig.submit(job("j"));
  const Rejection taken = rig.rejection(job("j"));
  EXPECT_EQ(taken.type, "name-taken");
  EXPECT_EQ(taken.pointer, "/items/0/name");
  EXPECT_NE(taken.detail.find(first.str()), std::string::npos);
  SubmitJobs elsewhere = rig.command({job("j")});
  elsewhere.project = ProjectName("other");
  EXPECT_TRUE(rig.rejection(elsewhere).empty());
  rig.finish(first, 0);
  EXPECT_FALSE(rig.submit(job("j")).empty());
}

TEST_F(Submission, ANameStandsOnceInABatch) {
  const Rejection rejection = rig.rejection(rig.command({job("j"), job("j")}));
  EXPECT_EQ(rejection.type, "invalid") << "wrong in itself, whatever else there is";
  EXPECT_EQ(rejection.pointer, "/items/1/name");
}

TEST_F(Submission, OrderInABatchDoesNotMatterToWhatItWaitsFor) {
  JobSpec late = job("late");
  late.after = {"early"};
  const SubmitJobs command = rig.command({late, job("early")});
  rig.apply(command);
  EXPECT_EQ(rig.job(command.jobs[0].id).state, JobState::kQueued);
  EXPECT_EQ(rig.job(command.jobs[1].id).state, JobState::kStarting);
  rig.finish(command.jobs[1].id, 0);
  EXPECT_EQ(rig.job(command.jobs[0].id).state, JobState::kStarting);
}

TEST_F(Submission, ACircleIsRejectedWhereverItRuns) {
  JobSpec a = job("a"), b = job("b"), c = job("c");
  a.after = {"c"};
  b.after = {"a"};
  c.outputs = {"o"};
  b.outputs = {"o"};
  c.inputs = {{"i", "b/o"}};
  const Rejection rejection = rig.rejection(rig.command({job("free"), a, b, c}));
  EXPECT_EQ(rejection.type, "invalid");
  EXPECT_EQ(rejection.pointer, "/items/1/after");
}

TEST_F(Submission, AfterTakesTheUnfinishedJobOfANameElseTheNewestEndedElseAnId) {
  const JobId first = rig.submit(job("dep"));
  JobSpec spec = job("j1");
  spec.after = {"dep"};
  EXPECT_EQ(rig.job(rig.submit(spec)).after, std::vector<JobId>{first});
  rig.finish(first, 0);
  rig.advance(seconds(1));
  const JobId second = rig.submit(job("dep"));
  rig.finish(second, 0);
  spec.name = "j2";
  EXPECT_EQ(rig.job(rig.submit(spec)).after, std::vector<JobId>{second});
  spec.name = "j3";
  spec.after = {first.str()};
  EXPECT_EQ(rig.job(rig.submit(spec)).after, std::vector<JobId>{first});
}

TEST_F(Submission, AJobOfAnotherProjectIsNobody) {
  const JobId id = rig.submit(job("dep"));
  JobSpec spec = job("j");
  spec.after = {"dep"};
  SubmitJobs elsewhere = rig.command({spec});
  elsewhere.project = ProjectName("other");
  EXPECT_EQ(rig.rejection(elsewhere).type, "unknown-job");
  elsewhere.jobs[0].spec.after = {id.str()};
  EXPECT_EQ(rig.rejection(elsewhere).type, "unknown-job");
}

TEST_F(Submission, AfterAJobThatFailedIsRejected) {
  rig.finish(rig.submit(job("dep")), 1);
  JobSpec spec = job("j");
  spec.after = {"dep"};
  EXPECT_EQ(rig.rejection(spec).type, "dependency-failed");
  spec.after.clear();
  spec.inputs = {{"m", "dep/model"}};
  EXPECT_EQ(rig.rejection(spec).type, "unknown-output");
}

TEST_F(Submission, InputsComeFromADigestAnOutputOrTheHistory) {
  JobSpec producer = job("train");
  producer.outputs = {"model.onnx"};
  const JobId train = rig.submit(producer);
  JobSpec spec = job("j");
  spec.inputs = {
      {"a", "sha256:" + sha256("x").hex()}, {"b", "train/model.onnx"}, {"c", "old/model"}};
  SubmitJobs command = rig.command({spec});
  EXPECT_EQ(rig.rejection(command).pointer, "/items/0/inputs/c");
  command.outputs_of_history["old/model"] = sha256("old");
  rig.apply(command);
  const JobId id = command.jobs[0].id;
  EXPECT_EQ(rig.job(id).after, std::vector<JobId>{train});
  EXPECT_EQ(rig.job(id).state, JobState::kQueued);
  rig.finish(train, 0);
  ASSERT_EQ(rig.job(id).state, JobState::kStarting);
  const std::map<std::string, Digest> expected = {
      {"a", sha256("x")}, {"b", sha256("model.onnx")}, {"c", sha256("old")}};
  EXPECT_EQ(rig.attempt(id)->inputs, expected);
}

TEST_F(Submission, AnOutputThatIsNotDeclaredIsNoInput) {
  rig.submit(job("train"));
  JobSpec spec = job("j");
  spec.inputs = {{"m", "train/model"}};
  const Rejection rejection = rig.rejection(spec);
  EXPECT_EQ(rejection.type, "unknown-output");
  EXPECT_EQ(rejection.pointer, "/items/0/inputs/m");
}

TEST_F(Submission, AfterIsFulfilledByASuccessThatIsHistory) {
  JobSpec spec = job("j");
  spec.after = {"long-ago"};
  SubmitJobs command = rig.command({spec});
  command.succeeded_in_history = {"long-ago"};
  rig.apply(command);
  EXPECT_EQ(rig.job(command.jobs[0].id).state, JobState::kStarting);
}

TEST_F(Submission, DependenciesOfOneRequestAreBounded) {
  std::vector<JobSpec> specs;
  for (int i = 0; i < 101; ++i) {
    specs.push_back(job("j" + std::to_string(i)));
    specs.back().after.assign(10'000, "j0");
  }
  const Rejection rejection = rig.rejection(rig.command(std::move(specs)));
  EXPECT_EQ(rejection.type, "invalid");
  EXPECT_NE(rejection.detail.find("1010000 entries"), std::string::npos);
}

}  // namespace
}  // namespace duru::testing
