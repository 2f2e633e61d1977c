#include <memory>

#include "duru/base/clock.h"
#include "duru/cli/context.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/job_watcher.h"
#include "duru/cli/verbs.h"

namespace duru::cli {
namespace {

struct WaitOptions {
  std::string job;
  std::optional<std::string> timeout;
  std::optional<std::string> state;
};

int report_end(Context& context, const WaitOptions& options, const JobView& job) {
  const bool fine = options.state.has_value() ? job.has_reached(*options.state) : job.succeeded();
  if (fine) {
    context.console().progress(job.name + ": " + job.state);
    return kExitOk;
  }
  context.console().note("error: " + job.name + " " + job.ending() + "; duru logs " + job.name +
                         " and duru describe job " + job.name + " tell more");
  return kExitJobFailed;
}

int run_wait(Context& context, const WaitOptions& options) {
  Milliseconds timeout = hours(std::int64_t{24} * 3650);
  if (options.timeout.has_value() && !parse_duration(*options.timeout, timeout)) {
    return context.fail_usage("--timeout: expected a duration like 90s or 1h30m, got \"" +
                              *options.timeout + "\"");
  }
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const std::int64_t end_ms = boottime_ms() + timeout.value;
  JobWatcher watcher(api.value(), context.console(), context.project(), options.job);
  for (std::string told;;) {
    const auto job = watcher.ask();
    if (!job.ok()) return context.fail(job.error());
    if (job.value().ended() ||
        (options.state.has_value() && job.value().has_reached(*options.state))) {
      return report_end(context, options, job.value());
    }
    std::string now = job.value().standing();
    if (now != told) context.console().progress(job.value().name + ": " + now);
    told = std::move(now);
    const Milliseconds left(end_ms - boottime_ms());
    if (left.value <= 0) {
      return context.fail({ErrorCode::kTimeout,
                           "waited " + format_duration(timeout) + " in vain: " + job.value().name +
                               " is " + told + "; duru explain " + options.job +
                               " tells what it waits for",
                           false, false});
    }
    watcher.pause(left);
  }
}

}  // namespace

Verb wait_verb() {
  auto options = std::make_shared<WaitOptions>();
  return {.name = "wait",
          .summary = "Wait for the end of a job, or for a state",
          .examples =
              "  duru wait train\n"
              "  duru wait train --timeout 10m       # exit code 6 if that is too short\n"
              "  duru wait notebook --for running\n",
          .arguments = {naming("jobs", positional("JOB", &options->job, "id or name")),
                        option("--timeout", "DURATION", &options->timeout, "give up after this"),
                        option("--for", "STATE", &options->state, "be content with this state",
                               job_states())},
          .run = [options](Context& context) { return run_wait(context, *options); }};
}

}  // namespace duru::cli
