// How a run starts: what the command gets, and what happens when there is nothing to run.
#include <signal.h>

#include "duru/supervisor/testing.h"

namespace duru::supervisor {
namespace {

class Start : public RunTest {};
INSTANTIATE_TEST_SUITE_P(Tracking, Start, testing::Bool(), tracking_name);

TEST_P(Start, RecordsTheExitCodeAndThenTheEmptyTree) {
  run.script("echo out; echo err >&2; exit 3");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.released());
  RunState state = run.state();
  EXPECT_EQ(state.exit->reason, ExitReason::kExited);
  EXPECT_EQ(state.exit->exit_code, 3);
  EXPECT_EQ(state.exit->signal, 0);
  EXPECT_EQ(state.started->tracking, GetParam() ? Tracking::kCgroup : Tracking::kMarker);
  EXPECT_LE(state.started->at.boottime, state.exit->at.boottime);
  EXPECT_LE(state.exit->at.boottime, state.released->at.boottime);
  EXPECT_FALSE(state.released->by_engine);
  EXPECT_EQ(run.log(), "out\nerr\n");
  EXPECT_TRUE(until([&] { return !run.state().supervisor_alive; }));
  if (GetParam()) {
    EXPECT_FALSE(std::filesystem::exists(state.supervisor->cgroup));
  }
}

TEST_P(Start, RecordsTheSignalThatEndedTheCommand) {
  run.script("kill -SEGV $$");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.released());
  EXPECT_EQ(run.state().exit->exit_code, -1);
  EXPECT_EQ(run.state().exit->signal, SIGSEGV);
}

TEST_P(Start, GivesTheCommandExactlyTheSpecsEnvironmentAndTheMarker) {
  run.spec.environment = {"PATH=/usr/bin:/bin", "A=1 2", "DURU_TASK_RUN=forged", "B=x\ny"};
  run.spec.argv = {"env", "-0"};
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.released());
  std::string expected = "DURU_TASK_RUN=" + run.spec.name;
  for (const char* entry : {"PATH=/usr/bin:/bin", "A=1 2", "B=x\ny"}) {
    expected += '\0';
    expected += entry;
  }
  EXPECT_EQ(run.log(), expected + '\0');
}

TEST_P(Start, GivesTheCommandDefaultSignalsAndNoForeignDescriptors) {
  run.spec.argv = {"/bin/sh", "-c",
                   "cat /proc/self/status | grep -E '^Sig(Blk|Ign|Cgt)'; ls /proc/self/fd | wc -l;"
                   "readlink /proc/self/fd/0; pwd; umask"};
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.released());
  // Descriptors: the three streams, and the one that ls reads with.
  EXPECT_EQ(run.log(),
            "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n"
            "4\n/dev/null\n" +
                run.spec.working_folder + "\n0022\n");
}

TEST_P(Start, GivesTheCommandAProcessGroupOfItsOwnInTheSessionOfTheSupervisor) {
  run.script("cut -d' ' -f5,6 /proc/$$/stat; echo $$");
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.released());
  std::string task = std::to_string(run.state().started->task_pid);
  EXPECT_EQ(run.log(), task + " " + std::to_string(run.supervisor_pid()) + "\n" + task + "\n");
  EXPECT_NE(run.supervisor_pid(), ::getsid(0));
}

TEST_P(Start, LooksForTheCommandInThePathOfTheSpec) {
  std::ofstream(run.spec.working_folder + "/tool") << "#!/bin/sh\necho found\n";
  std::filesystem::permissions(run.spec.working_folder + "/tool", std::filesystem::perms::all);
  run.spec.environment = {"PATH=" + run.spec.working_folder};
  run.spec.argv = {"tool"};
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.released());
  EXPECT_EQ(run.log(), "found\n");
}

TEST_P(Start, SaysWhyACommandCannotBeRun) {
  run.spec.argv = {"no-such-command"};
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.released());
  RunState state = run.state();
  EXPECT_FALSE(state.started);
  EXPECT_EQ(state.exit->reason, ExitReason::kFailedToStart);
  EXPECT_EQ(state.exit->error_number, ENOENT);
  EXPECT_EQ(state.exit->message, "cannot run no-such-command: No such file or directory");
}

TEST_P(Start, SaysWhyAWorkingFolderCannotBeEntered) {
  run.spec.argv = {"true"};
  run.spec.working_folder += "/missing";
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.released());
  EXPECT_EQ(run.state().exit->reason, ExitReason::kFailedToStart);
  EXPECT_NE(run.state().exit->message.find("cannot enter"), std::string::npos);
}

TEST_P(Start, NeverRunsACommandThatWasStoppedBeforeItsStart) {
  run.script("touch ran");
  ASSERT_TRUE(run.folder().request_stop(seconds(1)).ok());
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.released());
  EXPECT_FALSE(run.state().started);
  EXPECT_EQ(run.state().exit->reason, ExitReason::kStopped);
  EXPECT_FALSE(std::filesystem::exists(run.spec.working_folder + "/ran"));
}

TEST_P(Start, RunsACommandOnceHoweverOftenItIsStarted) {
  run.script("echo ran >> runs; read line < gate");
  ASSERT_EQ(::mkfifo((run.spec.working_folder + "/gate").c_str(), 0600), 0);
  ASSERT_TRUE(run.start().ok());
  EXPECT_EQ(run.start().error().code, ErrorCode::kConflict);
  ASSERT_TRUE(run.says("runs", "ran\n"));
  std::ofstream(run.spec.working_folder + "/gate") << "go\n";
  ASSERT_TRUE(run.released());
  EXPECT_EQ(run.start().error().code, ErrorCode::kConflict);
  EXPECT_EQ(slurp(run.spec.working_folder + "/runs"), "ran\n");
}

TEST_P(Start, RefusesADamagedSpec) {
  run.script("true");
  RunFolder folder = run.folder();
  ASSERT_TRUE(folder.write_spec(run.spec).ok());
  std::ofstream(run.run_path() + "/spec", std::ios::app) << "x";
  Status started = folder.start(DURU_SUPERVISE_PROGRAM);
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().message.find("checksum"), std::string::npos);
  EXPECT_FALSE(run.state().supervisor);
}

TEST_P(Start, SaysThatAMemoryLimitWithoutAControllerIsNotEnforced) {
  run.script("true");
  run.spec.memory_limit = Bytes(64 << 20);
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(run.released());
  LimitState said = run.state().started->memory;
  if (!GetParam()) {
    EXPECT_EQ(said, LimitState::kNotEnforced);
  }
  EXPECT_NE(said, LimitState::kNone);
  EXPECT_EQ(run.state().started->cpu, LimitState::kNone);
}

TEST_P(Start, TheSupervisorStaysSmall) {
  run.script("read line < gate");
  ASSERT_EQ(::mkfifo((run.spec.working_folder + "/gate").c_str(), 0600), 0);
  ASSERT_TRUE(run.start().ok());
  ASSERT_TRUE(until([&] { return run.state().started.has_value(); }));
  std::istringstream status(slurp("/proc/" + std::to_string(run.supervisor_pid()) + "/status"));
  std::string line;
  int resident_kib = 0;
  while (std::getline(status, line)) {
    if (line.rfind("VmRSS:", 0) == 0) resident_kib = std::stoi(line.substr(6));
  }
  EXPECT_GT(resident_kib, 0);
#ifndef __SANITIZE_ADDRESS__
  EXPECT_LE(resident_kib, 3 * 1024);
#endif
}

}  // namespace
}  // namespace duru::supervisor
