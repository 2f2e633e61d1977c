#include "duru/engine/simulated/simulated_engine.h"

#include <gtest/gtest.h>

namespace duru {
namespace {

class SimulatedEngineTest : public testing::Test {
 protected:
  SimulatedEngineTest() { start(); }

  void start() {
    ASSERT_TRUE(engine_.start([this](Message message) { reports_.push_back(message); }).ok());
  }

  TaskRunSpec spec(std::vector<std::string> command, std::int32_t task = 0) {
    TaskRunSpec spec;
    spec.workload = {"owner", 0};
    spec.attempt = 1;
    spec.task = task;
    spec.tasks = 1;
    spec.term = 1;
    spec.name = task_run_name(InstallationId("test"), spec.workload, 1, task);
    spec.job_name = "job";
    spec.allocation.node = NodeName("n1");
    spec.command = std::move(command);
    spec.grace = seconds(5);
    return spec;
  }

  void advance(Milliseconds by) {
    clock_.advance_to(clock_.now() + by);
    engine_.advance(clock_.now());
  }

  // The last report of a task, as a text: "started 10, exited 3 at 210, released 210, stored".
  std::string last(std::int32_t task = 0) const {
    for (auto it = reports_.rbegin(); it != reports_.rend(); ++it) {
      const auto* seen = it->as<TaskObserved>();
      if (seen != nullptr && seen->task == task) return text(*seen);
    }
    return "nothing";
  }

  static std::string text(const TaskObserved& seen) {
    std::string out;
    const auto add = [&](const std::string& part) { out += (out.empty() ? "" : ", ") + part; };
    if (seen.started_at) add("started " + std::to_string(seen.started_at->value));
    if (seen.end) {
      static const char* const kCauses[] = {"none",       "exited",          "stopped",
                                            "time_limit", "failed_to_start", "lost"};
      std::string end = kCauses[static_cast<int>(seen.end->cause)];
      if (seen.end->exit_code) end += " " + std::to_string(*seen.end->exit_code);
      if (seen.end->signal) end += " by " + std::to_string(*seen.end->signal);
      add(end + " at " + std::to_string(seen.end->ended_at.value));
    }
    if (seen.released_at) add("released " + std::to_string(seen.released_at->value));
    if (seen.outputs_phase == OutputsPhase::kStored) add("stored");
    if (seen.outputs_phase == OutputsPhase::kMissing) add("missing: " + seen.detail);
    return out;
  }

  VirtualClock clock_{Timestamp(0)};
  SimulatedEngine engine_{{InstallationId("test"), Milliseconds(10), Milliseconds(0), {}}, clock_};
  std::vector<Message> reports_;
};

TEST_F(SimulatedEngineTest, StartsATaskAfterItsDelayAndEndsItWithItsCode) {
  engine_.run(spec({"duru", "task", "--for", "200ms", "--exit", "3"}));
  EXPECT_EQ(engine_.next_event(), Timestamp(10));
  advance(Milliseconds(10));
  EXPECT_EQ(last(), "started 10");
  advance(seconds(1));
  EXPECT_EQ(last(), "started 10, exited 3 at 210, released 210");
}

TEST_F(SimulatedEngineTest, NeverReportsInsideACall) {
  engine_.run(spec({"true"}));
  engine_.run(spec({"true"}));
  engine_.stop(spec({"true"}).name, seconds(1));
  EXPECT_TRUE(reports_.empty());
}

TEST_F(SimulatedEngineTest, StartsNothingTwiceAndReportsWhatIsThereInstead) {
  engine_.run(spec({"sleep", "1"}));
  advance(Milliseconds(500));
  const std::size_t before = reports_.size();
  engine_.run(spec({"sleep", "1"}));
  advance(Milliseconds(0));
  EXPECT_EQ(reports_.size(), before + 1);
  EXPECT_EQ(engine_.live_task_count({"owner", 0}), 1U);
}

TEST_F(SimulatedEngineTest, StopsATaskByTermAndOneThatIgnoresItByKillAfterTheGrace) {
  engine_.run(spec({"sleep", "infinity"}, 0));
  engine_.run(spec({"duru", "task", "--for", "1h", "--ignore-term"}, 1));
  advance(seconds(1));
  engine_.stop(spec({}, 0).name, seconds(2));
  engine_.stop(spec({}, 1).name, seconds(2));
  engine_.stop(spec({}, 1).name, seconds(9));  // the first one counts
  advance(seconds(5));
  EXPECT_EQ(last(0), "started 10, stopped by 15 at 1000, released 1000");
  EXPECT_EQ(last(1), "started 10, stopped by 9 at 3000, released 3000");
}

TEST_F(SimulatedEngineTest, NeverStartsWhatWasStoppedBeforeItWasHeardOf) {
  engine_.stop(spec({}).name, seconds(1));
  engine_.run(spec({"true"}));
  advance(seconds(1));
  EXPECT_EQ(last(), "stopped at 0, released 0");
}

TEST_F(SimulatedEngineTest, EnforcesATimeLimitFromTheTasksStart) {
  TaskRunSpec limited = spec({"sleep", "infinity"});
  limited.time_limit = Milliseconds(300);
  engine_.run(limited);
  advance(seconds(1));
  EXPECT_EQ(last(), "started 10, time_limit by 15 at 310, released 310");
}

TEST_F(SimulatedEngineTest, FailsToStartWhatIsNotThere) {
  engine_.run(spec({"no-such-program"}));
  advance(seconds(1));
  EXPECT_EQ(last(), "failed_to_start at 10, released 10");
}

TEST_F(SimulatedEngineTest, StoresDeclaredOutputsAndNamesOneThatIsMissing) {
  TaskRunSpec good = spec({"duru", "task", "--output", "a"}, 0);
  TaskRunSpec bad = spec({"duru", "task", "--output", "a"}, 1);
  good.outputs = {"a"};
  bad.outputs = {"a", "b"};
  engine_.run(good);
  engine_.run(bad);
  advance(seconds(1));
  EXPECT_EQ(last(0), "started 10, exited 0 at 10, released 10, stored");
  EXPECT_EQ(last(1),
            "started 10, exited 0 at 10, released 10, missing: output `b` was not written");
}

TEST_F(SimulatedEngineTest, ReportsALostRunAsReleasedOnlyWhenItsTreeIsProvenEmpty) {
  engine_.run(spec({"sleep", "infinity"}));
  advance(seconds(1));
  EXPECT_TRUE(engine_.lose(spec({}).name, seconds(3)));
  advance(seconds(2));
  EXPECT_EQ(last(), "started 10, lost at 1000");
  advance(seconds(1));
  EXPECT_EQ(last(), "started 10, lost at 1000, released 4000");
  EXPECT_FALSE(engine_.lose(spec({}).name, seconds(3)));
}

TEST_F(SimulatedEngineTest, SaysNothingOfANodeThatIsCutOffUntilItIsBack) {
  engine_.run(spec({"sleep", "2"}));
  advance(seconds(1));
  engine_.cut_off(NodeName("n1"));
  advance(seconds(4));
  EXPECT_EQ(last(), "started 10");
  EXPECT_EQ(engine_.observed_through(), Timestamp(1000));
  engine_.bring_back(NodeName("n1"));
  advance(seconds(0));
  EXPECT_EQ(last(), "started 10, exited 0 at 2010, released 2010, stored");
  EXPECT_EQ(engine_.observed_through(), clock_.now());
}

TEST_F(SimulatedEngineTest, KeepsAStopForANodeThatIsCutOff) {
  engine_.run(spec({"sleep", "infinity"}));
  advance(seconds(1));
  engine_.cut_off(NodeName("n1"));
  engine_.stop(spec({}).name, seconds(1));
  advance(seconds(4));
  engine_.bring_back(NodeName("n1"));
  advance(seconds(0));
  EXPECT_EQ(last(), "started 10, stopped by 15 at 5000, released 5000");
}

TEST_F(SimulatedEngineTest, StopsAndForgetsAnOrphan) {
  engine_.run(spec({"sleep", "infinity"}, 0));
  engine_.run(spec({"sleep", "infinity"}, 1));
  advance(seconds(1));
  engine_.reconcile({spec({}, 1).name});
  advance(seconds(10));
  EXPECT_EQ(engine_.runs(), std::vector<TaskRunName>{spec({}, 1).name});
}

TEST_F(SimulatedEngineTest, RefusesANewLaunchOfALowerTerm) {
  TaskRunSpec newer = spec({"sleep", "1"}, 0);
  newer.term = 2;
  engine_.run(newer);
  engine_.run(spec({"sleep", "1"}, 1));
  advance(seconds(5));
  EXPECT_EQ(last(1), "nothing");
}

TEST_F(SimulatedEngineTest, GoesOnWithoutAServerAndTellsTheNextOneAll) {
  engine_.run(spec({"sleep", "2"}));
  advance(seconds(1));
  engine_.shutdown();
  reports_.clear();
  advance(seconds(5));
  EXPECT_TRUE(reports_.empty());
  start();
  advance(seconds(0));
  EXPECT_EQ(last(), "started 10, exited 0 at 2010, released 2010, stored");
}

TEST_F(SimulatedEngineTest, ReportsTwiceLateOrNotAtAllWhenToldTo) {
  engine_.set_report_faults({true, Milliseconds(500), 0});
  engine_.run(spec({"sleep", "infinity"}));
  advance(Milliseconds(500));
  EXPECT_TRUE(reports_.empty());
  EXPECT_EQ(engine_.observed_through(), Timestamp(10));
  advance(Milliseconds(10));
  EXPECT_EQ(reports_.size(), 2U);
  engine_.set_report_faults({false, Milliseconds(0), 1});
  engine_.run(spec({}));
  advance(seconds(1));
  EXPECT_EQ(reports_.size(), 2U);
}

TEST(TaskProgram, KnowsItsOwnAndAFewOfEverybodys) {
  EXPECT_FALSE(read_task_program({}).has_value());
  EXPECT_FALSE(read_task_program({"python3", "train.py"}).has_value());
  EXPECT_EQ(read_task_program({"/bin/sleep", "1.5"})->duration, Milliseconds(1500));
  EXPECT_EQ(read_task_program({"sleep", "infinity"})->duration, std::nullopt);
  EXPECT_EQ(read_task_program({"false"})->exit_code, 1);
  const auto task = read_task_program(
      {"/opt/duru", "task", "--ignore-term", "--output", "a", "--output", "b", "--for", "1m"});
  EXPECT_TRUE(task->ignores_term);
  EXPECT_EQ(task->outputs, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(task->duration, minutes(1));
}

TEST(TaskProgram, EndsWithTwoForWrongArguments) {
  for (const auto& argv : std::vector<std::vector<std::string>>{{"duru", "task", "--for", "soon"},
                                                                {"duru", "task", "--exit", "256"},
                                                                {"duru", "task", "--exit"},
                                                                {"duru", "task", "--what", "x"}}) {
    EXPECT_EQ(read_task_program(argv)->exit_code, 2) << argv.back();
  }
}

}  // namespace
}  // namespace duru
