#include <gtest/gtest.h>

#include <functional>

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

TEST_F(Submission, AChipsAliasBecomesItsName) {
  JobSpec spec = job("j");
  spec.variants = {{ChipName("aries"), {}, {}, "", {}}};
  EXPECT_EQ(rig.job(rig.submit(spec)).spec.variants[0].chip.str(), kAries);
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

struct BadSpec {
  const char* what;
  std::function<void(JobSpec&)> spoil;
  std::string type;
  std::string pointer;  // below /items/0
};

const std::string kNul("a\0b", 3);
const Digest kDigest = sha256("x");

const BadSpec kBadSpecs[] = {
    {"a name with a space", [](JobSpec& s) { s.name = "a b"; }, "invalid", "/name"},
    {"a name of 64", [](JobSpec& s) { s.name = std::string(64, 'a'); }, "invalid", "/name"},
    {"a hidden output",
     [](JobSpec& s) {
       s.outputs = {"ok", ".x"};
     },
     "invalid", "/outputs/1"},
    {"an output twice",
     [](JobSpec& s) {
       s.outputs = {"o", "o"};
     },
     "invalid", "/outputs/1"},
    {"an input name with /",
     [](JobSpec& s) {
       s.inputs = {{"a/b", "c/d"}};
     },
     "invalid", "/inputs"},
    {"no tasks", [](JobSpec& s) { s.tasks = 0; }, "invalid", "/tasks"},
    {"too many tasks", [](JobSpec& s) { s.tasks = 100'001; }, "invalid", "/tasks"},
    {"negative cpu", [](JobSpec& s) { s.cpu = MilliCpu(-1); }, "invalid", "/cpu"},
    {"negative memory", [](JobSpec& s) { s.memory = Bytes(-1); }, "invalid", "/memory"},
    {"negative limit", [](JobSpec& s) { s.time_limit = seconds(-1); }, "invalid", "/time_limit"},
    {"negative grace", [](JobSpec& s) { s.grace = seconds(-1); }, "invalid", "/grace"},
    {"an endless grace", [](JobSpec& s) { s.grace = Milliseconds(INT64_MAX); }, "invalid",
     "/grace"},
    {"an endless limit", [](JobSpec& s) { s.time_limit = Milliseconds(INT64_MAX); }, "invalid",
     "/time_limit"},
    {"a lease of 31 days",
     [](JobSpec& s) {
       s.kind = JobKind::kSession;
       s.time_limit = hours(31 * 24);
     },
     "invalid", "/time_limit"},
    {"1001 retries", [](JobSpec& s) { s.retries.limit = 1001; }, "invalid", "/retries/limit"},
    {"negative retries", [](JobSpec& s) { s.retries.limit = -1; }, "invalid", "/retries/limit"},
    {"track and variants",
     [](JobSpec& s) {
       s.track = Track::kGpu;
       s.variants = {{ChipName("h100"), {}, {}, "", {}}};
     },
     "invalid", "/track"},
    {"an unknown chip",
     [](JobSpec& s) {
       s.variants = {{ChipName("h1000"), {}, {}, "", {}}};
     },
     "unknown-chip", "/variants/0/chip"},
    {"a variant of nothing",
     [](JobSpec& s) {
       s.variants = {{ChipName("h100"), MilliDevices(0), {}, "", {}}};
     },
     "invalid", "/variants/0/amount"},
    {"a variant's empty program",
     [](JobSpec& s) {
       s.variants = {{ChipName("h100"), {}, {""}, "", {}}};
     },
     "invalid", "/variants/0/command"},
    {"no command in one of two variants",
     [](JobSpec& s) {
       s.command.clear();
       s.variants = {{ChipName("h100"), {}, {"true"}, "", {}}, {ChipName("aries"), {}, {}, "", {}}};
     },
     "invalid", "/variants/1/command"},
    {"a variant's environment",
     [](JobSpec& s) {
       s.variants = {{ChipName("h100"), {}, {}, "", {{"", "x"}}}};
     },
     "invalid", "/variants/0/env"},
    {"an amount of nothing",
     [](JobSpec& s) {
       s.track = Track::kGpu;
       s.amount = MilliDevices(0);
     },
     "invalid", "/amount"},
    {"an amount beyond counting",
     [](JobSpec& s) {
       s.track = Track::kGpu;
       s.amount = MilliDevices(INT64_MAX);
     },
     "invalid", "/amount"},
    {"a variant's amount beyond counting",
     [](JobSpec& s) {
       s.variants = {{ChipName("h100"), MilliDevices(INT64_MAX), {}, "", {}}};
     },
     "invalid", "/variants/0/amount"},
    {"no command", [](JobSpec& s) { s.command.clear(); }, "invalid", "/command"},
    {"an empty program", [](JobSpec& s) { s.command = {""}; }, "invalid", "/command"},
    {"a NUL in an argument",
     [](JobSpec& s) {
       s.command = {"a", kNul};
     },
     "invalid", "/command"},
    {"an empty variable",
     [](JobSpec& s) {
       s.env = {{"", "x"}};
     },
     "invalid", "/env"},
    {"a variable with =",
     [](JobSpec& s) {
       s.env = {{"a=b", "x"}};
     },
     "invalid", "/env"},
    {"a NUL in a variable",
     [](JobSpec& s) {
       s.env = {{"a", kNul}};
     },
     "invalid", "/env"},
    {"a variable of Duru's",
     [](JobSpec& s) {
       s.env = {{"DURU_X", "x"}};
     },
     "invalid", "/env/DURU_X"},
    {"a variable of Duru's that a pointer escapes",
     [](JobSpec& s) {
       s.env = {{"DURU_/~", "x"}};
     },
     "invalid", "/env/DURU_~1~0"},
    {"an absolute path",
     [](JobSpec& s) {
       s.files = {{"/etc/x", kDigest, Bytes(1), false}};
     },
     "invalid", "/files/0/path"},
    {"a path upwards",
     [](JobSpec& s) {
       s.files = {{"a/../../x", kDigest, Bytes(1), false}};
     },
     "invalid", "/files/0/path"},
    {"a path with a hole",
     [](JobSpec& s) {
       s.files = {{"a//x", kDigest, Bytes(1), false}};
     },
     "invalid", "/files/0/path"},
    {"a path twice",
     [](JobSpec& s) {
       s.files = {{"x", kDigest, Bytes(1), false}, {"x", kDigest, Bytes(1), false}};
     },
     "invalid", "/files/1/path"},
    {"a file without digest",
     [](JobSpec& s) {
       s.files = {{"x", {}, Bytes(1), false}};
     },
     "invalid", "/files/0/digest"},
    {"a file of negative size",
     [](JobSpec& s) {
       s.files = {{"x", kDigest, Bytes(-1), false}};
     },
     "invalid", "/files/0/size"},
    {"16 MiB and one byte",
     [](JobSpec& s) {
       s.files = {{"x", kDigest, Bytes(16 << 20), false}, {"y", kDigest, Bytes(1), false}};
     },
     "invalid", "/files"},
    {"files whose sizes overflow",
     [](JobSpec& s) {
       s.files = {{"x", kDigest, Bytes(INT64_MAX), false}, {"y", kDigest, Bytes(1), false}};
     },
     "invalid", "/files"},
    {"an image without an engine for it", [](JobSpec& s) { s.image = "ubuntu"; }, "unsupported",
     "/image"},
    {"a variant's image",
     [](JobSpec& s) {
       s.variants = {{ChipName("h100"), {}, {}, "ubuntu", {}}};
     },
     "unsupported", "/variants/0/image"},
    {"a part of an accelerator",
     [](JobSpec& s) {
       s.track = Track::kGpu;
       s.amount = MilliDevices(500);
     },
     "unsupported", "/amount"},
    {"a variant's part of an accelerator",
     [](JobSpec& s) {
       s.variants = {{ChipName("h100"), MilliDevices(1500), {}, "", {}}};
     },
     "unsupported", "/variants/0/amount"},
    {"more than one node has", [](JobSpec& s) { s = gpu_job("x", 5); }, "infeasible", ""},
    {"more than all nodes have", [](JobSpec& s) { s = gpu_job("x", 2, 3); }, "infeasible", ""},
    {"more cpu than a node has", [](JobSpec& s) { s.cpu = MilliCpu(65'000); }, "infeasible", ""},
    {"more memory than a node has", [](JobSpec& s) { s.memory = Bytes(INT64_MAX); }, "infeasible",
     ""},
    {"a chip that the fleet lacks",
     [](JobSpec& s) {
       s.variants = {{ChipName("a100"), {}, {}, "", {}}};
     },
     "infeasible", ""},
    {"after of nobody", [](JobSpec& s) { s.after = {"nobody"}; }, "not-found", "/after/0"},
    {"after of itself", [](JobSpec& s) { s.after = {s.name}; }, "invalid", "/after"},
    {"an input without a source",
     [](JobSpec& s) {
       s.inputs = {{"m", "model"}};
     },
     "invalid", "/inputs/m"},
    {"an input with a bad digest",
     [](JobSpec& s) {
       s.inputs = {{"m", "sha256:00"}};
     },
     "invalid", "/inputs/m"},
    {"an input of nobody",
     [](JobSpec& s) {
       s.inputs = {{"m", "nobody/model"}};
     },
     "not-found", "/inputs/m"},
};

TEST_F(Submission, EveryFaultIsRejectedWithItsTypeItsPlaceAndHelp) {
  for (const BadSpec& bad : kBadSpecs) {
    JobSpec spec = job("j");
    bad.spoil(spec);
    const Rejection rejection = rig.rejection(spec);
    EXPECT_EQ(rejection.type, bad.type) << bad.what;
    EXPECT_EQ(rejection.pointer, "/items/0" + bad.pointer) << bad.what;
    EXPECT_NE(rejection.detail, "") << bad.what;
    EXPECT_NE(rejection.help, "") << bad.what;
    ASSERT_TRUE(rig.state().jobs.empty()) << bad.what;
  }
}

TEST_F(Submission, AnInfeasibleJobIsToldWhatTheFleetHas) {
  const Rejection rejection = rig.rejection(gpu_job("x", 5));
  EXPECT_NE(rejection.detail.find("the fleet has 4, at most 4 on one node"), std::string::npos)
      << rejection.detail;
  EXPECT_NE(rejection.help.find(kH100), std::string::npos) << rejection.help;
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
  EXPECT_EQ(rig.rejection(rig.command({job("j"), job("j")})).pointer, "/items/1/name");
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
  EXPECT_EQ(rig.rejection(elsewhere).type, "not-found");
  elsewhere.jobs[0].spec.after = {id.str()};
  EXPECT_EQ(rig.rejection(elsewhere).type, "not-found");
}

TEST_F(Submission, AfterAJobThatFailedIsRejected) {
  rig.finish(rig.submit(job("dep")), 1);
  JobSpec spec = job("j");
  spec.after = {"dep"};
  EXPECT_EQ(rig.rejection(spec).type, "dependency-failed");
  spec.after.clear();
  spec.inputs = {{"m", "dep/model"}};
  EXPECT_EQ(rig.rejection(spec).type, "not-found");
}

TEST_F(Submission, InputsComeFromADigestAnOutputOrTheHistory) {
  JobSpec producer = job("train");
  producer.outputs = {"model.onnx"};
  const JobId train = rig.submit(producer);
  JobSpec spec = job("j");
  spec.inputs = {{"a", "sha256:" + kDigest.hex()}, {"b", "train/model.onnx"}, {"c", "old/model"}};
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
      {"a", kDigest}, {"b", sha256("model.onnx")}, {"c", sha256("old")}};
  EXPECT_EQ(rig.attempt(id)->inputs, expected);
}

TEST_F(Submission, AnOutputThatIsNotDeclaredIsNoInput) {
  rig.submit(job("train"));
  JobSpec spec = job("j");
  spec.inputs = {{"m", "train/model"}};
  const Rejection rejection = rig.rejection(spec);
  EXPECT_EQ(rejection.type, "not-found");
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

}  // namespace
}  // namespace duru::testing
