// Each checker must notice what it is there for: states and facts that no core would give.
#include "duru/simulation/checker.h"

#include <gtest/gtest.h>

#include "duru/domain/field_messages.h"
#include "duru/loop/durable_commit.h"

namespace duru {
namespace {

JobId job_id(std::uint32_t number) { return make_id<JobId>(1'000'000, number); }

class CheckerTest : public testing::Test {
 protected:
  CheckerTest() {
    NodeRecord node;
    node.node.name = NodeName("n1");
    node.node.cpu = MilliCpu(4000);
    node.node.memory = Bytes(1 << 30);
    node.node.accelerators = {{0, ChipName("h100"), true, ""}};
    record_.nodes.push_back(node);
    Chip chip;
    chip.name = ChipName("h100");
    chip.track = Track::kGpu;
    record_.chips.push_back(chip);
  }

  JobRecord& add_job(std::uint32_t number, JobState state) {
    JobRecord job;
    job.id = job_id(number);
    job.project = ProjectName("default");
    job.spec.name = "job-" + std::to_string(number);
    job.spec.tasks = 1;
    job.spec.cpu = MilliCpu(1000);
    job.spec.command = {"true"};
    job.state = state;
    if (is_final(state)) job.ended_at = Timestamp(1);
    WorkloadRecord workload;
    workload.id = workload_of(job.id);
    workload.job = job.id;
    record_.jobs.push_back(job);
    record_.workloads.push_back(workload);
    return record_.jobs.back();
  }

  AttemptRecord& add_attempt(std::int64_t cpu_millis) {
    AttemptRecord attempt;
    attempt.number = 1;
    attempt.tasks.push_back(
        {{NodeName("n1"), {}, {}, {}, MilliCpu(cpu_millis), Bytes()}, {}, {}, {}, ""});
    record_.workloads.back().attempt = attempt;
    return *record_.workloads.back().attempt;
  }

  // The violations that the checker finds in the state after the fact.
  static std::size_t show(Checker& checker, const State& state, Message fact,
                          std::int64_t seq = 1) {
    checker.on_fact(state, fact, {seq, 1, Timestamp(seq)});
    return checker.violations().size();
  }
  std::size_t show(Checker& checker, Message fact, std::int64_t seq = 1) {
    return show(checker, State::from_record(record_), std::move(fact), seq);
  }
  static DurableCommit commit() {
    DurableCommit commit;
    commit.record.first_seq = 1;
    commit.record.cause = store(Tick{});
    commit.record.facts = {store(TermStarted{1, ""})};
    return commit;
  }
  static AttemptStarted start_of(std::uint32_t job, std::int32_t attempt) {
    AttemptStarted fact;
    fact.workload = workload_of(job_id(job));
    fact.attempt = attempt;
    fact.variant = -1;
    fact.allocations = {{NodeName("n1"), {}, {}, {}, MilliCpu(1000), Bytes()}};
    return fact;
  }

  StateRecord record_;
};

TEST_F(CheckerTest, CapacityNoticesANodeThatHoldsMoreThanItHas) {
  add_job(1, JobState::kRunning);
  add_attempt(3000);
  EXPECT_EQ(show(*make_capacity_checker(), TermStarted{}), 0U);
  add_job(2, JobState::kRunning);
  add_attempt(3000);
  EXPECT_GT(show(*make_capacity_checker(), TermStarted{}), 0U);
}

TEST_F(CheckerTest, GangNoticesAnAttemptThatIsNotWhatTheJobAsked) {
  JobRecord& job = add_job(1, JobState::kStarting);
  EXPECT_EQ(show(*make_gang_checker(), start_of(1, 1)), 0U);
  job.spec.tasks = 2;
  EXPECT_GT(show(*make_gang_checker(), start_of(1, 1)), 0U);
}

TEST_F(CheckerTest, GangNoticesThatATaskFailedAndTheOthersGoOn) {
  add_job(1, JobState::kRunning);
  AttemptRecord& attempt = add_attempt(1000);
  attempt.tasks.push_back(attempt.tasks[0]);
  attempt.tasks[0].end = TaskEnd{EndCause::kExited, 1, {}, Timestamp(1), ""};
  const auto checker = make_gang_checker();
  checker->on_commit(State::from_record(record_), commit());
  EXPECT_EQ(checker->violations().size(), 1U);
}

TEST_F(CheckerTest, LifecycleNoticesAnIllegalMove) {
  JobRecord& job = add_job(1, JobState::kQueued);
  const auto checker = make_lifecycle_checker();
  EXPECT_EQ(show(*checker, TermStarted{}), 0U);
  job.state = JobState::kStarting;
  EXPECT_EQ(show(*checker, TermStarted{}), 0U);
  job.state = JobState::kQueued;
  EXPECT_GT(show(*checker, TermStarted{}), 0U);
}

TEST_F(CheckerTest, LifecycleNoticesAnEndThatWasNotFinal) {
  JobRecord& job = add_job(1, JobState::kQueued);
  const auto checker = make_lifecycle_checker();
  show(*checker, TermStarted{});
  job.state = JobState::kCancelled;
  job.ended_at = Timestamp(1);
  EXPECT_EQ(show(*checker, TermStarted{}), 0U);
  job.state = JobState::kStarting;
  EXPECT_GT(show(*checker, TermStarted{}), 0U);
}

TEST_F(CheckerTest, LifecycleNoticesAJobThatIsLost) {
  add_job(1, JobState::kQueued);
  const auto checker = make_lifecycle_checker();
  show(*checker, TermStarted{});
  record_.jobs.clear();
  EXPECT_GT(show(*checker, TermStarted{}), 0U);
}

TEST_F(CheckerTest, AttemptNoticesTwoThatLiveAndOneThatIsCountedTwice) {
  const auto checker = make_attempt_checker();
  EXPECT_EQ(show(*checker, start_of(1, 1)), 0U);
  EXPECT_EQ(show(*checker, start_of(1, 1)), 2U);
}

TEST_F(CheckerTest, AttemptNoticesAReleaseBeforeTheEnd) {
  const auto checker = make_attempt_checker();
  show(*checker, start_of(1, 1));
  EXPECT_EQ(show(*checker, TaskReleased{workload_of(job_id(1)), 1, 0, Timestamp(5)}), 1U);
}

TEST_F(CheckerTest, CancelNoticesAStartAfterIt) {
  add_job(1, JobState::kQueued);
  const auto checker = make_cancel_checker();
  EXPECT_EQ(show(*checker, JobCancelRequested{job_id(1), ""}), 0U);
  EXPECT_EQ(show(*checker, start_of(1, 1)), 1U);
}

TEST_F(CheckerTest, QueueNoticesSomebodyWhoIsInNoLine) {
  add_job(1, JobState::kQueued);
  State state = State::from_record(record_);
  EXPECT_EQ(show(*make_queue_checker(), state, TermStarted{}), 0U);
  state.waiting.clear();
  EXPECT_GT(show(*make_queue_checker(), state, TermStarted{}), 0U);
}

TEST_F(CheckerTest, QueueNoticesThatSomethingCouldHaveStarted) {
  add_job(1, JobState::kQueued);
  const auto checker = make_queue_checker();
  checker->on_commit(State::from_record(record_), commit());
  EXPECT_EQ(checker->violations().size(), 1U);
}

TEST_F(CheckerTest, LedgerNoticesTimeThatIsInNoClass) {
  const auto checker = make_ledger_checker();
  // The node is there, and no fact said so: its time is capacity of no class.
  EXPECT_EQ(show(*checker, TermStarted{1, ""}, 1), 0U);
  EXPECT_EQ(show(*checker, TermStarted{1, ""}, 2), 1U);
}

TEST_F(CheckerTest, JournalNoticesAGap) {
  const auto checker = make_journal_checker();
  record_.last_seq = 1;
  record_.now = Timestamp(1);
  EXPECT_EQ(show(*checker, TermStarted{1, ""}, 1), 0U);
  record_.last_seq = 3;
  record_.now = Timestamp(3);
  EXPECT_EQ(show(*checker, TermStarted{1, ""}, 3), 1U);
}

TEST_F(CheckerTest, RestoreNoticesAnIndexThatHoldsMoreThanTheRecords) {
  add_job(1, JobState::kQueued);
  State state = State::from_record(record_);
  state.leases.insert({Timestamp(1), job_id(1)});
  const auto checker = make_restore_checker();
  checker->on_commit(state, commit());
  EXPECT_EQ(checker->violations().size(), 1U);
}

TEST_F(CheckerTest, InspectorShowsEachFactOnce) {
  Inspector inspector(all_checkers(), {});
  record_.last_seq = 1;
  record_.now = Timestamp(1);
  record_.nodes.clear();
  const State state = State::from_record(record_);
  inspector.on_fact(state, TermStarted{1, ""}, {1, 1, Timestamp(1)});
  inspector.on_fact(state, TermStarted{1, ""}, {1, 1, Timestamp(1)});
  EXPECT_TRUE(inspector.violations().empty());
}

TEST_F(CheckerTest, NoticesAReleaseOnANodeWhoseWaveHasNotBegun) {
  const auto checker = make_wave_checker();
  Rollout rollout;
  rollout.name = RolloutName("r");
  rollout.release = ReleaseName("smoke-2");
  show(*checker, RolloutDefined{rollout, {NodeName("a"), NodeName("b")}, {1, 1}});
  show(*checker, WaveStarted{rollout.name, 0});
  const Revision revision{1, {"smoke-2", {}, ""}, {}};
  EXPECT_EQ(show(*checker, NodeRevised{NodeName("a"), revision}), 0U);
  EXPECT_EQ(show(*checker, NodeRevised{NodeName("b"), revision}), 1U);
}

TEST_F(CheckerTest, NoticesAWaveThatDoesNotWaitForTheOneBefore) {
  const auto checker = make_wave_checker();
  Rollout rollout;
  rollout.name = RolloutName("r");
  rollout.release = ReleaseName("smoke-2");
  const NodeName a("a");
  NodeEnrolled enrolled;
  enrolled.node = a;
  show(*checker, enrolled);
  show(*checker, RolloutDefined{rollout, {a, NodeName("b")}, {1, 1}});
  show(*checker, WaveStarted{rollout.name, 0});
  show(*checker, NodeRevised{a, {1, {"smoke-2", {}, ""}, {}}});
  show(*checker, NodePhaseReported{a, 1, FieldPhase::kServing, "smoke-2", "", false});
  show(*checker, WaveBaking{rollout.name, 0, Timestamp(100)}, 10);
  EXPECT_EQ(show(*checker, WaveStarted{rollout.name, 1}, 99), 1U);
}

TEST_F(CheckerTest, NoticesAWaveThatGoesOnWithNobodyToProveIt) {
  const auto checker = make_wave_checker();
  Rollout rollout;
  rollout.name = RolloutName("r");
  const NodeName a("a");
  NodeEnrolled enrolled;
  enrolled.node = a;
  show(*checker, enrolled);
  show(*checker, RolloutDefined{rollout, {a, NodeName("b")}, {1, 1}});
  show(*checker, WaveStarted{rollout.name, 0});
  show(*checker, NodeRevoked{a, "it fell", false});
  show(*checker, WaveBaking{rollout.name, 0, Timestamp(100)}, 10);
  EXPECT_EQ(show(*checker, WaveStarted{rollout.name, 1}, 100), 1U);
}

TEST_F(CheckerTest, NoticesAWaveThatGoesOnThoughItsNodeFellSilent) {
  const auto checker = make_wave_checker();
  Rollout rollout;
  rollout.name = RolloutName("r");
  rollout.release = ReleaseName("smoke-2");
  const NodeName a("a"), b("b");
  for (const NodeName& name : {a, b}) {
    NodeEnrolled enrolled;
    enrolled.node = name;
    show(*checker, enrolled);
  }
  show(*checker, RolloutDefined{rollout, {a, b}, {1, 1}});
  show(*checker, WaveStarted{rollout.name, 0});
  show(*checker, NodeRevised{a, {1, {"smoke-2", {}, ""}, {}}});
  show(*checker, NodePhaseReported{a, 1, FieldPhase::kServing, "smoke-2", "", false});
  show(*checker, WaveBaking{rollout.name, 0, Timestamp(100)}, 10);
  show(*checker, NodeSilent{a, "not heard", false}, 50);
  EXPECT_EQ(show(*checker, WaveStarted{rollout.name, 1}, 100), 1U);
}

TEST_F(CheckerTest, NoticesARolloutThatGoesOnOverItsFailures) {
  const auto checker = make_wave_checker();
  Rollout rollout;
  rollout.name = RolloutName("r");
  rollout.release = ReleaseName("smoke-2");
  show(*checker, RolloutDefined{rollout, {NodeName("a")}, {1}});
  show(*checker, WaveStarted{rollout.name, 0});
  show(*checker, NodeRevised{NodeName("a"), {1, {"smoke-2", {}, ""}, {}}});
  show(*checker, NodePhaseReported{NodeName("a"), 1, FieldPhase::kFailed, "", "no", false});
  checker->on_commit(State(), commit());
  EXPECT_EQ(checker->violations().size(), 1U);
}

TEST_F(CheckerTest, NoticesAnEventThatIsDoubledOrMissing) {
  const auto checker = make_event_checker();
  const auto event = [](std::int64_t number) {
    return EventRecorded{NodeName("a"), FleetName("f"), {number, "{}", Timestamp(0), {}}};
  };
  EXPECT_EQ(show(*checker, event(1)), 0U);
  EXPECT_EQ(show(*checker, event(1)), 1U);
  EXPECT_EQ(show(*checker, event(3)), 2U);
}

TEST_F(CheckerTest, NoticesACounterThatFalls) {
  const auto checker = make_event_checker();
  show(*checker, NodeCounted{NodeName("a"), {seconds(2), 5, 0, 0}});
  EXPECT_EQ(show(*checker, NodeCounted{NodeName("a"), {seconds(3), 4, 0, 0}}), 1U);
}

}  // namespace
}  // namespace duru
