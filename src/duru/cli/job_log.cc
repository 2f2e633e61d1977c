#include "duru/cli/job_log.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "duru/base/clock.h"
#include "duru/cli/job_watcher.h"

namespace duru::cli {

Status copy_log(ApiClient& api, Console& console, const LogWish& wish) {
  const std::string target = path_of({"v1", "projects", wish.project, "jobs", wish.job, "logs"}) +
                             query_of({{"task", std::to_string(wish.task)},
                                       {"attempt", std::to_string(wish.attempt)},
                                       {"follow", wish.follow ? "true" : ""}});
  std::size_t shown_bytes = 0;
  std::int64_t give_up_ms = boottime_ms() + JobWatcher::kOutageMax.value;
  for (;;) {
    std::size_t seen_bytes = 0;
    const auto answer =
        api.follow({.method = "GET", .target = target}, [&](std::string_view piece) {
          const std::size_t known =
              std::min(piece.size(), shown_bytes - std::min(shown_bytes, seen_bytes));
          seen_bytes += piece.size();
          console.out(piece.substr(known));
          shown_bytes = std::max(shown_bytes, seen_bytes);
          return console.all_out();
        });
    if (answer.ok()) {
      return answer.value().is_success() ? ok_status()
                                         : Status(error_of(read_problem(answer.value())));
    }
    if (seen_bytes > 0) give_up_ms = boottime_ms() + JobWatcher::kOutageMax.value;
    if (answer.error().code != ErrorCode::kUnavailable || boottime_ms() > give_up_ms) {
      return answer.error();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

}  // namespace duru::cli
