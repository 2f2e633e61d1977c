#include <memory>

#include "duru/cli/exit_code.h"
#include "duru/cli/show.h"
#include "duru/cli/verbs.h"

// cancel and extend: one request about one job.
namespace duru::cli {
namespace {

int post_about_job(Context& context, const std::string& job, const std::string& action,
                   const std::string& body, const std::string& sentence) {
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const auto answer =
      api.value().post(path_of({"v1", "projects", context.project(), "jobs", job, action}), body);
  if (!answer.ok()) return context.fail(answer.error());
  return show_done(context, *find_kind_info("job"), answer.value(), sentence);
}

int extend(Context& context, const std::string& job, const std::string& by) {
  Milliseconds span;
  if (!parse_duration(by, span) || span.value <= 0) {
    return context.fail_usage("--by: expected a duration like 1h or 30m, got \"" + by + "\"");
  }
  return post_about_job(context, job, "extend", "{\"by\":\"" + format_duration(span) + "\"}",
                        "extended " + job + " by " + format_duration(span) +
                            "; duru describe job " + job + " shows its end");
}

}  // namespace

Verb cancel_verb() {
  auto job = std::make_shared<std::string>();
  return {.name = "cancel",
          .summary = "End a job; what runs of it is stopped",
          .examples = "  duru cancel train\n  duru cancel ahkzmq3f7yq2a4bc\n",
          .arguments = {naming_unfinished(positional("JOB", job.get(), "id or name"))},
          .run = [job](Context& context) {
            return post_about_job(
                context, *job, "cancel", "{}",
                "cancelling " + *job + "; duru wait " + *job + " waits for its end");
          }};
}

Verb extend_verb() {
  struct Options {
    std::string job;
    std::string by;
  };
  auto options = std::make_shared<Options>();
  Argument by = option("--by", "DURATION", &options->by, "how much later its lease ends");
  by.required = true;
  return {
      .name = "extend",
      .summary = "Let a session end later",
      .examples = "  duru extend notebook --by 1h\n",
      .arguments = {naming_unfinished(positional("JOB", &options->job, "id or name of a session")),
                    by},
      .run = [options](Context& context) { return extend(context, options->job, options->by); }};
}

}  // namespace duru::cli
