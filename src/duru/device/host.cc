#include "duru/device/host.h"

#include <algorithm>

#include "duru/device/cgroup.h"
#include "duru/device/host_tree.h"

namespace duru {
namespace {

// "Cpus_allowed_list:\t0-3,8" counts 5; 0 for anything that is not such a list.
std::int64_t count_cpus(std::string_view list) {
  constexpr std::int64_t kCpusMax = 1 << 20;
  std::int64_t count = 0;
  while (!list.empty()) {
    const std::string_view part = list.substr(0, list.find(','));
    const std::size_t dash = part.find('-');
    std::int64_t first = 0;
    std::int64_t last = 0;
    if (!parse_whole(part.substr(0, dash), first)) return 0;
    last = first;
    if (dash != std::string_view::npos && !parse_whole(part.substr(dash + 1), last)) return 0;
    if (first < 0 || last < first || last > kCpusMax) return 0;
    count += last - first + 1;
    list.remove_prefix(std::min(part.size() + 1, list.size()));
  }
  return count;
}

// The words behind `label` in a file of "label words" lines.
Reading<std::vector<std::string>> labelled(const HostTree& host, const std::string& path,
                                           std::string_view label) {
  const Reading<std::string> text = host.text(path);
  if (!text.has_value()) return text.as<std::vector<std::string>>();
  for (const std::string_view line : split_lines(text.value())) {
    const std::vector<std::string_view> words = split_words(line);
    if (words.empty() || words[0] != label) continue;
    return std::vector<std::string>(words.begin() + 1, words.end());
  }
  return {};
}

Reading<MilliCpu> read_cpu(const HostTree& host) {
  const std::string path = "/proc/self/status";
  const Reading<std::vector<std::string>> allowed = labelled(host, path, "Cpus_allowed_list:");
  if (!allowed.has_value()) return allowed.as<MilliCpu>();
  const std::int64_t count = allowed.value().size() == 1 ? count_cpus(allowed.value()[0]) : 0;
  if (count == 0) return Reading<MilliCpu>::make_failed(path + ": no list of processors");
  const Reading<MilliCpu> quota = cgroup_cpu_quota(host);
  if (quota.failed()) return quota;
  const MilliCpu all(count * 1000);
  return quota.has_value() ? std::min(all, quota.value()) : all;
}

Reading<Bytes> read_memory(const HostTree& host) {
  const std::string path = "/proc/meminfo";
  const Reading<std::vector<std::string>> total = labelled(host, path, "MemTotal:");
  if (!total.has_value()) return total.as<Bytes>();
  constexpr std::int64_t kKibMax = std::int64_t{1} << 50;
  std::int64_t kib = 0;
  const bool valid = total.value().size() == 2 && total.value()[1] == "kB" &&
                     parse_whole(total.value()[0], kib) && kib > 0 && kib < kKibMax;
  if (!valid) return Reading<Bytes>::make_failed(path + ": MemTotal is not a number of kB");
  const Reading<Bytes> limit = cgroup_memory_limit(host);
  if (limit.failed()) return limit;
  const Bytes all(kib * 1024);
  return limit.has_value() ? std::min(all, limit.value()) : all;
}

}  // namespace

HostFacts read_host_facts(const std::string& root) {
  const HostTree host(root);
  return {host.text("/proc/sys/kernel/hostname"), read_cpu(host), read_memory(host)};
}

}  // namespace duru
