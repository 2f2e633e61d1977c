#include "duru/device/cgroup.h"

#include <algorithm>
#include <functional>
#include <optional>

namespace duru {
namespace {

// v1 says "no limit" with the largest page-aligned number; nothing real comes near this.
constexpr std::int64_t kNoLimitBytes = std::int64_t{1} << 60;

// The folders from this process's cgroup up to the mount point.
struct Levels {
  bool is_v2 = false;
  std::vector<std::string> folders;
};

bool has_item(std::string_view list, std::string_view item) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (list.substr(0, end) == item) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

// "4:memory:/path" of /proc/self/cgroup; v2 is the line with an empty list of controllers.
std::optional<std::string> path_of(std::string_view text, std::string_view controller) {
  for (const std::string_view line : split_lines(text)) {
    const std::size_t first = line.find(':');
    if (first == std::string_view::npos) continue;
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view list = line.substr(first + 1, second - first - 1);
    const bool is_it = controller.empty() ? list.empty() : has_item(list, controller);
    if (is_it) return std::string(line.substr(second + 1));
  }
  return std::nullopt;
}

struct Mount {
  std::string root;
  std::string point;
};

// "31 23 0:27 /root /mount/point rw - cgroup2 cgroup2 rw,..." of /proc/self/mountinfo.
std::optional<Mount> mount_of(std::string_view text, std::string_view controller) {
  for (const std::string_view line : split_lines(text)) {
    const std::vector<std::string_view> words = split_words(line);
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 6 || words.end() - dash < 4) continue;
    const bool is_it = controller.empty() ? dash[1] == "cgroup2"
                                          : dash[1] == "cgroup" && has_item(dash[3], controller);
    if (is_it) return Mount{std::string(words[3]), std::string(words[4])};
  }
  return std::nullopt;
}

std::vector<std::string> levels_of(const Mount& mount, std::string path) {
  const std::string root = mount.root == "/" ? "" : mount.root;
  const bool below = path.compare(0, root.size(), root) == 0;
  path = below ? path.substr(root.size()) : "";
  std::vector<std::string> folders;
  for (;;) {
    while (!path.empty() && path.back() == '/') path.pop_back();
    folders.push_back(mount.point + path);
    if (path.empty()) return folders;
    path.erase(path.find_last_of('/'));
  }
}

// v2 if it has the controller's files anywhere above us, else v1.
Reading<std::vector<Levels>> find_levels(const HostTree& host, std::string_view controller) {
  const Reading<std::string> cgroups = host.text("/proc/self/cgroup");
  const Reading<std::string> mounts = host.text("/proc/self/mountinfo");
  if (cgroups.failed()) return cgroups.as<std::vector<Levels>>();
  if (mounts.failed()) return mounts.as<std::vector<Levels>>();
  std::vector<Levels> all;
  if (!cgroups.has_value() || !mounts.has_value()) return all;
  for (const std::string_view name : {std::string_view(), controller}) {
    const std::optional<std::string> path = path_of(cgroups.value(), name);
    const std::optional<Mount> mount = mount_of(mounts.value(), name);
    if (path && mount) all.push_back({name.empty(), levels_of(*mount, *path)});
  }
  return all;
}

using Limit = Reading<std::int64_t>;

// The lowest of the limits that `read` finds in the folders; absent if there is none.
Limit lowest(const HostTree& host, std::string_view controller,
             const std::function<Limit(const std::string& folder, bool is_v2)>& read) {
  const Reading<std::vector<Levels>> all = find_levels(host, controller);
  if (!all.has_value()) return all.as<std::int64_t>();
  Limit least;
  for (const Levels& levels : all.value()) {
    for (const std::string& folder : levels.folders) {
      const Limit limit = read(folder, levels.is_v2);
      if (limit.failed()) return limit;
      if (limit.absent()) continue;
      if (!least.has_value() || limit.value() < least.value()) least = limit;
    }
  }
  return least;
}

// Thousandths of a processor; a quota below one thousandth is one.
Limit milli_cpu(std::int64_t quota, std::int64_t period, const std::string& path) {
  constexpr std::int64_t kMicrosecondsMax = 1'000'000'000'000;
  if (quota <= 0 || period <= 0 || quota > kMicrosecondsMax) {
    return Limit::make_failed(path + ": not a quota and a period");
  }
  return std::max<std::int64_t>(1, quota * 1000 / period);
}

Limit read_cpu_v2(const HostTree& host, const std::string& folder) {
  const std::string path = folder + "/cpu.max";  // "max 100000" or "150000 100000"
  const Reading<std::string> text = host.text(path);
  if (!text.has_value()) return text.as<std::int64_t>();
  const std::vector<std::string_view> words = split_words(text.value());
  if (!words.empty() && words[0] == "max") return {};
  std::int64_t quota = 0;
  std::int64_t period = 0;
  if (words.size() != 2 || !parse_whole(words[0], quota) || !parse_whole(words[1], period)) {
    return Limit::make_failed(path + ": not a quota and a period");
  }
  return milli_cpu(quota, period, path);
}

Limit read_cpu_v1(const HostTree& host, const std::string& folder) {
  const std::string path = folder + "/cpu.cfs_quota_us";
  const Limit quota = host.number(path);
  if (!quota.has_value()) return quota;
  if (quota.value() < 0) return {};
  const Limit period = host.number(folder + "/cpu.cfs_period_us");
  if (!period.has_value()) return period;
  return milli_cpu(quota.value(), period.value(), path);
}

Limit read_memory(const HostTree& host, const std::string& folder, bool is_v2) {
  const std::string path = folder + (is_v2 ? "/memory.max" : "/memory.limit_in_bytes");
  const Reading<std::string> text = host.text(path);
  if (!text.has_value()) return text.as<std::int64_t>();
  if (text.value() == "max") return {};
  const Limit limit = host.number(path);
  if (limit.has_value() && limit.value() >= kNoLimitBytes) return {};
  return limit;
}

}  // namespace

Reading<MilliCpu> cgroup_cpu_quota(const HostTree& host) {
  const Limit limit = lowest(host, "cpu", [&host](const std::string& folder, bool is_v2) {
    return is_v2 ? read_cpu_v2(host, folder) : read_cpu_v1(host, folder);
  });
  if (!limit.has_value()) return limit.as<MilliCpu>();
  return MilliCpu(limit.value());
}

Reading<Bytes> cgroup_memory_limit(const HostTree& host) {
  const Limit limit = lowest(host, "memory", [&host](const std::string& folder, bool is_v2) {
    return read_memory(host, folder, is_v2);
  });
  if (!limit.has_value()) return limit.as<Bytes>();
  return Bytes(limit.value());
}

}  // namespace duru
