// Follows a job from attempt to attempt, until it is over: its log on stdout, and on stderr where
// each attempt runs and what it waits for in between.
//
//   JobFollower follower(api, console, {.project = "default", .job = id});
//   Result<JobView> job = follower.run();            // how it ended
//
// Ends early, and well, when stdout takes no more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "duru/cli/api_client.h"
#include "duru/cli/console.h"
#include "duru/cli/job_view.h"

namespace duru::cli {

struct FollowWish {
  std::string project;
  std::string job;  // id or name
  std::int64_t task = 0;
  bool from_newest = false;                       // not from the first attempt
  std::optional<std::int64_t> only_attempt = {};  // this one alone
  bool headers = true;                            // a line before each attempt
};

// "-- train, attempt 2, task 1, here: h100-sxm5-80gb (emulated)"
std::string attempt_header(const JobView& job, std::int64_t attempt, std::int64_t task);

class JobFollower {
 public:
  JobFollower(ApiClient& api, Console& console, FollowWish wish);

  // The job as it was seen last.
  Result<JobView> run();
  // Why there was no log, if no attempt had one.
  const std::optional<Error>& missing() const { return missing_; }

 private:
  std::optional<std::int64_t> next_attempt(const JobView& job) const;
  Status follow_attempt(const JobView& job, std::int64_t attempt);
  void tell_standing(const JobView& job);
  void tell_failed_task(const JobView& job);

  ApiClient& api_;
  Console& console_;
  const FollowWish wish_;
  std::string told_;
  std::int64_t followed_ = 0;      // the newest attempt that was followed
  std::int64_t told_failure_ = 0;  // the newest attempt whose failed task was told
  bool any_log_ = false;
  std::optional<Error> missing_;
};

}  // namespace duru::cli
