#include "duru/loop/loop.h"

#include <gtest/gtest.h>

#include "duru/core/testing/fleets.h"
#include "duru/journal/memory_journal.h"
#include "duru/loop/testing.h"

// Durable before visible: with a journal whose commits wait, nothing runs ahead of them.
namespace duru::testing {
namespace {

class LoopTest : public ::testing::Test {
 protected:
  LoopTest() {
    rig.submit(StartServer{InstallationId("abcdefgh"), "0.1.0", rig.now, "boot", rig.now});
    rig.submit(DefineFleet{chips(), {site()}, {node("a", kH100, 2)}});
    journal.release_all();
    rig.drain();
    rig.watch.events.clear();
  }
  static SubmitJobs submission(std::string_view name, std::uint32_t number) {
    return {ProjectName("default"),
            {{make_id<JobId>(1'800'000'000'000, number), gpu_job(name)}},
            {},
            {}};
  }
  std::size_t jobs_in_view() const {
    return rig.view.read([](const View::Reading& v) { return v.state.jobs.size(); });
  }
  bool replied(std::size_t place) const { return rig.replies[place].has_value(); }

  MemoryJournal journal{MemoryJournal::Durability::kHeld};
  LoopRig rig{journal};
};

TEST_F(LoopTest, NoReadNoEventNoReplyAndNoLaunchRunsAheadOfTheJournal) {
  const std::int64_t before = rig.applied_seq();
  const std::size_t reply = rig.submit(submission("j", 1));
  rig.drain();
  EXPECT_EQ(jobs_in_view(), 0U);
  EXPECT_EQ(rig.applied_seq(), before);
  EXPECT_TRUE(rig.watch.events.empty());
  EXPECT_FALSE(replied(reply));
  EXPECT_TRUE(rig.engine.calls.empty());
  EXPECT_EQ(rig.writer.state().jobs.size(), 1U) << "the writer itself went on";

  journal.release_all();
  rig.drain();
  EXPECT_EQ(jobs_in_view(), 1U);
  EXPECT_EQ(rig.watch.events, (std::vector<std::string>{"job_submitted", "attempt_started"}));
  ASSERT_TRUE(replied(reply));
  EXPECT_EQ(rig.replies[reply]->kind, Reply::Kind::kAccepted);
  ASSERT_EQ(rig.engine.calls.size(), 1U);
  EXPECT_EQ(rig.engine.calls[0].substr(0, 18), "run duru-abcdefgh-");
}

TEST_F(LoopTest, AReplyReadsItsOwnWrite) {
  const std::size_t reply = rig.submit(submission("j", 1));
  journal.release_all();
  rig.drain();
  EXPECT_EQ(rig.seq_at_reply.at(reply), rig.loop.last_seq());
}

TEST_F(LoopTest, ARejectionWaitsForWhatWasDecidedBeforeIt) {
  rig.submit(submission("j", 1));
  const std::size_t rejected = rig.submit(submission("j", 2));
  rig.drain();
  EXPECT_FALSE(replied(rejected)) << "it tells of a job that is not durable";
  journal.release_all();
  rig.drain();
  ASSERT_TRUE(replied(rejected));
  EXPECT_EQ(rig.replies[rejected]->kind, Reply::Kind::kRejected);
  EXPECT_EQ(rig.replies[rejected]->rejection.type, "name-taken");
}

TEST_F(LoopTest, AnAnswerThatChangesNothingWaitsToo) {
  rig.submit(CordonNode{NodeName("a"), "cleaning"});
  const std::size_t again = rig.submit(CordonNode{NodeName("a"), "cleaning"});
  rig.drain();
  EXPECT_FALSE(replied(again));
  journal.release_all();
  rig.drain();
  EXPECT_TRUE(replied(again));
}

TEST_F(LoopTest, WithNothingOutstandingARejectionComesAtOnce) {
  const std::size_t rejected = rig.submit(CancelJob{make_id<JobId>(1, 1)});
  rig.drain();
  EXPECT_TRUE(replied(rejected));
}

TEST_F(LoopTest, OnlyWhatIsDurableGoesTheRestWaits) {
  const std::size_t first = rig.submit(submission("one", 1));
  const std::int64_t durable = rig.loop.last_seq();
  const std::size_t second = rig.submit(submission("two", 2));
  journal.release(durable);
  rig.drain();
  EXPECT_TRUE(replied(first));
  EXPECT_FALSE(replied(second));
  EXPECT_EQ(jobs_in_view(), 1U);
  EXPECT_EQ(rig.engine.calls.size(), 1U);
}

TEST_F(LoopTest, AMarkOfTimeDoesNotOvertakeFacts) {
  const auto mark = [&] { return rig.view.read([](const View::Reading& v) { return v.mark; }); };
  rig.now = rig.now + seconds(1);
  rig.submit(submission("j", 1));
  rig.loop.mark_time(rig.now);
  rig.drain();
  EXPECT_LT(mark(), rig.now);
  journal.release_all();
  rig.drain();
  EXPECT_EQ(mark(), rig.now);
}

TEST_F(LoopTest, AfterTheJournalFailedNothingMoreLeaves) {
  const std::size_t before = rig.submit(submission("one", 1));
  journal.fail({ErrorCode::kExhausted, "disk full"});
  const std::size_t after = rig.submit(submission("two", 2));
  const std::size_t rejected = rig.submit(submission("two", 3));
  journal.release_all();
  rig.drain();
  ASSERT_TRUE(rig.failure.has_value());
  EXPECT_EQ(rig.failure->message, "disk full");
  EXPECT_FALSE(replied(before) || replied(after) || replied(rejected));
  EXPECT_EQ(jobs_in_view(), 0U);
  EXPECT_TRUE(rig.watch.events.empty());
  EXPECT_TRUE(rig.engine.calls.empty());
}

TEST_F(LoopTest, WhatChangesNothingIsNotJournaled) {
  const std::int64_t before = journal.queued_seq();
  rig.loop.tick(rig.now);
  rig.loop.observe(NodeObserved{NodeName("a"), true, ""}, rig.now);
  rig.submit(CancelJob{make_id<JobId>(1, 1)});
  EXPECT_EQ(journal.queued_seq(), before);
}

TEST_F(LoopTest, TimeNeverFalls) {
  rig.now = rig.now + hours(1);
  rig.submit(submission("one", 1));
  const Timestamp later = rig.now;
  rig.now = rig.now - hours(5);
  rig.submit(submission("two", 2));
  EXPECT_FALSE(rig.failure.has_value());
  EXPECT_EQ(rig.writer.state().now, later);
}

TEST_F(LoopTest, ABackoffThatEndedWhileNothingCameIsADeadline) {
  JobSpec spec = gpu_job("j");
  spec.retries.limit = 1;
  SubmitJobs command = submission("j", 1);
  command.jobs[0].spec = spec;
  rig.submit(command);
  TaskObserved report;
  report.workload = workload_of(command.jobs[0].id);
  report.attempt = 1;
  report.end = TaskEnd{EndCause::kExited, 1, {}, rig.now, ""};
  report.released_at = rig.now;
  rig.loop.observe(report, rig.now);
  ASSERT_EQ(rig.writer.state().jobs.at(command.jobs[0].id).state, JobState::kQueued);
  const Timestamp late = rig.now + seconds(5);
  ASSERT_TRUE(rig.loop.next_deadline().has_value());
  EXPECT_LE(*rig.loop.next_deadline(), late);
  rig.loop.tick(late);
  EXPECT_EQ(rig.writer.state().jobs.at(command.jobs[0].id).state, JobState::kStarting);
}

TEST_F(LoopTest, ADeadlineAtWhichNothingCouldBeDoneIsNotDueAgain) {
  JobSpec spec = gpu_job("flaky", 2);
  spec.retries.limit = 1;
  SubmitJobs command = submission("flaky", 1);
  command.jobs[0].spec = spec;
  rig.submit(command);
  TaskObserved report;
  report.workload = workload_of(command.jobs[0].id);
  report.attempt = 1;
  report.end = TaskEnd{EndCause::kExited, 1, {}, rig.now, ""};
  report.released_at = rig.now;
  rig.loop.observe(report, rig.now);
  rig.submit(submission("takes-its-place", 2));
  const Timestamp late = rig.now + seconds(5);
  rig.loop.tick(late);
  EXPECT_FALSE(rig.loop.next_deadline().has_value()) << "its accelerators are in use";
}

TEST_F(LoopTest, ACommandThatLeavesNoRoomInAnEntryIsRefused) {
  JobSpec spec = gpu_job("large");
  spec.env["LARGE"] = std::string(std::size_t{49} << 20, 'x');
  const std::size_t place =
      rig.submit(SubmitJobs{ProjectName("default"), {{make_id<JobId>(1, 1), spec}}, {}, {}});
  journal.release_all();
  rig.drain();
  ASSERT_TRUE(rig.replies[place].has_value());
  EXPECT_EQ(rig.replies[place]->rejection.type, "too-large");
}

}  // namespace
}  // namespace duru::testing
