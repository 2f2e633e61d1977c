#include "duru/supervisor/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <memory>
#include <string_view>

#include "duru/supervisor/fd.h"

namespace duru::supervisor {
namespace {

constexpr int kDepthMax = 32;
constexpr std::size_t kFileBytesMax = 8U << 20;

Result<std::string> read_text(const std::string& path) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return system_error("open " + path, errno);
  std::string text;
  char part[4096];
  while (text.size() < kFileBytesMax) {
    ssize_t got = ::read(file.get(), part, sizeof part);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read " + path, errno);
    if (got == 0) break;
    text.append(part, static_cast<std::size_t>(got));
  }
  return text;
}

Status write_text(const std::string& path, const std::string& text) {
  Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid()) return system_error("open " + path, errno);
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return system_error("write " + path, errno);
  }
  return ok_status();
}

std::string_view next_word(std::string_view& text, char separator) {
  std::size_t end = text.find(separator);
  std::string_view word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

// mountinfo writes blank, tab, newline and backslash as three octal digits.
std::string unescape_mount(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 3 >= text.size()) {
      out += text[i];
      continue;
    }
    int value = 0;
    for (std::size_t digit = 1; digit <= 3; ++digit) value = value * 8 + (text[i + digit] - '0');
    out += static_cast<char>(value);
    i += 3;
  }
  return out;
}

struct Mount {
  std::string root;   // which group the mount shows as its top
  std::string point;  // where
};

bool parse_v2_mount(std::string_view line, Mount& mount) {
  std::size_t dash = line.find(" - ");
  if (dash == std::string_view::npos) return false;
  std::string_view tail = line.substr(dash + 3);
  if (next_word(tail, ' ') != "cgroup2") return false;
  for (int skip = 0; skip < 3; ++skip) next_word(line, ' ');
  mount.root = unescape_mount(next_word(line, ' '));
  mount.point = unescape_mount(next_word(line, ' '));
  return true;
}

template <class Visit>
void for_each_subgroup(const std::string& folder, const Visit& visit) {
  std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()), ::closedir);
  if (!open) return;
  while (dirent* entry = ::readdir(open.get())) {
    std::string name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") visit(folder + "/" + name);
  }
}

void collect_processes(const std::string& folder, int depth, std::vector<pid_t>& out) {
  auto text = read_text(folder + "/cgroup.procs");
  std::string_view rest = text.ok() ? std::string_view(text.value()) : std::string_view();
  while (!rest.empty()) {
    std::string_view line = next_word(rest, '\n');
    pid_t pid = 0;
    std::from_chars(line.data(), line.data() + line.size(), pid);
    if (pid > 0) out.push_back(pid);
  }
  if (depth >= kDepthMax) return;
  for_each_subgroup(folder,
                    [&](const std::string& sub) { collect_processes(sub, depth + 1, out); });
}

void remove_tree(const std::string& folder, int depth) {
  if (depth < kDepthMax) {
    for_each_subgroup(folder, [&](const std::string& sub) { remove_tree(sub, depth + 1); });
  }
  ::rmdir(folder.c_str());
}

}  // namespace

std::string plan_cgroup(const std::string& name) {
  auto mounts = read_text("/proc/self/mountinfo");
  auto groups = read_text("/proc/self/cgroup");
  if (!mounts.ok() || !groups.ok()) return "";
  return plan_cgroup(name, mounts.value(), groups.value());
}

std::string plan_cgroup(const std::string& name, const std::string& mounts,
                        const std::string& groups) {
  std::string own;
  for (std::string_view rest = groups; !rest.empty();) {
    std::string_view line = next_word(rest, '\n');
    if (line.substr(0, 3) == "0::") own = line.substr(3);
  }
  // A group outside our own view of the hierarchy shows as a way upwards: nothing to build on.
  if (own.empty() || own.find("/..") != std::string::npos) return "";
  for (std::string_view rest = mounts; !rest.empty();) {
    Mount mount;
    if (!parse_v2_mount(next_word(rest, '\n'), mount)) continue;
    std::string root = mount.root == "/" ? "" : mount.root;
    std::string group = own == "/" ? "" : own;
    // A mount of some other part of the hierarchy does not show our group.
    if (group.compare(0, root.size(), root) != 0) continue;
    std::string below = group.substr(root.size());
    if (!below.empty() && below[0] != '/') continue;
    return mount.point + below + "/" + name;
  }
  return "";
}

bool memory_can_be_limited() {
  std::string folder = plan_cgroup("probe");
  if (folder.empty()) return false;
  auto text = read_text(folder.substr(0, folder.rfind('/')) + "/cgroup.subtree_control");
  if (!text.ok()) return false;
  for (std::string_view rest = text.value(); !rest.empty();) {
    std::string_view word = next_word(rest, ' ');
    if (word == "memory" || word == "memory\n") return true;
  }
  return false;
}

Result<Cgroup> Cgroup::create(const std::string& folder) {
  Cgroup group(folder);
  if (::mkdir(folder.c_str(), 0755) != 0) {
    if (errno != EEXIST) return system_error("make cgroup " + folder, errno);
    auto populated = group.populated();
    if (!populated.ok()) return populated.error();
    if (populated.value()) return system_error("cgroup " + folder + " has processes", EEXIST);
  }
  for (const char* file : {"cgroup.kill", "cgroup.events", "cgroup.procs"}) {
    if (::access((folder + "/" + file).c_str(), F_OK) != 0) {
      Error error = system_error("cgroup without " + std::string(file), errno);
      ::rmdir(folder.c_str());
      return error;
    }
  }
  return group;
}

Status Cgroup::add(pid_t process) {
  return write_text(folder_ + "/cgroup.procs", std::to_string(process));
}

bool Cgroup::limit_memory(Bytes limit) {
  if (!write_text(folder_ + "/memory.max", std::to_string(limit.value)).ok()) return false;
  // One task is one thing: a tree that lost a part of itself must not go on half alive.
  (void)write_text(folder_ + "/memory.oom.group", "1").ok();
  return true;
}

bool Cgroup::limit_cpu(MilliCpu limit) {
  constexpr std::int64_t kPeriodUs = 100'000;
  std::int64_t quota_us = limit.value * kPeriodUs / 1000;
  if (quota_us < 1000) quota_us = 1000;  // the least that the kernel takes
  return write_text(folder_ + "/cpu.max",
                    std::to_string(quota_us) + " " + std::to_string(kPeriodUs))
      .ok();
}

bool Cgroup::ran_out_of_memory() const {
  auto text = read_text(folder_ + "/memory.events");
  if (!text.ok()) return false;
  for (std::string_view rest = text.value(); !rest.empty();) {
    std::string_view line = next_word(rest, '\n');
    if (next_word(line, ' ') == "oom_kill") return line != "0";
  }
  return false;
}

Status Cgroup::kill() { return write_text(folder_ + "/cgroup.kill", "1"); }

Result<bool> Cgroup::populated() const {
  auto text = read_text(folder_ + "/cgroup.events");
  if (!text.ok()) {
    // The kernel removes no group that has a live process.
    if (text.error().code == ErrorCode::kNotFound) return false;
    return text.error();
  }
  for (std::string_view rest = text.value(); !rest.empty();) {
    std::string_view line = next_word(rest, '\n');
    if (next_word(line, ' ') == "populated") return line != "0";
  }
  return system_error("no `populated` in cgroup.events of " + folder_, EIO);
}

std::vector<pid_t> Cgroup::processes() const {
  std::vector<pid_t> out;
  collect_processes(folder_, 0, out);
  return out;
}

void Cgroup::remove() { remove_tree(folder_, 0); }

}  // namespace duru::supervisor
