// A supervisor that was killed: the tree is ended and proven empty by whoever reads the folder.
#include <signal.h>

#include "duru/supervisor/testing.h"

namespace duru::supervisor {
namespace {

class Lost : public RunTest {
 protected:
  void expect_proven() {
    auto proof = run.folder().prove_empty_or_kill(seconds(30));
    ASSERT_TRUE(proof.ok()) << proof.error().message;
    EXPECT_EQ(proof.value(), TreeProof::kEmpty);
    EXPECT_TRUE(run.all_gone());
    EXPECT_TRUE(run.state().released->by_engine);
  }
};
INSTANTIATE_TEST_SUITE_P(Tracking, Lost, testing::Bool(), tracking_name);

TEST_P(Lost, TheTreeIsKilledAndProvenAndTheExitStaysUnknown) {
  run.script(
      "trap '' TERM; setsid sh -c 'sleep 1000 & sleep 1000' & echo up > up; "
      "while :; do sleep 100; done");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.says("up", "up\n"));
  EXPECT_FALSE(run.state().lost());
  run.lose_supervisor();
  EXPECT_TRUE(run.state().lost());
  expect_proven();
  EXPECT_FALSE(run.state().exit);
  EXPECT_FALSE(run.state().lost());
  EXPECT_EQ(run.start().error().code, ErrorCode::kConflict);
  if (GetParam()) {
    EXPECT_FALSE(std::filesystem::exists(run.state().supervisor->cgroup));
  }
}

TEST_P(Lost, AProcessWithoutEnvironmentIsKnownByTheLogPipe) {
  run.script("env -i setsid sh -c 'echo up > up; exec sleep 1000' & wait");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.says("up", "up\n"));
  run.lose_supervisor();
  expect_proven();
}

TEST_P(Lost, AnExitThatWasRecordedBeforeIsKept) {
  run.script(
      "(trap '' TERM; echo up > up; while :; do sleep 100; done) & "
      "while ! test -s up; do sleep 0.01; done; exit 8");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(until([&] { return run.state().exit.has_value(); }));
  run.lose_supervisor();
  expect_proven();
  EXPECT_EQ(run.state().exit->exit_code, 8);
}

TEST_P(Lost, ATreeThatForksAndExitsIsNeverCalledEmptyWhileItLives) {
  run.script(
      "exec perl -MPOSIX -e '$SIG{TERM} = \"IGNORE\"; $end = time + 3; open F, \">up\"; print F "
      "\"up\"; close F;"
      "while (time < $end) { fork and POSIX::_exit(0); POSIX::setsid() }'");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.says("up", "up"));
  run.lose_supervisor();
  EXPECT_FALSE(run.all_gone());
  auto proof = run.folder().prove_empty_or_kill(seconds(30));
  ASSERT_TRUE(proof.ok()) << proof.error().message;
  EXPECT_EQ(proof.value(), TreeProof::kEmpty);
  EXPECT_TRUE(run.all_gone());
}

TEST_P(Lost, AProofIsRefusedWhileTheSupervisorLives) {
  run.script("echo up > up; sleep 1000");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.says("up", "up\n"));
  auto proof = run.folder().prove_empty_or_kill(seconds(1));
  ASSERT_FALSE(proof.ok());
  EXPECT_EQ(proof.error().code, ErrorCode::kConflict);
  EXPECT_FALSE(run.all_gone());
}

TEST_P(Lost, AFolderWhoseSupervisorNeverCameIsEmptyAndStaysSo) {
  run.script("touch ran");
  ASSERT_TRUE(run.folder().write_spec(run.spec).ok());
  expect_proven();
  EXPECT_EQ(run.start().error().code, ErrorCode::kConflict);
  EXPECT_FALSE(std::filesystem::exists(run.spec.working_folder + "/ran"));
}

TEST_P(Lost, ARunOfAnEarlierBootIsEmptyAndOneOfAnotherMachineIsNotOursToJudge) {
  run.script("true");
  RunFolder folder = run.folder();
  ASSERT_TRUE(folder.write_spec(run.spec).ok());
  SupervisorRecord record;
  record.name = run.spec.name;
  record.identity = {"another-boot", 1, 1};
  record.machine_id = "another-machine";
  ASSERT_TRUE(write_durably(folder.fd(), "supervisor", to_record(record).text()).ok());
  EXPECT_TRUE(run.state().lost());
  EXPECT_EQ(folder.prove_empty_or_kill(seconds(1)).error().code, ErrorCode::kConflict);
  record.machine_id = machine_id();
  ASSERT_TRUE(write_durably(folder.fd(), "supervisor", to_record(record).text()).ok());
  expect_proven();
}

TEST_P(Lost, ADamagedSpecDoesNotKeepATreeFromBeingProven) {
  run.script("(setsid sleep 1000 &) ; echo up > up; sleep 1000");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.says("up", "up\n"));
  std::ofstream(run.run_path() + "/spec", std::ios::app) << "x";
  run.lose_supervisor();
  expect_proven();
}

TEST_P(Lost, ADamagedExitCountsAsLostAndIsNamed) {
  run.script("exit 3");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.released());
  std::ofstream(run.run_path() + "/exit", std::ios::app) << "x";
  EXPECT_FALSE(run.state().exit);
  EXPECT_NE(run.state().damage.find("checksum"), std::string::npos);
  std::ofstream(run.run_path() + "/released", std::ios::app) << "x";
  ASSERT_TRUE(until([&] { return !run.state().supervisor_alive; }));
  EXPECT_TRUE(run.state().lost());
  expect_proven();
}

// A `supervisor` record that cannot be read: who it is, nobody knows.
class Unreadable : public Lost {
 protected:
  void damage(const std::string& record) {
    std::ofstream(run.run_path() + "/" + record, std::ios::app) << "x";
  }
  RunState read() {
    auto state = run.folder().state_despite_damage();
    EXPECT_TRUE(state.ok());
    EXPECT_NE(state.value().damage.find("checksum"), std::string::npos);
    return state.value();
  }
  void begin(const std::string& script) {
    run.script(script);
    ASSERT_TRUE(run.start().ok());
    ASSERT_TRUE(run.says("up", "up\n"));
  }
};
INSTANTIATE_TEST_SUITE_P(Tracking, Unreadable, testing::Bool(), tracking_name);

TEST_P(Unreadable, ItsLockSaysThatTheSupervisorLivesAndItStillObeysAStop) {
  begin("echo up > up; sleep 1000");
  damage("supervisor");
  EXPECT_FALSE(run.folder().state().ok());
  EXPECT_TRUE(read().supervisor_alive);
  EXPECT_FALSE(read().supervisor);
  auto refused = run.folder().end_despite_damage(run.spec.name, seconds(1));
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_FALSE(run.all_gone());
  ASSERT_TRUE(run.folder().request_stop(Milliseconds(0)).ok());
  ASSERT_TRUE(until([&] { return read().released.has_value(); }));
  EXPECT_TRUE(run.all_gone());
  EXPECT_EQ(read().exit->reason, ExitReason::kStopped);
}

TEST_P(Unreadable, WithoutASupervisorItsMarkedProcessesAreEnded) {
  begin("(setsid sleep 1000 &) ; echo up > up; sleep 1000");
  run.lose_supervisor();
  damage("supervisor");
  damage("started");
  EXPECT_FALSE(read().supervisor_alive);
  EXPECT_FALSE(run.all_gone());
  auto proof = run.folder().end_despite_damage(run.spec.name, seconds(30));
  ASSERT_TRUE(proof.ok()) << proof.error().message;
  EXPECT_EQ(proof.value(), TreeProof::kEmpty);
  EXPECT_TRUE(run.all_gone());
  EXPECT_TRUE(read().released->by_engine);
}

TEST_P(Unreadable, ARunOfAnEarlierBootIsOverByAnyRecordThatCanBeRead) {
  run.script("true");
  RunFolder folder = run.folder();
  ASSERT_TRUE(folder.write_spec(run.spec).ok());
  StartedRecord started;
  started.at = moment_now();
  started.at.boot_id = "another-boot";
  ASSERT_TRUE(write_durably(folder.fd(), "started", to_record(started).text()).ok());
  damage("supervisor");
  auto proof = folder.end_despite_damage(run.spec.name, Milliseconds(0));
  ASSERT_TRUE(proof.ok()) << proof.error().message;
  EXPECT_EQ(proof.value(), TreeProof::kEmpty);
}

TEST_P(Lost, AnotherRunsProcessesAreLeftAlone) {
  TestRun other(GetParam());
  other.script("echo up > up; sleep 1000");
  ASSERT_TRUE(other.start().ok());
  ASSERT_TRUE(other.says("up", "up\n"));
  run.script("echo up > up; sleep 1000");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.says("up", "up\n"));
  run.lose_supervisor();
  expect_proven();
  EXPECT_FALSE(other.all_gone());
  EXPECT_FALSE(other.state().exit);
}

TEST(Identity, AProcessIsAliveUntilItHasEndedEvenWhenNobodyCollectsIt) {
  ProcessIdentity me = identity_of_self();
  EXPECT_TRUE(alive(me));
  me.start_ticks += 1;
  EXPECT_FALSE(alive(me));
  pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ASSERT_TRUE(until([&] { return read_stat(child).value().state == 'Z'; }));
  ProcessIdentity zombie = identity_of_self();
  zombie.pid = child;
  zombie.start_ticks = read_stat(child).value().start_ticks;
  EXPECT_FALSE(alive(zombie));
}

TEST(Identity, ASignalReachesTheNamedProcessOrNone) {
  pid_t child = ::fork();
  if (child == 0) {
    while (true) ::pause();
  }
  std::int64_t start = read_stat(child).value().start_ticks;
  EXPECT_FALSE(signal_process({child, start + 1}, SIGKILL));
  EXPECT_TRUE(signal_process({child, start}, SIGKILL));
  EXPECT_TRUE(until([&] { return read_stat(child).value().dead(); }));
}

}  // namespace
}  // namespace duru::supervisor
