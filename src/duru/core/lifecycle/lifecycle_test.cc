#include "duru/core/lifecycle/lifecycle.h"

#include <gtest/gtest.h>

#include "duru/core/testing/rig.h"

namespace duru::testing {
namespace {

class Lifecycle : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(rig.problems(), ""); }
  JobState state(const JobId& id) const { return rig.job(id).state; }
  JobId fresh(const JobSpec& spec) {
    const JobId id = rig.submit(spec);
    EXPECT_EQ(state(id), JobState::kStarting);
    return id;
  }
  Rig rig{{node("a", kH100, 4), node("b", kAries, 2)}};
};

TEST_F(Lifecycle, AJobGoesFromStartingToRunningToEndingToSucceeded) {
  JobSpec spec = gpu_job("j");
  spec.outputs = {"model"};
  const JobId id = fresh(spec);
  rig.advance(seconds(1));
  rig.start(id);
  EXPECT_EQ(state(id), JobState::kRunning);
  EXPECT_EQ(rig.job(id).started_at, rig.now());
  rig.advance(seconds(1));
  rig.end(id, rig.exited(0));
  EXPECT_EQ(state(id), JobState::kEnding);
  rig.release(id);
  EXPECT_EQ(state(id), JobState::kEnding) << "its outputs are not stored yet";
  EXPECT_TRUE(rig.state().capacity.at(NodeName("a")).holders.empty());
  TaskObserved stored = rig.report(id);
  stored.end = rig.exited(0);
  stored.released_at = rig.now();
  stored.outputs_phase = OutputsPhase::kStored;
  stored.outputs["model"] = {sha256("model"), Bytes(5)};
  rig.apply(stored);
  EXPECT_EQ(rig.fact_names(), "attempt_ended job_ended");
  EXPECT_EQ(state(id), JobState::kSucceeded);
  EXPECT_EQ(rig.job(id).exit_code, 0);
  EXPECT_EQ(rig.job(id).end_reason, "");
  EXPECT_EQ(rig.job(id).outputs.at("model").digest, sha256("model"));
  EXPECT_EQ(rig.job(id).past_attempts.at(0).outcome, AttemptOutcome::kSucceeded);
}

TEST_F(Lifecycle, AFastTaskIsReportedWhole) {
  const JobId id = fresh(job("j"));
  rig.advance(seconds(1));
  TaskObserved whole = rig.report(id);
  whole.started_at = rig.now();
  whole.end = rig.exited(0);
  whole.released_at = rig.now();
  rig.apply(whole);
  EXPECT_EQ(rig.fact_names(), "task_started task_ended task_released attempt_ended job_ended");
}

TEST_F(Lifecycle, AFailureSaysItsExitCodeOrSignal) {
  const JobId code = fresh(job("code"));
  rig.finish(code, 3);
  EXPECT_EQ(state(code), JobState::kFailed);
  EXPECT_EQ(rig.job(code).end_reason, "exit_code");
  EXPECT_EQ(rig.job(code).exit_code, 3);
  const JobId killed = fresh(job("killed"));
  TaskEnd end = rig.ended(EndCause::kExited);
  end.signal = 9;
  rig.finish(killed, end);
  EXPECT_EQ(state(killed), JobState::kFailed);
  EXPECT_EQ(rig.job(killed).end_reason, "signal");
  EXPECT_EQ(rig.job(killed).signal, 9);
  EXPECT_FALSE(rig.job(killed).exit_code.has_value());
}

TEST_F(Lifecycle, ACommandThatCannotBeStartedFailsWithItsCause) {
  const JobId id = fresh(job("j"));
  TaskEnd end = rig.ended(EndCause::kFailedToStart);
  end.detail = "no such file: train";
  rig.finish(id, end);
  EXPECT_EQ(state(id), JobState::kFailed);
  EXPECT_EQ(rig.job(id).end_reason, "failed_to_start");
  EXPECT_EQ(rig.job(id).end_detail, "no such file: train");
}

TEST_F(Lifecycle, ATimeLimitExpiresTheJob) {
  JobSpec spec = job("j");
  spec.time_limit = minutes(1);
  const JobId id = fresh(spec);
  rig.finish(id, rig.ended(EndCause::kTimeLimit));
  EXPECT_EQ(state(id), JobState::kExpired);
  EXPECT_EQ(rig.job(id).end_reason, "time_limit");
}

TEST_F(Lifecycle, AMissingOutputFailsTheJob) {
  JobSpec spec = job("j");
  spec.outputs = {"model"};
  const JobId id = fresh(spec);
  TaskObserved missing = rig.report(id);
  missing.end = rig.exited(0);
  missing.released_at = rig.now();
  missing.outputs_phase = OutputsPhase::kMissing;
  missing.detail = "output \"model\" is not there";
  rig.apply(missing);
  EXPECT_EQ(state(id), JobState::kFailed);
  EXPECT_EQ(rig.job(id).end_reason, "output_missing");
  EXPECT_EQ(rig.job(id).end_detail, "output \"model\" is not there");
}

TEST_F(Lifecycle, AnEngineThatStoredOneOutputTooFewDoesNotMakeASuccess) {
  JobSpec spec = job("j");
  spec.outputs = {"model", "report"};
  const JobId id = fresh(spec);
  TaskObserved stored = rig.report(id);
  stored.end = rig.exited(0);
  stored.released_at = rig.now();
  stored.outputs_phase = OutputsPhase::kStored;
  stored.outputs["model"] = {sha256("model"), Bytes(5)};
  rig.apply(stored);
  EXPECT_EQ(rig.job(id).end_reason, "output_missing");
  EXPECT_EQ(rig.job(id).end_detail, "the engine stored no output \"report\"");
}

TEST_F(Lifecycle, ADiskThatIsFullIsAnInfrastructureFailure) {
  JobSpec spec = job("j");
  spec.outputs = {"model"};
  const JobId id = fresh(spec);
  TaskObserved failed = rig.report(id);
  failed.end = rig.exited(0);
  failed.released_at = rig.now();
  failed.outputs_phase = OutputsPhase::kFailed;
  failed.detail = "no space left";
  rig.apply(failed);
  EXPECT_EQ(state(id), JobState::kQueued);
  EXPECT_EQ(rig.job(id).lost_in_a_row, 1);
  EXPECT_EQ(rig.job(id).retries_used, 0);
  EXPECT_EQ(rig.job(id).backoff_detail, "no space left");
}

TEST_F(Lifecycle, AFailureIsRetriedAfterADoublingWait) {
  JobSpec spec = job("j");
  spec.retries.limit = 2;
  const JobId id = fresh(spec);
  rig.finish(id, 1);
  EXPECT_EQ(rig.fact_names(), "task_ended task_released attempt_ended job_requeued");
  EXPECT_EQ(state(id), JobState::kQueued);
  EXPECT_EQ(rig.job(id).not_before, rig.now() + seconds(1));
  rig.run_until(rig.now() + seconds(1));
  EXPECT_EQ(state(id), JobState::kStarting);
  EXPECT_EQ(rig.attempt(id)->number, 2);
  rig.finish(id, 1);
  EXPECT_EQ(rig.job(id).not_before, rig.now() + seconds(2));
  rig.run_until(rig.now() + seconds(2));
  rig.finish(id, 1);
  EXPECT_EQ(state(id), JobState::kFailed);
  EXPECT_EQ(rig.job(id).past_attempts.size(), 3U);
}

TEST_F(Lifecycle, TheWaitDoublesUpToAMinute) {
  std::string waits;
  for (std::int32_t i = 0; i <= 9; ++i) waits += format_duration(backoff_after(i)) + " ";
  EXPECT_EQ(waits, "1s 1s 2s 4s 8s 16s 32s 1m 1m 1m ");
  EXPECT_EQ(backoff_after(INT32_MAX), minutes(1));
}

TEST_F(Lifecycle, OnlyTheExitCodesThatAreNamedRetry) {
  JobSpec spec = job("j");
  spec.retries = {5, {75}};
  const JobId id = fresh(spec);
  rig.finish(id, 75);
  EXPECT_EQ(state(id), JobState::kQueued);
  rig.run_until(rig.now() + seconds(1));
  rig.finish(id, 74);
  EXPECT_EQ(state(id), JobState::kFailed);
  EXPECT_EQ(rig.job(id).exit_code, 74);
}

TEST_F(Lifecycle, ACommandThatCannotBeStartedIsNotRetried) {
  JobSpec spec = job("j");
  spec.retries.limit = 5;
  const JobId id = fresh(spec);
  rig.finish(id, rig.ended(EndCause::kFailedToStart));
  EXPECT_EQ(state(id), JobState::kFailed);
}

TEST_F(Lifecycle, ALostRunIsTriedAgainAndCountsAsNoRetry) {
  const JobId id = fresh(job("j"));
  rig.finish(id, rig.ended(EndCause::kLost));
  EXPECT_EQ(state(id), JobState::kQueued);
  EXPECT_EQ(rig.job(id).retries_used, 0);
  EXPECT_EQ(rig.job(id).past_attempts.at(0).outcome, AttemptOutcome::kLost);
}

TEST_F(Lifecycle, TenLostInARowEndTheJob) {
  const JobId id = fresh(job("j"));
  for (int i = 1; i < 10; ++i) {
    rig.finish(id, rig.ended(EndCause::kLost));
    ASSERT_EQ(state(id), JobState::kQueued) << i;
    rig.run_until(rig.now() + minutes(1));
    ASSERT_EQ(state(id), JobState::kStarting) << i;
  }
  rig.finish(id, rig.ended(EndCause::kLost));
  EXPECT_EQ(state(id), JobState::kFailed);
  EXPECT_EQ(rig.job(id).end_reason, "lost");
  EXPECT_TRUE(rig.job(id).lost);
}

TEST_F(Lifecycle, AnythingElseBetweenBeginsTheCountOfLostAnew) {
  JobSpec spec = job("j");
  spec.retries.limit = 1;
  const JobId id = fresh(spec);
  for (int i = 0; i < 9; ++i) {
    rig.finish(id, rig.ended(EndCause::kLost));
    rig.run_until(rig.now() + minutes(1));
  }
  rig.finish(id, 1);
  EXPECT_EQ(rig.job(id).lost_in_a_row, 0);
  rig.run_until(rig.now() + minutes(1));
  rig.finish(id, rig.ended(EndCause::kLost));
  EXPECT_EQ(state(id), JobState::kQueued);
}

TEST_F(Lifecycle, ARetryKeepsItsPlaceInTheQueue) {
  JobSpec spec = gpu_job("first", 4);
  spec.retries.limit = 1;
  const JobId first = fresh(spec);
  const JobId second = rig.submit(gpu_job("second", 4));
  rig.finish(first, 1);
  EXPECT_EQ(state(second), JobState::kStarting) << "the first waits a second";
  const JobId third = rig.submit(gpu_job("third", 4));
  rig.run_until(rig.now() + seconds(1));
  rig.finish(second, 0);
  EXPECT_EQ(state(first), JobState::kStarting);
  EXPECT_EQ(state(third), JobState::kQueued);
}

TEST_F(Lifecycle, WhatWaitsForAFailedJobIsCancelledInTurn) {
  JobSpec spec = job("second");
  const JobId first = fresh(job("first"));
  spec.after = {"first"};
  const JobId second = rig.submit(spec);
  spec.name = "third";
  spec.after = {"second"};
  const JobId third = rig.submit(spec);
  rig.finish(first, 1);
  for (const JobId& id : {second, third}) {
    EXPECT_EQ(state(id), JobState::kCancelled);
    EXPECT_EQ(rig.job(id).end_reason, "dependency");
  }
  EXPECT_EQ(rig.job(third).end_detail, "job \"second\" did not succeed");
}

TEST_F(Lifecycle, WhatWaitsForTwoStartsAfterTheSecond) {
  const JobId x = fresh(job("x"));
  const JobId y = fresh(job("y"));
  JobSpec spec = job("both");
  spec.after = {"x", "y", "x"};
  const JobId both = rig.submit(spec);
  rig.finish(y, 0);
  EXPECT_EQ(state(both), JobState::kQueued);
  rig.finish(x, 0);
  EXPECT_EQ(state(both), JobState::kStarting);
}

TEST_F(Lifecycle, AnEndedJobLeavesAfterAnHourUnlessSomebodyWaitsForIt) {
  const JobId quick = fresh(job("quick"));
  const JobId needed = fresh(job("needed"));
  JobSpec spec = gpu_job("waiting", 4);
  spec.after = {"needed"};
  const JobId holder = fresh(gpu_job("holder", 4));
  rig.finish(quick, 0);
  rig.finish(needed, 0);
  const JobId waiting = rig.submit(spec);
  rig.run_until(rig.now() + kRetention - Milliseconds(1));
  EXPECT_EQ(rig.state().jobs.count(quick), 1U);
  rig.run_until(rig.now() + Milliseconds(1));
  EXPECT_EQ(rig.state().jobs.count(quick), 0U);
  EXPECT_EQ(rig.state().workloads.count(workload_of(quick)), 0U);
  EXPECT_EQ(rig.state().jobs.count(needed), 1U);
  rig.finish(holder, 0);
  rig.finish(waiting, 0);
  EXPECT_EQ(rig.state().jobs.count(needed), 0U) << "its hour was over long ago";
  rig.run_until(rig.now() + hours(2));
  EXPECT_TRUE(rig.state().jobs.empty());
}

TEST_F(Lifecycle, ABackoffIsADeadlineUntilADecisionAfterItsEnd) {
  JobSpec spec = job("j");
  spec.retries.limit = 1;
  const JobId id = fresh(spec);
  rig.finish(id, 1);
  const Timestamp decided = rig.now();
  EXPECT_EQ(next_deadline(rig.state(), decided), decided + seconds(1));
  EXPECT_EQ(next_deadline(rig.state(), decided + Milliseconds(999)), decided + seconds(1));
}

TEST_F(Lifecycle, WithoutWorkThereIsNoDeadline) {
  EXPECT_EQ(next_deadline(rig.state(), rig.now()), std::nullopt);
}

}  // namespace
}  // namespace duru::testing
