// For tests: a run folder in a temporary place, tasks as /bin/sh scripts, and a proof of emptiness
// that owes nothing to the code under test: every process of a script inherits a locked descriptor,
// so the lock is free exactly when the last of them is gone.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/file.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

#include "duru/supervisor/cgroup.h"
#include "duru/supervisor/run_folder.h"

namespace duru::supervisor {

inline bool until(const std::function<bool()>& condition) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, 2);
  }
  return true;
}

inline std::string slurp(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

class TestRun {
 public:
  explicit TestRun(bool use_cgroup) {
    std::string pattern = std::filesystem::temp_directory_path() / "duru-run-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    std::filesystem::create_directory(root_ + "/work");
    static int count = 0;
    spec.name = "duru-test-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
    spec.working_folder = root_ + "/work";
    spec.environment = {"PATH=/usr/local/bin:/usr/bin:/bin"};
    spec.grace = seconds(20);
    spec.use_cgroup = use_cgroup;
  }
  ~TestRun() {
    // Read alone: a test may have left other records that are damaged on purpose.
    auto supervisor = read_supervisor(folder().fd());
    if (supervisor.ok() && alive(supervisor.value().identity)) {
      (void)folder().request_stop(Milliseconds(0)).ok();
      until([&] { return !alive(supervisor.value().identity); });
    }
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  void script(const std::string& text) {
    spec.argv = {"/bin/sh", "-c", "exec 9>proof; flock 9; " + text};
  }
  RunFolder folder() const {
    auto opened = RunFolder::create(run_path());
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return std::move(opened.value());
  }
  Status start() {
    RunFolder run = folder();
    DURU_TRY(run.write_spec(spec));
    return run.start(DURU_SUPERVISE_PROGRAM);
  }
  RunState state() const {
    auto read = folder().state();
    EXPECT_TRUE(read.ok()) << read.error().message;
    return read.value();
  }
  bool released() const {
    return until([&] { return state().released.has_value(); });
  }
  // No process that descends from the script is alive.
  bool all_gone() const {
    Fd proof(::open((spec.working_folder + "/proof").c_str(), O_RDWR | O_CLOEXEC));
    return !proof.valid() || ::flock(proof.get(), LOCK_EX | LOCK_NB) == 0;
  }
  bool says(const std::string& file, const std::string& text) const {
    return until([&] { return slurp(spec.working_folder + "/" + file) == text; });
  }
  pid_t supervisor_pid() const { return static_cast<pid_t>(state().supervisor->identity.pid); }
  // As a crash or an operator would: no chance to clean up.
  void lose_supervisor() const {
    ::kill(supervisor_pid(), SIGKILL);
    EXPECT_TRUE(until([&] { return !state().supervisor_alive; }));
  }

  std::string run_path() const { return root_ + "/run"; }
  std::string log() const { return slurp(run_path() + "/log"); }

  RunSpec spec;

 private:
  std::string root_;
};

inline bool cgroups_work() {
  std::string folder = plan_cgroup("duru-test-probe-" + std::to_string(::getpid()));
  auto group = Cgroup::create(folder);
  if (!group.ok()) return false;
  group.value().remove();
  return true;
}

// Each test runs twice: tracked by a cgroup, and by descent and marks.
class RunTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam() && !cgroups_work()) GTEST_SKIP() << "no cgroup can be made on this machine";
  }
  TestRun run{GetParam()};
};

inline std::string tracking_name(const testing::TestParamInfo<bool>& info) {
  return info.param ? "cgroup" : "marker";
}

}  // namespace duru::supervisor
