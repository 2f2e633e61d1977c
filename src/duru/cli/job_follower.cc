#include "duru/cli/job_follower.h"

#include "duru/cli/job_log.h"
#include "duru/cli/job_watcher.h"

namespace duru::cli {

std::string attempt_header(const JobView& job, std::int64_t attempt, std::int64_t task) {
  std::string line = "-- " + job.name + ", attempt " + std::to_string(attempt);
  if (job.tasks > 1) line += ", task " + std::to_string(task);
  // Where it runs is told of the newest attempt alone.
  if (attempt == job.attempt_count && !job.place.empty()) line += ", " + job.place;
  return line;
}

JobFollower::JobFollower(ApiClient& api, Console& console, FollowWish wish)
    : api_(api), console_(console), wish_(std::move(wish)) {}

Result<JobView> JobFollower::run() {
  JobWatcher watcher(api_, console_, wish_.project, wish_.job);
  for (;;) {
    auto answer = watcher.ask();
    if (!answer.ok()) return answer;
    const JobView& job = answer.value();
    tell_failed_task(job);
    tell_standing(job);
    if (const auto attempt = next_attempt(job)) {
      DURU_TRY(follow_attempt(job, *attempt));
      if (!console_.all_out() || attempt == wish_.only_attempt) return answer;
    } else if (job.ended()) {
      return answer;
    } else {
      watcher.pause();
    }
  }
}

std::optional<std::int64_t> JobFollower::next_attempt(const JobView& job) const {
  std::int64_t next = followed_ + 1;
  if (wish_.only_attempt.has_value()) {
    next = *wish_.only_attempt;
  } else if (followed_ == 0 && wish_.from_newest && job.attempt_count > 0) {
    next = job.attempt_count;
  }
  return next <= job.attempt_count ? std::optional(next) : std::nullopt;
}

Status JobFollower::follow_attempt(const JobView& job, std::int64_t attempt) {
  followed_ = attempt;
  if (wish_.headers) console_.note(attempt_header(job, attempt, wish_.task));
  const Status copied =
      copy_log(api_, console_,
               {.project = wish_.project, .job = job.id, .attempt = attempt, .task = wish_.task});
  if (copied.ok()) {
    any_log_ = true;
    missing_.reset();
    return copied;
  }
  if (copied.error().code != ErrorCode::kNotFound) return copied;
  // One that never came to run has no log; its end says why.
  if (!any_log_) missing_ = copied.error();
  return ok_status();
}

void JobFollower::tell_standing(const JobView& job) {
  if (job.ended()) return;
  const std::string standing = job.standing();
  if (standing == told_) return;
  told_ = standing;
  // Why it waits is worth telling even where nobody watches.
  const bool waits = job.state == "queued" && !job.reason.empty();
  const std::string line = job.name + ": " + standing;
  if (waits) {
    console_.note(line);
  } else {
    console_.progress(line);
  }
}

void JobFollower::tell_failed_task(const JobView& job) {
  for (const AttemptView& attempt : job.attempts) {
    const bool is_news = attempt.number > told_failure_ && attempt.number <= followed_;
    if (!is_news || !attempt.failed_task.has_value()) continue;
    told_failure_ = attempt.number;
    if (*attempt.failed_task == wish_.task) continue;
    const std::string task = std::to_string(*attempt.failed_task);
    const std::string number = std::to_string(attempt.number);
    console_.note("-- " + job.name + ", attempt " + number + ": task " + task + " failed (" +
                  attempt.failure + "); duru logs " + job.id + " --task " + task + " --attempt " +
                  number + " shows its log");
  }
}

}  // namespace duru::cli
