#include "duru/api/render.h"

#include <gtest/gtest.h>

#include "duru/base/json.h"
#include "duru/core/core.h"

namespace duru {
namespace {

constexpr Timestamp kStart{1'800'000'000'000};
const NodeName kNode("n1");

class RenderTest : public testing::Test {
 protected:
  RenderTest() {
    say(InstallationCreated{InstallationId("testtest")});
    Chip h100;
    h100.name = ChipName("h100");
    h100.track = Track::kGpu;
    h100.watts = Milliwatts(700'500);
    h100.watts_kind = FigureKind::kPublished;
    say(ChipDefined{h100});
    Node node;
    node.name = kNode;
    node.site = SiteName("here");
    node.cpu = MilliCpu(4000);
    node.memory = Bytes(1 << 20);
    node.accelerators = {{0, h100.name, true, ""}, {1, h100.name, false, "0000:01:00.0"}};
    say(SiteDefined{{SiteName("here"), "us", "local", {}}});
    say(NodeDefined{node});
  }

  void say(Message fact) { evolve(state_, fact, {++seq_, 1, now_}); }
  void after(Milliseconds span) { now_ = now_ + span; }

  JobId submit(const std::string& name) {
    JobSubmitted fact;
    fact.job = make_id<JobId>(now_.value, static_cast<std::uint32_t>(seq_));
    fact.project = ProjectName("default");
    fact.spec.name = name;
    fact.spec.track = Track::kGpu;
    fact.spec.command = {"true"};
    fact.spec.tasks = 1;
    fact.spec.cpu = MilliCpu(1000);
    fact.spec.grace = seconds(10);
    fact.principal = "operator";
    say(fact);
    return fact.job;
  }
  void start(const JobId& job, std::int32_t attempt, std::int32_t device) {
    const Allocation held{kNode, ChipName("h100"), MilliDevices(1000), {device}, MilliCpu(1000),
                          {},    device == 0};
    say(AttemptStarted{workload_of(job), attempt, -1, {held}, {}, false});
    say(TaskStarted{workload_of(job), attempt, 0, now_, "memory is not enforced"});
  }
  void end(const JobId& job, std::int32_t attempt, std::int32_t code) {
    say(TaskEnded{workload_of(job), attempt, 0, {EndCause::kExited, code, {}, now_, ""}});
  }
  void release(const JobId& job, std::int32_t attempt, AttemptOutcome outcome) {
    say(TaskReleased{workload_of(job), attempt, 0, now_});
    say(AttemptEnded{workload_of(job), attempt, outcome, {}, ""});
  }
  JobObject object(const JobId& job) { return job_object(state_, state_.jobs.at(job), now_); }
  AcceleratorObject accelerator(std::int32_t index) {
    return accelerator_object(state_, state_.nodes.at(kNode), *state_.accelerator({kNode, index}));
  }

  State state_;
  Timestamp now_ = kStart;
  std::int64_t seq_ = 0;
};

TEST_F(RenderTest, AWaitingJobShowsTheReasonItsFiguresAndWhatItAsksFor) {
  const JobObject job = object(submit("a"));
  EXPECT_EQ(job.state, JobState::kQueued);
  EXPECT_NE(job.reason, "");
  EXPECT_NE(job.message, "");
  EXPECT_EQ(job.track, Track::kGpu);
  EXPECT_EQ(job.chip, "");
  EXPECT_EQ(job.attempt_count, 0);
  EXPECT_EQ(job_object_unexplained(state_, state_.jobs.begin()->second).reason, "");
}

TEST_F(RenderTest, ARunningJobShowsItsLastAttempt) {
  const JobId id = submit("a");
  start(id, 1, 0);
  const JobObject job = object(id);
  EXPECT_EQ(job.state, JobState::kRunning);
  EXPECT_EQ(job.reason, "");
  EXPECT_TRUE(job.emulated);
  EXPECT_EQ(job.nodes, std::vector<std::string>{"n1"});
  EXPECT_EQ(job.started_at, now_);
  EXPECT_FALSE(job.lost.has_value());
  const JobDetail detail = job_detail(state_, state_.jobs.at(id), now_);
  ASSERT_EQ(detail.attempts.size(), 1U);
  EXPECT_EQ(detail.attempts[0].outcome, "running");
  EXPECT_EQ(detail.attempts[0].tasks[0].name, "duru-testtest-" + id.str() + "-0-1-0");
  EXPECT_EQ(detail.attempts[0].tasks[0].accelerators, std::vector<std::string>{"n1/0"});
  EXPECT_EQ(detail.attempts[0].tasks[0].message, "memory is not enforced");
  EXPECT_EQ(detail.attempts[0].tasks[0].cause, "");
}

TEST_F(RenderTest, AnEndedJobShowsWhyAndAllItsAttemptsInOrder) {
  const JobId id = submit("a");
  start(id, 1, 0);
  end(id, 1, 3);
  release(id, 1, AttemptOutcome::kFailed);
  say(JobRequeued{id, now_, true, "exit code 3"});
  start(id, 2, 1);
  end(id, 2, 4);
  release(id, 2, AttemptOutcome::kFailed);
  say(JobEnded{id, JobState::kFailed, "exit_code", 4, {}, false, "it failed"});
  const JobDetail detail = job_detail(state_, state_.jobs.at(id), now_);
  EXPECT_EQ(detail.job.reason, "exit_code");
  EXPECT_EQ(detail.job.message, "it failed");
  EXPECT_EQ(detail.job.exit_code, 4);
  EXPECT_EQ(detail.job.attempt_count, 2);
  EXPECT_FALSE(detail.job.emulated);
  ASSERT_EQ(detail.attempts.size(), 2U);
  EXPECT_EQ(detail.attempts[0].attempt, 1);
  EXPECT_TRUE(detail.attempts[0].emulated);
  EXPECT_EQ(detail.attempts[0].outcome, "failed");
  EXPECT_EQ(detail.attempts[1].tasks[0].exit_code, 4);
  EXPECT_TRUE(from_json<JobDetail>(to_json(detail)).ok());
}

TEST_F(RenderTest, AnAcceleratorShowsTheFirstStateThatFits) {
  EXPECT_EQ(accelerator(0).state, "free");
  const JobId id = submit("a");
  start(id, 1, 0);
  EXPECT_EQ(accelerator(0).state, "used");
  EXPECT_EQ(accelerator(0).job, "a");
  EXPECT_EQ(accelerator(0).job_id, id.str());
  say(AcceleratorMarked{{kNode, 0}, false, "ECC"});
  EXPECT_EQ(accelerator(0).state, "used");  // running work stays
  EXPECT_EQ(accelerator(0).reason, "ECC");
  end(id, 1, 0);
  EXPECT_EQ(accelerator(0).state, "releasing");
  release(id, 1, AttemptOutcome::kSucceeded);
  EXPECT_EQ(accelerator(0).state, "unhealthy");
  say(NodeCordoned{kNode, "new fan"});
  EXPECT_EQ(accelerator(1).state, "cordoned");
  EXPECT_EQ(accelerator(1).reason, "new fan");
  say(NodeReported{kNode, false, "no answer"});
  EXPECT_EQ(accelerator(0).state, "down");
  EXPECT_EQ(accelerator(1).state, "down");
  EXPECT_EQ(accelerator(1).pci_address, "0000:01:00.0");
}

TEST_F(RenderTest, ANodeShowsWhatIsFreeAndTheFirstStateThatFits) {
  const auto node = [&] { return node_object(state_, state_.nodes.at(kNode)); };
  EXPECT_EQ(node().state, "ready");
  EXPECT_EQ(node().chips, "1 × h100, 1 × h100 (emulated)");
  EXPECT_EQ(node().accelerator_free_count, 2);
  start(submit("a"), 1, 0);
  EXPECT_EQ(node().accelerator_free_count, 1);
  EXPECT_EQ(node().cpu_free, MilliCpu(3000));
  EXPECT_EQ(node().task_count, 1);
  say(NodeCordoned{kNode, "new fan"});
  EXPECT_EQ(node().state, "cordoned");
  say(NodeDraining{kNode, now_, "new fan"});
  EXPECT_EQ(node().state, "draining");
  say(NodeReported{kNode, false, "no answer"});
  EXPECT_EQ(node().state, "down");
  EXPECT_EQ(node().reason, "no answer");
}

TEST_F(RenderTest, AFigureThatIsNotKnownIsNullAndNotZero) {
  const ChipObject chip = chip_object(state_, state_.chips.begin()->second);
  EXPECT_EQ(chip.watts, "700.5");
  EXPECT_FALSE(chip.price_credits_per_hour.has_value());
  EXPECT_EQ(chip.accelerator_count, 2);
  EXPECT_EQ(chip.emulated_count, 1);
  const SiteObject site = site_object(state_, state_.sites.begin()->second);
  EXPECT_EQ(site.node_count, 1);
  EXPECT_EQ(site.accelerator_count, 2);
}

}  // namespace
}  // namespace duru
