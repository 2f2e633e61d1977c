#include <memory>

#include "duru/cli/context.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/job_follower.h"
#include "duru/cli/job_log.h"
#include "duru/cli/job_watcher.h"
#include "duru/cli/verbs.h"

namespace duru::cli {
namespace {

struct LogsOptions {
  std::string job;
  bool follow = false;
  std::optional<std::int64_t> task;
  std::optional<std::int64_t> attempt;
};

int tell_never_started(Context& context, const JobView& job) {
  context.console().note(
      job.name + " has no log, it never started: " + (job.ended() ? job.ending() : job.standing()) +
      "; duru explain " + job.name + " tells more");
  return kExitOk;
}

const AttemptView* find_attempt(const JobView& job, std::int64_t number) {
  for (const AttemptView& attempt : job.attempts) {
    if (attempt.number == number) return &attempt;
  }
  return nullptr;
}

// What there is of one attempt. Without --task it is the task that failed, if one did.
int show(Context& context, ApiClient& api, const JobView& job, const LogsOptions& options) {
  const std::int64_t number = options.attempt.value_or(job.attempt_count);
  const AttemptView* attempt = find_attempt(job, number);
  std::int64_t task = options.task.value_or(0);
  std::string why;
  if (!options.task.has_value() && attempt != nullptr && attempt->failed_task.has_value()) {
    task = *attempt->failed_task;
    if (job.tasks > 1) why = "; it failed: " + attempt->failure;
  }
  if (!context.options().no_headers) {
    context.console().note(attempt_header(job, number, task) + why);
  }
  const Status copied = copy_log(api, context.console(),
                                 {.project = context.project(),
                                  .job = job.id,
                                  .attempt = number,
                                  .task = task,
                                  .follow = false});
  return copied.ok() ? kExitOk : context.fail(copied.error());
}

// Who followed it to its end is told how it failed.
void tell_failure(Context& context, const JobView& job) {
  if (job.ended() && !job.succeeded()) context.console().note(job.name + " " + job.ending());
}

int follow(Context& context, ApiClient& api, const JobView& job, const LogsOptions& options) {
  JobFollower follower(api, context.console(),
                       {.project = context.project(),
                        .job = job.id,
                        .task = options.task.value_or(0),
                        .from_newest = true,
                        .only_attempt = options.attempt,
                        .headers = !context.options().no_headers});
  const auto last = follower.run();
  if (!last.ok()) return context.fail(last.error());
  if (follower.missing().has_value()) return context.fail(*follower.missing());
  if (last.value().attempt_count == 0) return tell_never_started(context, last.value());
  tell_failure(context, last.value());
  const bool came = options.attempt.value_or(1) <= last.value().attempt_count;
  return came ? kExitOk : show(context, api, last.value(), options);  // the server says why not
}

int run_logs(Context& context, const LogsOptions& options) {
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const auto job = JobWatcher(api.value(), context.console(), context.project(), options.job).ask();
  if (!job.ok()) return context.fail(job.error());
  if (options.follow && !job.value().ended()) {
    return follow(context, api.value(), job.value(), options);
  }
  if (job.value().attempt_count == 0) return tell_never_started(context, job.value());
  const int code = show(context, api.value(), job.value(), options);
  if (options.follow) tell_failure(context, job.value());
  return code;
}

}  // namespace

Verb logs_verb() {
  auto options = std::make_shared<LogsOptions>();
  return {.name = "logs",
          .summary = "Show what a task of a job wrote",
          .examples =
              "  duru logs train\n"
              "  duru logs -f train                  # as it grows, over all attempts, to the end\n"
              "  duru logs train --task 3 --attempt 1\n",
          .arguments = {naming("jobs", positional("JOB", &options->job, "id or name")),
                        flag("-f,--follow", &options->follow,
                             "wait for the start; go on until the job is over"),
                        option("--task", "N", &options->task,
                               "which task, from 0; default: the one that failed, else 0"),
                        option("--attempt", "N", &options->attempt, "default: the last one")},
          .run = [options](Context& context) { return run_logs(context, *options); }};
}

}  // namespace duru::cli
