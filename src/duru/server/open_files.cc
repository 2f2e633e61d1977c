#include "duru/server/open_files.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "duru/server/log.h"

namespace duru {
namespace {

// HttpLimits::connections_max connections, files on their way, the journal, runs.
constexpr rlim_t kOthers = 4096;
constexpr rlim_t kMost = 524'288;  // what systemd lets a service ask for
// Of this machine's memory a quarter, by what a connection in TLS takes while it waits: 15 KB
// (bench/README.md).
constexpr std::uint64_t kMemoryShare = 4;
constexpr std::uint64_t kBytesEach = 16 * 1024;

}  // namespace

std::size_t OpenFiles::for_kept_connections() const {
  const auto pages = static_cast<std::uint64_t>(std::max(::sysconf(_SC_PHYS_PAGES), 0L));
  const auto page_bytes = static_cast<std::uint64_t>(std::max(::sysconf(_SC_PAGESIZE), 0L));
  const std::uint64_t in_memory = pages * page_bytes / kMemoryShare / kBytesEach;
  return std::min(ours > kOthers ? ours - kOthers : 0, in_memory);
}

OpenFiles raise_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {kOthers, kOthers};
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = std::max(before, std::min(kMost, limit.rlim_max));
  if (limit.rlim_cur == before) return {before, before};
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    log_warn("cannot open as many files as it may need");
    return {before, before};
  }
  return {limit.rlim_cur, std::max(before, std::min(kOthers, limit.rlim_max))};
}

}  // namespace duru
