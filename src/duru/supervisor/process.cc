#include "duru/supervisor/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <string_view>

#include "duru/supervisor/fd.h"

namespace duru::supervisor {
namespace {

constexpr std::size_t kEnvironmentBytesMax = 16U << 20;

std::string proc_path(pid_t pid, const char* name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

// Files of /proc have no size; reads until the end or the bound.
Result<std::string> read_stream(const std::string& path, std::size_t bytes_max) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return system_error("open " + path, errno);
  std::string bytes;
  std::array<char, 4096> part{};
  while (bytes.size() < bytes_max) {
    ssize_t got = ::read(file.get(), part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read " + path, errno);
    if (got == 0) break;
    bytes.append(part.data(), static_cast<std::size_t>(got));
  }
  return bytes;
}

std::string first_line(const std::string& path) {
  auto bytes = read_stream(path, 4096);
  return bytes.ok() ? bytes.value().substr(0, bytes.value().find('\n')) : std::string();
}

// The numbers after the command's name, which may itself hold blanks and parentheses.
std::vector<std::string_view> stat_fields(std::string_view text) {
  std::vector<std::string_view> fields;
  std::size_t at = text.rfind(')');
  if (at == std::string_view::npos) return fields;
  text.remove_prefix(at + 1);
  while (!text.empty()) {
    std::size_t begin = text.find_first_not_of(" \n");
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    std::size_t end = text.find_first_of(" \n");
    fields.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end);
  }
  return fields;
}

std::int64_t to_number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::string boot_id() {
  static const std::string id = first_line("/proc/sys/kernel/random/boot_id");
  return id;
}

std::string machine_id() { return first_line("/etc/machine-id"); }

ProcessIdentity identity_of_self() {
  ProcessIdentity identity;
  identity.boot_id = boot_id();
  identity.pid = ::getpid();
  auto stat = read_stat(::getpid());
  if (stat.ok()) identity.start_ticks = stat.value().start_ticks;
  return identity;
}

bool alive(const ProcessIdentity& identity) {
  if (boot_id().empty()) return true;
  if (identity.boot_id != boot_id()) return false;
  auto stat = read_stat(static_cast<pid_t>(identity.pid));
  if (!stat.ok()) return stat.error().code != ErrorCode::kNotFound;
  return !stat.value().dead() && stat.value().start_ticks == identity.start_ticks;
}

Result<ProcessStat> read_stat(pid_t pid) {
  auto text = read_stream(proc_path(pid, "stat"), 4096);
  if (!text.ok()) return text.error();
  // Positions in proc(5), less the two fields (pid, name) that stat_fields leaves out.
  constexpr std::size_t kState = 0, kParent = 1, kStart = 19, kMemory = 20, kEnvironmentEnd = 48;
  auto fields = stat_fields(text.value());
  if (fields.size() <= kEnvironmentEnd) return system_error("read stat", ESRCH);
  ProcessStat stat;
  stat.pid = pid;
  stat.state = fields[kState][0];
  stat.parent_pid = static_cast<pid_t>(to_number(fields[kParent]));
  stat.start_ticks = to_number(fields[kStart]);
  stat.has_memory = fields[kMemory] != "0";
  stat.has_environment = fields[kEnvironmentEnd] != "0";
  return stat;
}

Result<ProcessList> list_processes() {
  Fd folder(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return system_error("open /proc", errno);
  ProcessList list;
  // Few names at a time: the less time lies between a name and the look at its process, the fewer
  // of a busy machine's short-lived processes vanish in between.
  alignas(dirent64) std::array<char, 512> names;
  while (true) {
    long size = ::syscall(SYS_getdents64, folder.get(), names.data(), names.size());
    if (size < 0) return system_error("read /proc", errno);
    if (size == 0) return list;
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(names.data() + at);
      at += entry->d_reclen;
      std::string_view name = entry->d_name;
      if (name[0] < '1' || name[0] > '9') continue;
      auto stat = read_stat(static_cast<pid_t>(to_number(name)));
      if (stat.ok()) {
        list.processes.push_back(stat.value());
      } else if (stat.error().code == ErrorCode::kNotFound) {
        ++list.vanished;
      } else {
        return stat.error();
      }
    }
  }
}

Result<std::vector<pid_t>> own_children() {
  auto text = read_stream("/proc/thread-self/children", 16U << 20);
  if (!text.ok()) return text.error();
  std::vector<pid_t> children;
  std::string_view rest = text.value();
  while (!rest.empty()) {
    std::size_t end = std::min(rest.find(' '), rest.size());
    if (end > 0) children.push_back(static_cast<pid_t>(to_number(rest.substr(0, end))));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return children;
}

EnvironmentMatch has_environment_entry(pid_t pid, const std::string& entry) {
  auto bytes = read_stream(proc_path(pid, "environ"), kEnvironmentBytesMax);
  if (!bytes.ok()) {
    switch (bytes.error().code) {
      case ErrorCode::kNotFound:
        return EnvironmentMatch::kGone;
      case ErrorCode::kDenied:
        return EnvironmentMatch::kNo;  // another user's: no task of ours
      default:
        return EnvironmentMatch::kUnknown;
    }
  }
  std::string_view rest = bytes.value();
  if (rest.empty()) {
    // Nothing to read: without environment by choice, dying, or between two programs.
    auto stat = read_stat(pid);
    if (!stat.ok() || stat.value().dead()) return EnvironmentMatch::kGone;
    bool in_exec = stat.value().has_memory && !stat.value().has_environment;
    return in_exec ? EnvironmentMatch::kUnknown : EnvironmentMatch::kNo;
  }
  while (!rest.empty()) {
    std::size_t end = rest.find('\0');
    if (rest.substr(0, end) == entry) return EnvironmentMatch::kYes;
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return EnvironmentMatch::kNo;
}

bool writes_to_pipe(pid_t pid, std::int64_t inode) {
  const std::string wanted = "pipe:[" + std::to_string(inode) + "]";
  for (const char* stream : {"fd/1", "fd/2"}) {
    std::array<char, 64> target{};
    ssize_t size = ::readlink(proc_path(pid, stream).c_str(), target.data(), target.size());
    if (size > 0 && std::string_view(target.data(), static_cast<std::size_t>(size)) == wanted) {
      return true;
    }
  }
  return false;
}

bool signal_process(ProcessKey process, int signal) {
  // The descriptor pins the process; only then is it worth asking whether it is the right one.
  Fd pin(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  if (!pin.valid() && errno == ESRCH) return false;
  auto stat = read_stat(process.pid);
  if (!stat.ok() || stat.value().start_ticks != process.start_ticks) return false;
  if (pin.valid()) return ::syscall(SYS_pidfd_send_signal, pin.get(), signal, nullptr, 0) == 0;
  return ::kill(process.pid, signal) == 0;
}

}  // namespace duru::supervisor
