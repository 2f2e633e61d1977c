// Probes that print without end, or leave somebody behind that does: no turn waits for them.
#include "duru/agent/probe.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "duru/agent/testing.h"

namespace duru::agent {
namespace {

constexpr char kPath[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

class Probe : public testing::Test {
 protected:
  void start(const std::string& script, Milliseconds timeout = seconds(20)) {
    probe.start({"sh", "-c", script}, {kPath}, data.path("."), timeout);
  }
  ProbeResult result() {
    std::optional<ProbeResult> got;
    EXPECT_TRUE(until([&] { return (got = probe.poll()).has_value(); }));
    return got.value_or(ProbeResult{});
  }
  // What the script wrote there, by rename.
  pid_t pid_in(const std::string& name) {
    EXPECT_TRUE(until([&] { return !slurp(data.path(name)).empty(); })) << name;
    return static_cast<pid_t>(std::stoi(slurp(data.path(name))));
  }

  TestFolder data;
  ProbeRun probe;
};

TEST_F(Probe, ItsExitCodeAndItsLastLineAreItsAnswer) {
  start("exit 0");
  EXPECT_TRUE(result().well);
  start("echo the lens is dark; exit 3");
  const ProbeResult unwell = result();
  EXPECT_FALSE(unwell.well);
  EXPECT_EQ(unwell.what, "its probe exited with code 3: the lens is dark");
}

TEST_F(Probe, OneThatPrintsWithoutEndIsOverWhenItsTimeIsUp) {
  start("exec yes", Milliseconds(200));
  EXPECT_EQ(result().what.substr(0, 34), "its probe gave no answer in 200ms:");
  EXPECT_FALSE(probe.is_running());
}

TEST_F(Probe, ATurnReadsAPartOfWhatItPrintedHoweverMuchThereIs) {
  constexpr int kPrinted = 300'000;
  start("echo $$ > pid.new; mv pid.new pid; until test -e go; do sleep 0.01; done; head -c " +
        std::to_string(kPrinted) + " /dev/zero; exec sleep 1000");
  const std::string pipe = "/proc/" + std::to_string(pid_in("pid")) + "/fd/1";
  supervisor::Fd output(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(output.valid());
  ASSERT_GE(::fcntl(output.get(), F_SETPIPE_SZ, 1 << 20), kPrinted);
  auto unread = [&] {
    int bytes = 0;
    EXPECT_EQ(::ioctl(output.get(), FIONREAD, &bytes), 0);
    return bytes;
  };
  write_file(data.path("go"), "");
  ASSERT_TRUE(until([&] { return unread() == kPrinted; }));
  EXPECT_FALSE(probe.poll().has_value());
  EXPECT_EQ(unread(), kPrinted - 64 * 1024);
}

TEST_F(Probe, WhomItLeavesBehindCannotWriteToUsAnyMore) {
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  start(
      "setsid sh -c 'echo $$ > pid.new; mv pid.new pid; exec yes' & until test -e pid; do :; done");
  EXPECT_TRUE(result().well);
  int status = 0;
  const pid_t left_behind = pid_in("pid");
  ASSERT_TRUE(until([&] { return ::waitpid(left_behind, &status, WNOHANG) == left_behind; }));
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
}

}  // namespace
}  // namespace duru::agent
