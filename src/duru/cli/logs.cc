#include <memory>

#include "duru/cli/context.h"
#include "duru/cli/exit_code.h"
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

// The job once it has an attempt; at once if nobody wants to wait for one.
Result<JobView> job_with_attempt(Context& context, ApiClient& api, const LogsOptions& options) {
  JobWatcher watcher(api, context.console(), context.project(), options.job);
  for (std::string told;;) {
    auto job = watcher.ask();
    if (!job.ok() || job.value().attempt_count > 0) return job;
    if (!options.follow || job.value().ended()) return job;
    if (std::string now = job.value().standing(); now != told) {
      told = std::move(now);
      context.console().progress(options.job + ": " + told);
    }
    watcher.pause();
  }
}

int run_logs(Context& context, const LogsOptions& options) {
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const auto job = job_with_attempt(context, api.value(), options);
  if (!job.ok()) return context.fail(job.error());
  if (job.value().attempt_count == 0) {
    context.console().note(options.job + " has no log, it never started: " +
                           (job.value().ended() ? job.value().ending() : job.value().standing()) +
                           "; duru explain " + options.job + " tells more");
    return kExitOk;
  }
  const std::int64_t attempt = options.attempt.value_or(job.value().attempt_count);
  if (!context.options().no_headers) {
    context.console().note("-- " + job.value().name + ", attempt " + std::to_string(attempt) +
                           (job.value().place.empty() ? "" : ", " + job.value().place));
  }
  const Status copied = copy_log(api.value(), context.console(),
                                 {.project = context.project(),
                                  .job = job.value().id,
                                  .attempt = attempt,
                                  .task = options.task.value_or(0),
                                  .follow = options.follow});
  return copied.ok() ? kExitOk : context.fail(copied.error());
}

}  // namespace

Verb logs_verb() {
  auto options = std::make_shared<LogsOptions>();
  return {
      .name = "logs",
      .summary = "Show what a task of a job wrote",
      .examples =
          "  duru logs train\n"
          "  duru logs -f train                  # as it grows, to its end\n"
          "  duru logs train --task 3 --attempt 1\n",
      .arguments = {positional("JOB", &options->job, "id or name"),
                    flag("-f,--follow", &options->follow, "wait for the start; go on to the end"),
                    option("--task", "N", &options->task, "which task, from 0; default: 0"),
                    option("--attempt", "N", &options->attempt, "default: the last one")},
      .run = [options](Context& context) { return run_logs(context, *options); }};
}

}  // namespace duru::cli
