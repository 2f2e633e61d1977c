#include "duru/supervisor/task.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

extern char** environ;

namespace duru::supervisor {
namespace {

enum Step : int { kPrepare, kEnterFolder, kRunCommand };

struct FailureMessage {
  int step = kPrepare;
  int error_number = 0;
};

// What the child needs, made before the fork.
struct Launch {
  std::vector<char*> argv;
  std::vector<char*> environment;
  std::string working_folder;
  pid_t supervisor = 0;
  int log_fd = -1;
  int release_fd = -1;
  int failure_fd = -1;
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

[[noreturn]] void report(int failure_fd, Step step) {
  FailureMessage message{step, errno};
  ssize_t written = ::write(failure_fd, &message, sizeof message);
  ::_exit(written > 0 ? 127 : 126);
}

void close_from(int first) {
  if (::syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 0U) == 0) return;
  // An older kernel, or a sandbox that does not know the call.
  for (int fd = first; fd < static_cast<int>(::sysconf(_SC_OPEN_MAX)); ++fd) ::close(fd);
}

void reset_signals() {
  // By the system call, which also takes the two signals that the C library keeps to itself. All
  // zeroes is the default action on every architecture; the mask has one bit per signal.
  constexpr int kSignals = 64;
  const std::array<unsigned long, 8> default_action{};
  for (int number = 1; number <= kSignals; ++number) {
    ::syscall(SYS_rt_sigaction, number, default_action.data(), nullptr, kSignals / 8);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void run_child(const Launch& launch) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != launch.supervisor) ::_exit(126);
  ::setpgid(0, 0);

  char go = 0;
  if (::read(launch.release_fd, &go, 1) != 1) ::_exit(126);

  constexpr int kFailureFd = 3;
  int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0) report(launch.failure_fd, kPrepare);
  if (::dup2(null, 0) < 0 || ::dup2(launch.log_fd, 1) < 0 || ::dup2(launch.log_fd, 2) < 0) {
    report(launch.failure_fd, kPrepare);
  }
  if (launch.failure_fd != kFailureFd && ::dup3(launch.failure_fd, kFailureFd, O_CLOEXEC) < 0) {
    report(launch.failure_fd, kPrepare);
  }
  close_from(kFailureFd + 1);
  ::umask(022);
  reset_signals();
  if (::chdir(launch.working_folder.c_str()) != 0) report(kFailureFd, kEnterFolder);
  // execvp looks for the command in the PATH of `environ`, which is now the task's.
  environ = const_cast<char**>(launch.environment.data());
  ::execvp(launch.argv[0], launch.argv.data());
  report(kFailureFd, kRunCommand);
}

}  // namespace

std::string marker_entry(const std::string& run_name) {
  return std::string(kMarkerVariable) + "=" + run_name;
}

Result<HaltedTask> HaltedTask::fork(const RunSpec& spec, int log_fd) {
  std::array<int, 2> release{}, failure{};
  if (::pipe2(release.data(), O_CLOEXEC) != 0) return system_error("pipe", errno);
  Fd release_read(release[0]), release_write(release[1]);
  if (::pipe2(failure.data(), O_CLOEXEC) != 0) return system_error("pipe", errno);
  Fd failure_read(failure[0]), failure_write(failure[1]);

  std::vector<std::string> argv = spec.argv;
  std::vector<std::string> environment = {marker_entry(spec.name)};
  const std::string marker_key = std::string(kMarkerVariable) + "=";
  for (const std::string& entry : spec.environment) {
    if (entry.compare(0, marker_key.size(), marker_key) != 0) environment.push_back(entry);
  }
  Launch launch;
  launch.argv = pointers(argv);
  launch.environment = pointers(environment);
  launch.working_folder = spec.working_folder;
  launch.supervisor = ::getpid();
  launch.log_fd = log_fd;
  launch.release_fd = release_read.get();
  launch.failure_fd = failure_write.get();

  pid_t pid = ::fork();
  if (pid < 0) return system_error("fork", errno);
  if (pid == 0) {
    // Else it would wait for itself when the supervisor dies.
    release_write.reset();
    run_child(launch);
  }
  ::setpgid(pid, pid);
  HaltedTask task;
  task.pid_ = pid;
  task.release_ = std::move(release_write);
  task.failure_ = std::move(failure_read);
  return task;
}

void HaltedTask::release() {
  // A child that was killed meanwhile is seen by its exit.
  (void)!::write(release_.get(), "g", 1);
  release_.reset();
}

std::optional<StartFailure> HaltedTask::take_start_failure(const RunSpec& spec) {
  FailureMessage message;
  ssize_t got = ::read(failure_.get(), &message, sizeof message);
  failure_.reset();
  if (got != static_cast<ssize_t>(sizeof message)) return std::nullopt;
  StartFailure failure;
  failure.error_number = message.error_number;
  std::string what = "cannot prepare the process";
  if (message.step == kEnterFolder) what = "cannot enter " + spec.working_folder;
  if (message.step == kRunCommand) what = "cannot run " + spec.argv[0];
  failure.message = what + ": " + std::strerror(message.error_number);
  return failure;
}

}  // namespace duru::supervisor
