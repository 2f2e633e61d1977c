// How a run ends: limits, stops, stubborn trees, floods, and a disk or folder that fails it.
#include <signal.h>
#include <sys/mount.h>

#include "duru/supervisor/testing.h"

namespace duru::supervisor {
namespace {

class End : public RunTest {
 protected:
  // Released, by the supervisor, with nobody left: the promise of the whole folder.
  void expect_all_over() {
    ASSERT_TRUE(run.released());
    EXPECT_TRUE(run.all_gone());
    EXPECT_FALSE(run.state().released->by_engine);
  }
  std::int64_t lasted_ms() {
    RunState state = run.state();
    return (state.exit->at.boottime - state.started->at.boottime).value;
  }
};
INSTANTIATE_TEST_SUITE_P(Tracking, End, testing::Bool(), tracking_name);

TEST_P(End, TheTimeLimitEndsTheCommandAndIsTheReason) {
  run.script("sleep 100");
  run.spec.time_limit = Milliseconds(200);
  ASSERT_TRUE(run.start().ok());
  expect_all_over();
  EXPECT_EQ(run.state().exit->reason, ExitReason::kTimeLimit);
  EXPECT_EQ(run.state().exit->signal, SIGTERM);
  EXPECT_GE(lasted_ms(), 200);
  EXPECT_LT(lasted_ms(), 5000);
}

TEST_P(End, ACommandThatEndsByItselfBeforeItsTimeLimitHasExited) {
  run.script("exit 0");
  run.spec.time_limit = seconds(60);
  ASSERT_TRUE(run.start().ok());
  expect_all_over();
  EXPECT_EQ(run.state().exit->reason, ExitReason::kExited);
}

TEST_P(End, AStopLetsTheCommandCleanUp) {
  run.script("trap 'echo bye > said; exit 7' TERM; touch ready; while :; do sleep 0.01; done");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.says("ready", ""));
  ASSERT_TRUE(until([&] { return std::filesystem::exists(run.spec.working_folder + "/ready"); }));
  ASSERT_TRUE(run.folder().request_stop(seconds(20)).ok());
  expect_all_over();
  EXPECT_EQ(run.state().exit->reason, ExitReason::kStopped);
  EXPECT_EQ(run.state().exit->exit_code, 7);
  EXPECT_EQ(slurp(run.spec.working_folder + "/said"), "bye\n");
}

TEST_P(End, WhoIgnoresTermIsKilledAfterTheGrace) {
  run.script("trap '' TERM; echo ready > ready; while :; do sleep 100; done");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.says("ready", "ready\n"));
  auto asked = moment_now();
  ASSERT_TRUE(run.folder().request_stop(Milliseconds(300)).ok());
  expect_all_over();
  EXPECT_EQ(run.state().exit->signal, SIGKILL);
  EXPECT_GE((run.state().exit->at.boottime - asked.boottime).value, 300);
}

TEST_P(End, ASecondStopMayShortenTheGraceButNotProlongIt) {
  run.script("trap '' TERM; echo ready > ready; while :; do sleep 100; done");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.says("ready", "ready\n"));
  ASSERT_TRUE(run.folder().request_stop(hours(1)).ok());
  ASSERT_TRUE(run.folder().request_stop(Milliseconds(100)).ok());
  ASSERT_TRUE(run.folder().request_stop(hours(1)).ok());
  expect_all_over();
  EXPECT_EQ(run.state().exit->reason, ExitReason::kStopped);
}

TEST_P(End, TermToTheSupervisorIsAStopAndHangUpAndInterruptAreNot) {
  run.script("echo ready > ready; sleep 100");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.says("ready", "ready\n"));
  ::kill(run.supervisor_pid(), SIGHUP);
  ::kill(run.supervisor_pid(), SIGINT);
  ASSERT_TRUE(until([&] {
    return slurp("/proc/" + std::to_string(run.supervisor_pid()) + "/status")
               .find("ShdPnd:\t0000000000000000") != std::string::npos;
  }));
  EXPECT_TRUE(run.state().supervisor_alive);
  EXPECT_FALSE(run.state().exit);
  ::kill(run.supervisor_pid(), SIGTERM);
  expect_all_over();
  EXPECT_EQ(run.state().exit->reason, ExitReason::kStopped);
}

TEST_P(End, AStoppedProcessIsEndedToo) {
  run.script("trap 'exit 5' TERM; echo ready > ready; kill -STOP $$; sleep 100");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.says("ready", "ready\n"));
  ASSERT_TRUE(until([&] {
    auto started = run.state().started;
    return started && read_stat(static_cast<pid_t>(started->task_pid)).value().state == 'T';
  }));
  ASSERT_TRUE(run.folder().request_stop(seconds(20)).ok());
  expect_all_over();
  EXPECT_EQ(run.state().exit->exit_code, 5);
}

TEST_P(End, WhatTheCommandLeavesBehindIsEndedBeforeTheRelease) {
  run.script("sleep 1000 & exit 4");
  ASSERT_TRUE(run.start().ok());
  expect_all_over();
  EXPECT_EQ(run.state().exit->exit_code, 4);
  EXPECT_EQ(run.state().exit->reason, ExitReason::kExited);
}

TEST_P(End, ADaemonOfItsOwnSessionWithoutMarksIsEndedToo) {
  run.script(
      "env -i setsid sh -c 'trap \"\" TERM; (sleep 1000 >/dev/null 2>&1 &); echo up > up;"
      " exec sleep 1000 >/dev/null 2>&1' & while ! test -s up; do sleep 0.01; done; exit 0");
  run.spec.grace = Milliseconds(100);
  ASSERT_TRUE(run.start().ok());
  expect_all_over();
  EXPECT_EQ(run.state().exit->exit_code, 0);
}

TEST_P(End, WhatTheCommandStartsWhileItIsStoppedHearsOfTheEndTooButNotBeforeTheCommandIsOver) {
  run.script(
      "trap '(trap \"echo heard > heard; exit 0\" TERM; echo up > late;"
      " while :; do sleep 0.01; done) & while ! test -s late; do sleep 0.01; done;"
      " echo cleaned > cleaned; exit 0' TERM; echo ready > ready; while :; do sleep 0.01; done");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.says("ready", "ready\n"));
  ASSERT_TRUE(run.folder().request_stop(hours(1)).ok());
  expect_all_over();
  EXPECT_EQ(slurp(run.spec.working_folder + "/cleaned"), "cleaned\n");
  EXPECT_EQ(slurp(run.spec.working_folder + "/heard"), "heard\n");
}

TEST_P(End, TheExitIsOnDiskWhileLeftoversStillHaveTheirGrace) {
  run.script(
      "(trap '' TERM; echo up > up; while :; do sleep 100; done) & "
      "while ! test -s up; do sleep 0.01; done; exit 0");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(until([&] { return run.state().exit.has_value(); }));
  EXPECT_FALSE(run.state().released);
  EXPECT_FALSE(run.all_gone());
  ASSERT_TRUE(run.folder().request_stop(Milliseconds(0)).ok());
  expect_all_over();
  EXPECT_EQ(run.state().exit->reason, ExitReason::kExited);
}

TEST_P(End, ATreeThatForksWithoutEndIsEnded) {
  // Without end as far as this test goes; bounded, should it fail.
  run.script(
      "trap '' TERM; n=0; while [ $n -lt 1000 ]; do (sleep 1000 & sleep 1000) & echo x >> count;"
      " n=$((n + 1)); done; sleep 1000");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(until([&] { return slurp(run.spec.working_folder + "/count").size() > 200; }));
  ASSERT_TRUE(run.folder().request_stop(Milliseconds(0)).ok());
  expect_all_over();
}

TEST_P(End, AProcessThatAlwaysForksAndExitsInANewSessionIsCaught) {
  run.script(
      "exec perl -MPOSIX -e '$SIG{TERM} = \"IGNORE\"; open F, \">ready\"; print F \"up\";"
      "close F; $end = time + 20; while (time < $end) { fork and POSIX::_exit(0); POSIX::setsid() "
      "}'");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.says("ready", "up"));
  ASSERT_TRUE(run.folder().request_stop(Milliseconds(0)).ok());
  expect_all_over();
}

TEST_P(End, AFloodOfOutputIsCappedAndNeverHoldsTheCommandUp) {
  run.script("head -c 50000000 /dev/zero | tr '\\0' x; exit 6");
  run.spec.log_cap = Bytes(1000);
  ASSERT_TRUE(run.start().ok());
  expect_all_over();
  EXPECT_EQ(run.state().exit->exit_code, 6);
  EXPECT_EQ(run.state().released->log_dropped_bytes, 50000000 - 1000);
  EXPECT_EQ(run.log(),
            std::string(1000, 'x') + "\nduru: 49999000 bytes of output were dropped (cap 1000)\n");
}

TEST_P(End, ADeletedRunFolderEndsTheTree) {
  run.script("trap '' TERM; echo ready > ready; while :; do sleep 100; done");
  run.spec.grace = Milliseconds(50);
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.says("ready", "ready\n"));
  ProcessIdentity supervisor = run.state().supervisor->identity;
  // Again when the supervisor made a file meanwhile.
  std::error_code error;
  ASSERT_TRUE(until([&] {
    std::filesystem::remove_all(run.run_path(), error);
    return !std::filesystem::exists(run.run_path());
  }));
  EXPECT_TRUE(until([&] { return !alive(supervisor); }));
  EXPECT_TRUE(run.all_gone());
}

TEST_P(End, AFullDiskDelaysTheRecordsAndLosesNone) {
  std::filesystem::create_directory(run.run_path());
  if (::mount("none", run.run_path().c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "this user may mount nothing";
  }
  run.script("echo ready > ready; read line < gate; exit 9");
  ASSERT_EQ(::mkfifo((run.spec.working_folder + "/gate").c_str(), 0600), 0);
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(until([&] { return run.state().started.has_value(); }));
  const std::string ballast = run.run_path() + "/ballast";
  {
    std::ofstream out(ballast, std::ios::binary);
    while (out << std::string(4096, 'x') && out.flush()) continue;
  }
  std::ofstream(run.spec.working_folder + "/gate") << "go\n";
  ASSERT_TRUE(until([&] { return run.all_gone(); }));
  EXPECT_FALSE(run.state().exit);
  EXPECT_TRUE(run.state().supervisor_alive);
  std::filesystem::remove(ballast);
  expect_all_over();
  EXPECT_EQ(run.state().exit->exit_code, 9);
  EXPECT_TRUE(until([&] { return !run.state().supervisor_alive; }));
  ::umount(run.run_path().c_str());
}

}  // namespace
}  // namespace duru::supervisor
