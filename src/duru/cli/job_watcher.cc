#include "duru/cli/job_watcher.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <thread>

#include "duru/base/clock.h"
#include "duru/cli/json_access.h"

namespace duru::cli {
namespace {

constexpr Milliseconds kPauseMin{50};
constexpr Milliseconds kPauseMax{500};

void sleep_for(Milliseconds span) {
  std::this_thread::sleep_for(std::chrono::milliseconds(span.value));
}

}  // namespace

JobWatcher::JobWatcher(ApiClient& api, Console& console, std::string project, std::string job)
    : api_(api), console_(console), project_(std::move(project)), job_(std::move(job)) {}

Result<JobView> JobWatcher::ask() {
  const std::int64_t give_up_ms = boottime_ms() + kOutageMax.value;
  for (bool told = false;; told = true) {
    const auto body = api_.get(path_of({"v1", "projects", project_, "jobs", job_}));
    if (body.ok()) {
      const auto answer = parse_answer(body.value());
      if (!answer.ok()) return answer.error();
      JobView job = view_of(answer.value());
      if (!job.id.empty()) job_ = job.id;
      if (job.standing() != last_standing_) pause_ = kPauseMin;
      last_standing_ = job.standing();
      return job;
    }
    const Error& error = body.error();
    const bool never_reached = last_standing_.empty();
    if (error.code != ErrorCode::kUnavailable || never_reached || boottime_ms() > give_up_ms) {
      return error;
    }
    if (!told) console_.progress("the server does not answer; waiting for it, the job goes on");
    sleep_for(kPauseMax);
  }
}

void JobWatcher::pause(Milliseconds at_most) {
  sleep_for(std::min(pause_, std::max(at_most, Milliseconds(1))));
  pause_ = std::min(Milliseconds(pause_.value * 3 / 2), kPauseMax);
}

}  // namespace duru::cli
