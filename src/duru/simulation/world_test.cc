#include "duru/simulation/world.h"

#include <gtest/gtest.h>

#include "duru/domain/commands.h"
#include "duru/simulation/replay.h"

namespace duru {
namespace {

DefineFleet fleet(const World& world) {
  DefineFleet fleet;
  Chip chip;
  chip.name = ChipName("h100");
  chip.track = Track::kGpu;
  fleet.chips.push_back(chip);
  fleet.sites.push_back(world.site());
  Node node;
  node.name = NodeName("n1");
  node.site = world.site().name;
  node.cpu = MilliCpu(8000);
  node.memory = Bytes(std::int64_t{64} << 30);
  node.accelerators = {{0, chip.name, true, ""}, {1, chip.name, true, ""}};
  fleet.nodes.push_back(node);
  return fleet;
}

JobId submit(World& world, const std::string& name, std::vector<std::string> command,
             std::int64_t accelerators = 1) {
  SubmitJobs submission;
  submission.project = ProjectName("default");
  JobSpec spec;
  spec.name = name;
  spec.command = std::move(command);
  spec.variants = {{ChipName("h100"), MilliDevices(accelerators * 1000), {}, "", {}}};
  submission.jobs = {{world.draw_job_id(), spec}};
  EXPECT_EQ(world.submit(submission).kind, Reply::Kind::kAccepted);
  return submission.jobs[0].id;
}

std::vector<std::string> states(const World& world, const std::string& job) {
  std::vector<std::string> out;
  for (const TraceStep& step : world.trace().steps_of(job)) out.push_back(step.state);
  return out;
}

using States = std::vector<std::string>;

TEST(World, RunsAJobFromItsQueueToItsEnd) {
  World world({});
  world.submit(fleet(world));
  submit(world, "a", {"duru", "task", "--for", "200ms"});
  world.run_until(world.now() + seconds(1));
  EXPECT_EQ(states(world, "a"), (States{"queued", "starting", "running", "ending", "succeeded"}));
  EXPECT_EQ(since(world.trace().steps_of("a").back().at, WorldOptions{}.start), Milliseconds(210));
  world.check_settled();
  EXPECT_EQ(world.violations(), States{});
}

TEST(World, KeepsALostRunsAcceleratorUntilItsTreeIsProvenEmpty) {
  World world({});
  world.submit(fleet(world));
  const JobId job = submit(world, "a", {"sleep", "infinity"}, 2);
  world.run_until(world.now() + seconds(1));
  const TaskRunName run = task_run_name(world.state().installation, workload_of(job), 1, 0);
  ASSERT_TRUE(world.engine().lose(run, seconds(3)));
  submit(world, "b", {"true"});
  world.run_until(world.now() + seconds(2));
  EXPECT_EQ(states(world, "b"), States{"queued"});
  world.run_until(world.now() + seconds(2));
  EXPECT_EQ(states(world, "b").back(), "succeeded");
  EXPECT_EQ(world.violations(), States{});
}

TEST(World, ComesBackFromItsJournalWhileWorkGoesOn) {
  for (const Recovery recovery : {Recovery::kReplay, Recovery::kSnapshot}) {
    World world({});
    world.submit(fleet(world));
    submit(world, "a", {"duru", "task", "--for", "2s"});
    submit(world, "b", {"duru", "task", "--for", "10s"});
    world.run_until(world.now() + seconds(1));
    world.restart(recovery, seconds(5));
    world.run_until(world.now() + seconds(10));
    EXPECT_EQ(states(world, "a").back(), "succeeded");
    EXPECT_EQ(states(world, "b").back(), "succeeded");
    EXPECT_EQ(world.state().jobs.begin()->second.past_attempts.size(), 1U);
    world.check_settled();
    EXPECT_EQ(world.violations(), States{});
    const auto commits = read_commits(world.journal());
    ASSERT_TRUE(commits.ok());
    const Status causes = check_causes(commits.value());
    EXPECT_TRUE(causes.ok()) << causes.error().message;
    const Status restores = check_restores(commits.value());
    EXPECT_TRUE(restores.ok()) << restores.error().message;
  }
}

}  // namespace
}  // namespace duru
