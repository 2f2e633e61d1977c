#include <gtest/gtest.h>

#include "duru/core/lifecycle/lifecycle.h"
#include "duru/core/testing/rig.h"

// Cancel, leases, drains, the end of all work, and what an outage of ours does to them.
namespace duru::testing {
namespace {

class Commands : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(rig.problems(), ""); }
  JobState state(const JobId& id) const { return rig.job(id).state; }
  bool cancel(const JobId& id) { return rig.rejection(CancelJob{id}).empty(); }
  JobId running_session(Milliseconds lease) {
    const JobId id = rig.submit(session("s", lease));
    rig.start(id);
    EXPECT_EQ(state(id), JobState::kRunning);
    return id;
  }
  Rig rig{{node("a", kH100, 4), node("b", kAries, 2)}};
};

TEST_F(Commands, ACancelledJobThatWaitsEndsAtOnce) {
  rig.submit(gpu_job("holder", 4));
  const JobId id = rig.submit(gpu_job("waits", 4));
  EXPECT_TRUE(cancel(id));
  EXPECT_EQ(rig.fact_names(), "job_cancel_requested job_ended");
  EXPECT_EQ(state(id), JobState::kCancelled);
  EXPECT_EQ(rig.job(id).end_reason, "cancelled");
}

TEST_F(Commands, ACancelledJobThatStartsOrRunsIsStopped) {
  for (bool started : {false, true}) {
    const JobId id = rig.submit(gpu_job("j"));
    if (started) rig.start(id);
    EXPECT_TRUE(cancel(id));
    EXPECT_EQ(rig.fact_names(), "job_cancel_requested attempt_stopping");
    EXPECT_EQ(state(id), JobState::kEnding);
    rig.finish(id, rig.ended(EndCause::kStopped));
    EXPECT_EQ(state(id), JobState::kCancelled);
    EXPECT_EQ(rig.job(id).past_attempts.at(0).outcome, AttemptOutcome::kStopped);
  }
}

TEST_F(Commands, ACancelTheSecondTimeChangesNothing) {
  const JobId id = rig.submit(gpu_job("j"));
  EXPECT_TRUE(cancel(id));
  EXPECT_TRUE(cancel(id));
  EXPECT_EQ(rig.fact_names(), "");
}

TEST_F(Commands, ACancelWhileItEndsByItselfStillCancels) {
  JobSpec spec = gpu_job("j");
  spec.outputs = {"model"};
  const JobId id = rig.submit(spec);
  rig.end(id, rig.exited(0));
  rig.release(id);
  ASSERT_EQ(state(id), JobState::kEnding);
  EXPECT_TRUE(cancel(id));
  TaskObserved stored = rig.report(id);
  stored.outputs_phase = OutputsPhase::kStored;
  stored.outputs["model"] = {sha256("model"), Bytes(1)};
  rig.apply(stored);
  EXPECT_EQ(state(id), JobState::kCancelled);
}

TEST_F(Commands, ACancelInTheBackoffEndsTheJob) {
  JobSpec spec = job("j");
  spec.retries.limit = 1;
  const JobId id = rig.submit(spec);
  rig.finish(id, 1);
  EXPECT_TRUE(cancel(id));
  EXPECT_EQ(state(id), JobState::kCancelled);
  rig.run_until(rig.now() + minutes(1));
  EXPECT_EQ(state(id), JobState::kCancelled);
}

TEST_F(Commands, ACancelledJobIsNotRetried) {
  JobSpec spec = job("j");
  spec.retries.limit = 5;
  const JobId id = rig.submit(spec);
  cancel(id);
  rig.finish(id, 143);
  EXPECT_EQ(state(id), JobState::kCancelled);
}

TEST_F(Commands, WhatWaitsForACancelledJobIsCancelled) {
  const JobId id = rig.submit(gpu_job("j"));
  JobSpec spec = job("next");
  spec.after = {"j"};
  const JobId next = rig.submit(spec);
  cancel(id);
  rig.finish(id, rig.ended(EndCause::kStopped));
  EXPECT_EQ(rig.job(next).end_reason, "dependency");
}

TEST_F(Commands, AnEndedOrUnknownJobIsNotCancelled) {
  const JobId id = rig.submit(job("j"));
  rig.finish(id, 0);
  EXPECT_EQ(rig.rejection(CancelJob{id}).type, "already-ended");
  EXPECT_EQ(rig.rejection(CancelJob{rig.next_id()}).type, "not-found");
}

TEST_F(Commands, ALeaseEndsItsSession) {
  const JobId id = running_session(minutes(10));
  EXPECT_EQ(rig.job(id).lease_ends_at, rig.now() + minutes(10));
  rig.run_until(rig.now() + minutes(10) - Milliseconds(1));
  EXPECT_EQ(state(id), JobState::kRunning);
  rig.run_until(rig.now() + Milliseconds(1));
  EXPECT_EQ(state(id), JobState::kEnding);
  rig.finish(id, rig.ended(EndCause::kStopped));
  EXPECT_EQ(state(id), JobState::kExpired);
  EXPECT_EQ(rig.job(id).end_reason, "lease_ended");
}

TEST_F(Commands, ALeaseBeginsWhenTheSessionRuns) {
  const JobId id = rig.submit(session("s", minutes(10)));
  rig.advance(minutes(30));
  rig.start(id);
  EXPECT_EQ(rig.job(id).lease_ends_at, rig.now() + minutes(10));
}

TEST_F(Commands, ALeaseIsExtendedBeforeAndWhileItRuns) {
  const JobId id = rig.submit(session("s", minutes(10)));
  EXPECT_TRUE(rig.rejection(ExtendLease{id, minutes(5)}).empty());
  rig.start(id);
  EXPECT_EQ(rig.job(id).lease_ends_at, rig.now() + minutes(15));
  EXPECT_TRUE(rig.rejection(ExtendLease{id, hours(1)}).empty());
  EXPECT_EQ(rig.job(id).lease_ends_at, rig.now() + minutes(75));
  rig.run_until(rig.now() + minutes(74));
  EXPECT_EQ(state(id), JobState::kRunning);
  rig.run_until(rig.now() + minutes(1));
  EXPECT_EQ(state(id), JobState::kEnding);
}

TEST_F(Commands, AnExtensionOutlivesALostAttempt) {
  const JobId id = running_session(minutes(10));
  EXPECT_TRUE(rig.rejection(ExtendLease{id, hours(1)}).empty());
  rig.finish(id, rig.ended(EndCause::kLost));
  rig.run_until(rig.now() + minutes(1));
  rig.start(id);
  EXPECT_EQ(state(id), JobState::kRunning);
  EXPECT_EQ(rig.job(id).lease_ends_at, rig.now() + minutes(70));
}

TEST_F(Commands, OnlyALiveSessionIsExtended) {
  const JobId batch = rig.submit(job("j"));
  EXPECT_EQ(rig.rejection(ExtendLease{batch, hours(1)}).type, "not-a-session");
  EXPECT_EQ(rig.rejection(ExtendLease{rig.next_id(), hours(1)}).type, "not-found");
  const JobId id = running_session(minutes(10));
  for (const Milliseconds by : {Milliseconds(0), seconds(-1), hours(31 * 24)}) {
    const Rejection rejection = rig.rejection(ExtendLease{id, by});
    EXPECT_EQ(rejection.type, "invalid");
    EXPECT_EQ(rejection.pointer, "/by");
  }
  rig.run_until(rig.now() + minutes(10));
  EXPECT_EQ(rig.rejection(ExtendLease{id, hours(1)}).type, "already-ended");
  rig.finish(id, rig.ended(EndCause::kStopped));
  EXPECT_EQ(rig.rejection(ExtendLease{id, hours(1)}).type, "already-ended");
}

TEST_F(Commands, ASessionThatIsBeingCancelledIsNotExtended) {
  const JobId id = running_session(minutes(10));
  cancel(id);
  EXPECT_EQ(rig.rejection(ExtendLease{id, hours(1)}).type, "already-ended");
}

TEST_F(Commands, ADrainStopsAndRequeuesAfterItsGrace) {
  const JobId id = rig.submit(gpu_job("j"));
  rig.start(id);
  EXPECT_TRUE(rig.rejection(DrainNode{NodeName("a"), minutes(5), "new disks"}).empty());
  rig.run_until(rig.now() + minutes(5) - Milliseconds(1));
  EXPECT_EQ(state(id), JobState::kRunning);
  rig.run_until(rig.now() + Milliseconds(1));
  EXPECT_EQ(state(id), JobState::kEnding);
  EXPECT_EQ(rig.attempt(id)->stop_cause, StopCause::kDrained);
  rig.finish(id, rig.ended(EndCause::kStopped));
  EXPECT_EQ(state(id), JobState::kQueued);
  EXPECT_EQ(rig.job(id).not_before, Timestamp());
  rig.apply(UncordonNode{NodeName("a")});
  EXPECT_EQ(state(id), JobState::kStarting);
  EXPECT_EQ(rig.job(id).retries_used, 0);
}

TEST_F(Commands, WhatSucceedsWhileItIsDrainedHasSucceeded) {
  const JobId id = rig.submit(gpu_job("j"));
  rig.apply(DrainNode{NodeName("a"), Milliseconds(0), ""});
  EXPECT_EQ(state(id), JobState::kEnding) << "without grace it is stopped at once";
  rig.finish(id, 0);
  EXPECT_EQ(state(id), JobState::kSucceeded);
}

TEST_F(Commands, ADrainOfAnotherNodeStopsNothing) {
  const JobId id = rig.submit(gpu_job("j"));
  rig.apply(DrainNode{NodeName("b"), Milliseconds(0), ""});
  EXPECT_EQ(state(id), JobState::kStarting);
}

TEST_F(Commands, TheEndOfAllWorkCancelsEveryUnfinishedJob) {
  const JobId running = rig.submit(gpu_job("running", 4));
  const JobId waiting = rig.submit(gpu_job("waiting", 4));
  JobSpec spec = job("after");
  spec.after = {"waiting"};
  const JobId after = rig.submit(spec);
  const JobId done = rig.submit(job("done"));
  rig.finish(done, 0);
  const Outcome outcome = rig.apply(EndAllWork{"going down"});
  EXPECT_EQ(std::get<Accepted>(outcome).jobs, (std::vector<JobId>{running, waiting, after}));
  EXPECT_EQ(state(running), JobState::kEnding);
  EXPECT_EQ(state(waiting), JobState::kCancelled);
  EXPECT_EQ(state(after), JobState::kCancelled);
  EXPECT_EQ(state(done), JobState::kSucceeded);
  rig.apply(EndAllWork{"going down"});
  EXPECT_EQ(rig.fact_names(), "");
}

using Outage = Commands;

TEST_F(Outage, OfOursExpiresNoLease) {
  const JobId id = running_session(minutes(10));
  const Timestamp alive_at = rig.now() + minutes(2);
  rig.set_now(rig.now() + hours(5));
  rig.restart(alive_at);
  EXPECT_EQ(state(id), JobState::kRunning);
  EXPECT_EQ(rig.job(id).lease_ends_at, rig.now() + minutes(8));
  rig.run_until(rig.now() + minutes(8));
  EXPECT_EQ(state(id), JobState::kEnding);
}

TEST_F(Outage, OfOursIsNoTimeOfADrain) {
  const JobId id = rig.submit(gpu_job("j"));
  rig.apply(DrainNode{NodeName("a"), minutes(10), ""});
  const Timestamp alive_at = rig.now() + minutes(2);
  rig.set_now(rig.now() + hours(5));
  rig.restart(alive_at);
  EXPECT_EQ(state(id), JobState::kStarting);
  EXPECT_EQ(rig.state().nodes.at(NodeName("a")).stop_at, rig.now() + minutes(8));
  rig.run_until(rig.now() + minutes(8));
  EXPECT_EQ(state(id), JobState::kEnding);
}

TEST_F(Outage, BeginsNoEarlierThanTheLastCommit) {
  const JobId id = running_session(minutes(10));
  rig.set_now(rig.now() + hours(5));
  rig.restart(Timestamp(0));
  EXPECT_EQ(rig.job(id).lease_ends_at, rig.now() + minutes(10)) << "its head file was lost";
}

TEST_F(Outage, AStartTakesTheNextTerm) {
  EXPECT_EQ(rig.state().term, 1);
  rig.advance(seconds(1));
  rig.restart(rig.now());
  EXPECT_EQ(rig.fact_names(), "term_started resumed");
  EXPECT_EQ(rig.state().term, 2);
  EXPECT_EQ(rig.state().installation.str(), "abcdefgh");
  EXPECT_EQ(rig.state().boot_id, "boot-2");
  const JobId id = rig.submit(job("j"));
  EXPECT_EQ(rig.attempt(id)->term, 2);
}

}  // namespace
}  // namespace duru::testing
