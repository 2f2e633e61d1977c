#include <gtest/gtest.h>

#include "duru/core/testing/rig.h"

// Workloads of several tasks, and what engines may report about them: doubled, late, out of order.
namespace duru::testing {
namespace {

class Gang : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(rig.problems(), ""); }
  JobState state() const { return rig.job(id).state; }
  void submit(const JobSpec& spec) {
    id = rig.submit(spec);
    ASSERT_EQ(state(), JobState::kStarting);
    rig.advance(seconds(1));
  }
  // The stopped ones end, and all trees are empty.
  void stop_the_rest(std::int32_t tasks) {
    for (std::int32_t i = 0; i < tasks; ++i) {
      if (!rig.attempt(id)->tasks[static_cast<std::size_t>(i)].end.has_value()) {
        rig.end(id, rig.ended(EndCause::kStopped), i);
      }
    }
    for (std::int32_t i = 0; i < tasks; ++i) rig.release(id, i);
  }
  TaskObserved whole(std::int32_t task, bool with_outputs) {
    TaskObserved report = rig.report(id, task);
    report.end = rig.exited(0);
    report.released_at = rig.now();
    if (with_outputs) {
      report.outputs_phase = OutputsPhase::kStored;
      report.outputs["model"] = {sha256("model"), Bytes(5)};
    }
    return report;
  }
  Rig rig{{node("a", kH100, 4), node("b", kH100, 4)}};
  JobId id;
};

TEST_F(Gang, RunsWhenAllItsTasksRun) {
  submit(gpu_job("gang", 2, 3));
  TaskObserved started = rig.report(id, 1);
  started.started_at = rig.now();
  rig.apply(started);
  EXPECT_EQ(state(), JobState::kStarting);
  EXPECT_FALSE(rig.job(id).started_at.has_value());
  rig.start(id);
  EXPECT_EQ(state(), JobState::kRunning);
}

TEST_F(Gang, SucceedsWhenAllItsTasksDid) {
  submit(gpu_job("gang", 2, 3));
  rig.start(id);
  rig.apply(whole(0, false));
  rig.apply(whole(2, false));
  EXPECT_EQ(state(), JobState::kRunning);
  rig.apply(whole(1, false));
  EXPECT_EQ(state(), JobState::kSucceeded);
}

TEST_F(Gang, OneTaskThatFailsStopsTheOthers) {
  submit(gpu_job("gang", 2, 3));
  rig.start(id);
  rig.end(id, rig.exited(7), 1);
  EXPECT_EQ(rig.fact_names(), "task_ended attempt_stopping");
  EXPECT_EQ(rig.fact<AttemptStopping>()->cause, StopCause::kTaskFailed);
  EXPECT_EQ(rig.fact<AttemptStopping>()->grace, seconds(10));
  EXPECT_EQ(state(), JobState::kEnding);
  stop_the_rest(3);
  EXPECT_EQ(state(), JobState::kFailed);
  EXPECT_EQ(rig.job(id).exit_code, 7) << "not that of a task that was stopped";
}

TEST_F(Gang, OneTaskThatIsLostRequeuesAll) {
  submit(gpu_job("gang", 2, 3));
  rig.start(id);
  rig.end(id, rig.ended(EndCause::kLost), 2);
  EXPECT_EQ(state(), JobState::kEnding);
  stop_the_rest(3);
  EXPECT_EQ(state(), JobState::kQueued);
  EXPECT_EQ(rig.job(id).past_attempts.at(0).outcome, AttemptOutcome::kLost);
}

TEST_F(Gang, NothingIsHandedOutBeforeATreeIsProvenEmpty) {
  submit(gpu_job("gang", 4, 2));
  const JobId next = rig.submit(gpu_job("next", 4));
  rig.end(id, rig.exited(1), 0);
  rig.end(id, rig.ended(EndCause::kStopped), 1);
  EXPECT_EQ(rig.job(next).state, JobState::kQueued);
  rig.release(id, 1);
  EXPECT_EQ(rig.job(next).state, JobState::kStarting);
  EXPECT_EQ(rig.attempt(next)->tasks[0].allocation.node.str(), "b");
  EXPECT_EQ(state(), JobState::kEnding) << "a tree of the first may live";
}

TEST_F(Gang, OutputsThatAreStoredBeforeTheOthersEndAreKept) {
  JobSpec spec = gpu_job("gang", 2, 2);
  spec.outputs = {"model"};
  submit(spec);
  rig.start(id);
  rig.apply(whole(0, true));
  EXPECT_EQ(state(), JobState::kRunning);
  rig.apply(whole(1, false));
  EXPECT_EQ(state(), JobState::kSucceeded) << "task 0 is not reported again";
  EXPECT_EQ(rig.job(id).outputs.at("model").digest, sha256("model"));
}

TEST_F(Gang, OutputsThatAreMissingBeforeTheOthersEndFailItThen) {
  JobSpec spec = gpu_job("gang", 2, 2);
  spec.outputs = {"model"};
  submit(spec);
  TaskObserved missing = whole(0, false);
  missing.outputs_phase = OutputsPhase::kMissing;
  missing.detail = "no model";
  rig.apply(missing);
  rig.apply(whole(1, false));
  EXPECT_EQ(rig.job(id).end_reason, "output_missing");
  EXPECT_EQ(rig.job(id).end_detail, "no model");
}

TEST_F(Gang, OutputsOfATaskDoNotHelpWhenAnotherFails) {
  JobSpec spec = gpu_job("gang", 2, 2);
  spec.outputs = {"model"};
  submit(spec);
  rig.apply(whole(0, true));
  rig.end(id, rig.exited(1), 1);
  rig.release(id, 1);
  EXPECT_EQ(state(), JobState::kFailed);
  EXPECT_TRUE(rig.job(id).outputs.empty());
}

using Report = Gang;

TEST_F(Report, AReportThatComesTwiceChangesNothing) {
  submit(gpu_job("j"));
  const std::vector<TaskObserved> reports = [&] {
    TaskObserved started = rig.report(id);
    started.started_at = rig.now();
    TaskObserved ended = started;
    ended.end = rig.exited(1);
    TaskObserved released = ended;
    released.released_at = rig.now();
    return std::vector{started, ended, released};
  }();
  for (const TaskObserved& report : reports) {
    rig.apply(report);
    EXPECT_NE(rig.fact_names(), "");
    rig.advance(seconds(1));
    rig.apply(report);
    EXPECT_EQ(rig.fact_names(), "");
  }
}

TEST_F(Report, AnEarlierOneThatComesLaterChangesNothing) {
  submit(gpu_job("j", 1, 2));
  TaskObserved started = rig.report(id);
  started.started_at = rig.now();
  rig.end(id, rig.exited(0));
  rig.apply(started);
  EXPECT_EQ(rig.fact_names(), "") << "it has ended";
  TaskObserved nothing = rig.report(id);
  rig.apply(nothing);
  EXPECT_EQ(rig.fact_names(), "");
}

TEST_F(Report, AnotherEndOfAnEndedTaskChangesNothing) {
  submit(gpu_job("j", 1, 2));
  rig.end(id, rig.exited(0));
  rig.end(id, rig.exited(9));
  EXPECT_EQ(rig.fact_names(), "");
}

TEST_F(Report, ATreeIsNotEmptyBeforeItsEndIsKnown) {
  submit(gpu_job("j"));
  TaskObserved released = rig.report(id);
  released.released_at = rig.now();
  rig.apply(released);
  EXPECT_EQ(rig.fact_names(), "");
}

TEST_F(Report, ThatIsOfAnOldAttemptChangesNothing) {
  JobSpec spec = gpu_job("j");
  spec.retries.limit = 1;
  submit(spec);
  TaskObserved old = rig.report(id);
  old.started_at = rig.now();
  old.end = rig.exited(0);
  old.released_at = rig.now();
  rig.finish(id, 1);
  rig.run_until(rig.now() + seconds(1));
  ASSERT_EQ(state(), JobState::kStarting);
  rig.apply(old);
  EXPECT_EQ(rig.fact_names(), "");
  old.attempt = 3;
  rig.apply(old);
  EXPECT_EQ(rig.fact_names(), "") << "nor one of an attempt to come";
}

TEST_F(Report, ThatIsOfNoTaskOrNobodyChangesNothing) {
  submit(gpu_job("j"));
  for (std::int32_t task : {-1, 1, INT32_MAX, INT32_MIN}) {
    TaskObserved odd = rig.report(id, task);
    odd.end = rig.exited(0);
    rig.apply(odd);
    EXPECT_EQ(rig.fact_names(), "") << task;
  }
  TaskObserved nobody = rig.report(id);
  nobody.workload.owner = "nobody";
  nobody.end = rig.exited(0);
  rig.apply(nobody);
  EXPECT_EQ(rig.fact_names(), "");
}

TEST_F(Report, TimesArePutInOrder) {
  const Timestamp decided = rig.now();
  submit(gpu_job("j"));
  TaskObserved report = rig.report(id);
  report.started_at = Timestamp(5);
  rig.apply(report);
  EXPECT_EQ(rig.fact<TaskStarted>()->started_at, decided) << "not before the decision";
  report.end = rig.exited(0);
  report.end->ended_at = decided - hours(1);
  rig.apply(report);
  EXPECT_EQ(rig.fact<TaskEnded>()->end.ended_at, decided) << "not before the start";
  report.released_at = rig.now() + hours(100);
  rig.apply(report);
  EXPECT_EQ(rig.fact<TaskReleased>()->released_at, rig.now()) << "not in the future";
}

TEST_F(Report, AReportedEndMayLieBeforeTheReport) {
  submit(gpu_job("j"));
  rig.start(id);
  const Timestamp ended = rig.now() + seconds(5);
  rig.advance(hours(1));
  TaskObserved report = rig.report(id);
  report.end = rig.exited(0);
  report.end->ended_at = ended;
  report.released_at = ended;
  rig.apply(report);
  EXPECT_EQ(rig.job(id).past_attempts.at(0).tasks.at(0).end->ended_at, ended);
  EXPECT_EQ(rig.job(id).ended_at, rig.now());
}

}  // namespace
}  // namespace duru::testing
