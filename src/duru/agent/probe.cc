#include "duru/agent/probe.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "duru/base/clock.h"

namespace duru::agent {
namespace {

using supervisor::Fd;

constexpr std::size_t kOutputBytesMax = 4096;
constexpr std::size_t kLineBytesMax = 200;
constexpr int kPartsPerTurn = 64;  // of 1 KiB each; together what its pipe holds
// So many that do not end are what one machine bears.
constexpr std::size_t kLeftMax = 16;

// Whether it has ended; then its number is free.
bool is_collected(pid_t killed) {
  pid_t got = 0;
  while ((got = ::waitpid(killed, nullptr, WNOHANG)) < 0 && errno == EINTR) continue;
  return got != 0;
}

// Killed, not ended, and the ProbeRun is gone: children of this process all the same.
std::vector<pid_t>& left() {
  static std::vector<pid_t> pids;
  return pids;
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> made;
  for (const std::string& word : words) made.push_back(const_cast<char*>(word.c_str()));
  made.push_back(nullptr);
  return made;
}

// Between fork and exec: only what is safe there.
[[noreturn]] void become(char* const* argv, char** environment, const char* folder, int output,
                         pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, 0);
  ::dup2(output, 1);
  ::dup2(output, 2);
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  if (::chdir(folder) != 0) ::_exit(127);
  environ = environment;
  ::execvp(argv[0], argv);
  static constexpr char kText[] = "the probe's command cannot be run\n";
  (void)!::write(2, kText, sizeof kText - 1);
  ::_exit(127);
}

}  // namespace

ProbeRun::~ProbeRun() {
  cancel();
  if (killed_ > 0 && !is_collected(killed_)) left().push_back(killed_);
}

bool ProbeRun::is_stuck() {
  if (killed_ > 0 && is_collected(killed_)) killed_ = 0;
  left().erase(std::remove_if(left().begin(), left().end(), is_collected), left().end());
  return killed_ > 0 || left().size() >= kLeftMax;
}

void ProbeRun::start(const std::vector<std::string>& command,
                     const std::vector<std::string>& environment, const std::string& folder,
                     Milliseconds timeout) {
  cancel();
  text_.clear();
  timeout_ = timeout;
  if (is_stuck()) {
    failure_ = "its last probe does not end although it was killed";
    return;
  }
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    failure_ = system_error("pipe", errno).message;
    return;
  }
  output_ = Fd(ends[0]);
  Fd write_end(ends[1]);
  ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
  auto argv = pointers(command);
  auto variables = pointers(environment);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(argv.data(), variables.data(), folder.c_str(), write_end.get(), parent);
  if (pid < 0) {
    failure_ = system_error("fork", errno).message;
    return;
  }
  ::setpgid(pid, pid);
  pid_ = pid;
  deadline_ms_ = boottime_ms() + timeout.value;
}

std::optional<ProbeResult> ProbeRun::poll() {
  if (!failure_.empty()) return ProbeResult{false, std::exchange(failure_, {})};
  if (!is_running()) return std::nullopt;
  read_output();
  siginfo_t ended{};
  const bool is_over =
      ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
      ended.si_pid == pid_;
  if (is_over) {
    // Before it is collected: until then its number, and its group's, are nobody else's.
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
    pid_ = 0;
    return end_of(status);
  }
  if (boottime_ms() < deadline_ms_) return std::nullopt;
  cancel();
  return ProbeResult{false,
                     "its probe gave no answer in " + format_duration(timeout_) + last_line()};
}

ProbeResult ProbeRun::end_of(int status) {
  read_output();
  output_.reset();  // somebody whom it left behind may write on for ever
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return ProbeResult{true, ""};
  const std::string how = WIFEXITED(status)
                              ? "exited with code " + std::to_string(WEXITSTATUS(status))
                              : "was ended by signal " + std::to_string(WTERMSIG(status));
  return ProbeResult{false, "its probe " + how + last_line()};
}

void ProbeRun::cancel() {
  failure_.clear();
  if (!is_running()) return;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);
  killed_ = std::exchange(pid_, 0);
  output_.reset();
}

void ProbeRun::read_output() {
  std::array<char, 1024> part;
  for (int parts = 0; parts < kPartsPerTurn; ++parts) {
    const ssize_t got = ::read(output_.get(), part.data(), part.size());
    if (got <= 0) return;
    text_.append(part.data(), static_cast<std::size_t>(got));
    if (text_.size() > kOutputBytesMax) text_.erase(0, text_.size() - kOutputBytesMax);
  }
}

std::string ProbeRun::last_line() const {
  const std::size_t end = text_.find_last_not_of(" \r\n\t");
  if (end == std::string::npos) return "";
  const std::size_t before = text_.rfind('\n', end);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  return ": " + text_.substr(begin, std::min(end + 1 - begin, kLineBytesMax));
}

}  // namespace duru::agent
