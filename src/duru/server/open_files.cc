#include "duru/server/open_files.h"

#include <sys/resource.h>

#include <algorithm>

#include "duru/server/log.h"

namespace duru {
namespace {

// HttpLimits::connections_max connections, files on their way, the journal, runs.
constexpr rlim_t kOthers = 4096;
constexpr rlim_t kMost = 524'288;  // what systemd lets a service ask for

}  // namespace

std::size_t OpenFiles::for_kept_connections() const { return ours > kOthers ? ours - kOthers : 0; }

OpenFiles raise_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {kOthers, kOthers};
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = std::max(before, std::min(kMost, limit.rlim_max));
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    log_warn("cannot open as many files as it may need");
    limit.rlim_cur = before;
  }
  return {limit.rlim_cur, std::max(before, std::min(kOthers, limit.rlim_max))};
}

}  // namespace duru
