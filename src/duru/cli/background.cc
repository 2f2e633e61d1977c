#include "duru/cli/background.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "duru/base/clock.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/files.h"

namespace duru::cli {
namespace {

constexpr Milliseconds kReadyMax = minutes(5);  // a long journal is read before it is ready
constexpr std::size_t kLogShownBytes = 4000;

void pause() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

// Gives the child a session, nothing to read, and the log to write to.
bool take_leave_of_terminal(const std::string& log) {
  ::setsid();
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const bool fine = null >= 0 && out >= 0 && ::dup2(null, STDIN_FILENO) >= 0 &&
                    ::dup2(out, STDOUT_FILENO) >= 0 && ::dup2(out, STDERR_FILENO) >= 0;
  // A pipe or a lock of the caller's must not be held for as long as the server lives.
  return fine && ::close_range(STDERR_FILENO + 1, ~0U, 0) == 0 && ::chdir("/") == 0;
}

std::uintmax_t size_of(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

// What the child wrote since `from`: its reason for not starting.
std::string log_since(const std::string& log, std::uintmax_t from) {
  const auto text = read_whole_file(log, std::size_t{64} << 20);
  if (!text.ok() || text.value().size() <= from) return "";
  std::string told = text.value().substr(from);
  if (told.size() > kLogShownBytes) told = told.substr(told.size() - kLogShownBytes);
  while (!told.empty() && told.back() == '\n') told.pop_back();
  return told;
}

std::optional<pid_t> pid_in(const std::string& dir) {
  const auto text = read_whole_file(dir + "/pid", 64);
  pid_t pid = 0;
  if (!text.ok()) return std::nullopt;
  const auto [end, error] =
      std::from_chars(text.value().data(), text.value().data() + text.value().size(), pid);
  return error == std::errc() && pid > 1 ? std::optional(pid) : std::nullopt;
}

// Only the child's own files count: those of an earlier server may lie there still.
bool is_ready(Context& context, const std::string& dir, pid_t child) {
  if (pid_in(dir) != child) return false;
  const auto found = find_server({.server = {}, .token = {}, .data = dir}, context.environment());
  if (!found.ok()) return false;
  ApiClient api(found.value(), [&] { return found; });
  return api.get("/readyz").ok();
}

int report_ready(Context& context, const std::string& dir) {
  const auto found = find_server({.server = {}, .token = {}, .data = dir}, context.environment());
  if (!found.ok()) return context.fail(found.error());
  context.console().out("server: " + found.value().address.url() + "  data: " + dir + "\n");
  context.console().progress("next: duru --data " + dir + " get nodes; duru --data " + dir +
                             " down stops it");
  return kExitOk;
}

int report_failed(Context& context, int status, const std::string& told) {
  context.console().note(told.empty() ? "error: the server ended without a word" : told);
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0) return WEXITSTATUS(status);
  return kExitUnreachable;
}

Error not_running(const std::string& dir) {
  return {ErrorCode::kUnavailable,
          "no server runs on the data folder " + dir +
              "; `duru up` with that folder starts one, and what ran before goes on",
          false, false};
}

bool has_open(pid_t pid, const std::string& path) {
  struct stat wanted {};
  if (::stat(path.c_str(), &wanted) != 0) return false;
  const std::string folder = "/proc/" + std::to_string(pid) + "/fd";
  DIR* list = ::opendir(folder.c_str());
  if (list == nullptr) return false;
  bool found = false;
  while (const dirent* entry = ::readdir(list)) {
    struct stat open {};
    if (::stat((folder + "/" + entry->d_name).c_str(), &open) != 0) continue;
    found = found || (open.st_dev == wanted.st_dev && open.st_ino == wanted.st_ino);
  }
  ::closedir(list);
  return found;
}

}  // namespace

int start_in_background(Context& context, const std::string& dir,
                        const std::function<int()>& serve) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(dir).parent_path(), error);
  if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) {
    return context.fail(system_error("cannot make the data folder " + dir, errno));
  }
  const std::string log = dir + "/server.log";
  const std::uintmax_t log_before = size_of(log);
  const pid_t child = ::fork();
  if (child < 0) return context.fail(system_error("fork", errno));
  if (child == 0) ::_exit(take_leave_of_terminal(log) ? serve() : kExitUnreachable);

  context.console().progress("starting the server; its log: " + log);
  const std::int64_t give_up_ms = boottime_ms() + kReadyMax.value;
  for (int status = 0; boottime_ms() < give_up_ms; pause()) {
    if (::waitpid(child, &status, WNOHANG) == child) {
      return report_failed(context, status, log_since(log, log_before));
    }
    if (is_ready(context, dir, child)) return report_ready(context, dir);
  }
  return context.fail({ErrorCode::kTimeout,
                       "the server (process " + std::to_string(child) + ") is not ready after " +
                           format_duration(kReadyMax) + "; see " + log,
                       false, false});
}

Result<RunningServer> RunningServer::find(const std::string& dir) {
  const auto pid = pid_in(dir);
  if (!pid.has_value()) return not_running(dir);
  // By number: the header of glibc 2.36 does not give these C linkage.
  http::OwnedFd handle(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
  if (!handle.open()) return not_running(dir);
  // Asked after the handle was taken: it is about the process that the handle holds.
  if (!has_open(*pid, dir + "/lock")) return not_running(dir);
  return RunningServer(*pid, std::move(handle));
}

Status RunningServer::terminate() const {
  if (::syscall(SYS_pidfd_send_signal, handle_.get(), SIGTERM, nullptr, 0) != 0 && errno != ESRCH) {
    return system_error("cannot stop process " + std::to_string(pid_), errno);
  }
  return ok_status();
}

Status RunningServer::wait_for_end(Milliseconds at_most) const {
  const std::int64_t end_ms = boottime_ms() + at_most.value;
  for (;;) {
    pollfd watched{handle_.get(), POLLIN, 0};
    const std::int64_t left_ms = std::max<std::int64_t>(end_ms - boottime_ms(), 0);
    const int ready = ::poll(&watched, 1, static_cast<int>(left_ms));
    if (ready > 0) return ok_status();
    if (ready < 0 && errno != EINTR) return system_error("poll", errno);
    if (ready == 0) {
      return Error{ErrorCode::kTimeout,
                   "the server (process " + std::to_string(pid_) + ") has not stopped after " +
                       format_duration(at_most),
                   true, false};
    }
  }
}

}  // namespace duru::cli
