#include <boost/json.hpp>
#include <memory>

#include "duru/cli/exit_code.h"
#include "duru/cli/json_access.h"
#include "duru/cli/show.h"
#include "duru/cli/usage_text.h"
#include "duru/cli/verbs.h"

namespace duru::cli {
namespace {

struct UsageOptions {
  std::string from;
  std::string to;
  bool all_projects = false;
};

Status check_time(const char* flag, const std::string& text) {
  Timestamp time;
  if (text.empty() || parse_timestamp(text, time)) return ok_status();
  return Error{
      ErrorCode::kInvalid,
      std::string(flag) + ": expected a time like 2026-11-24T22:00:00Z, got \"" + text + "\"",
      false, false};
}

int run_usage(Context& context, const UsageOptions& options) {
  for (const Status& status :
       {check_time("--from", options.from), check_time("--to", options.to)}) {
    if (!status.ok()) return context.fail(status.error());
  }
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const std::string project = options.all_projects ? "" : context.project();
  const auto body = api.value().get(
      "/v1/usage" + query_of({{"from", options.from}, {"to", options.to}, {"project", project}}));
  if (!body.ok()) return context.fail(body.error());
  const auto answer = parse_answer(body.value());
  if (!answer.ok()) return context.fail(answer.error());
  if (context.output() == Output::kJson) {
    context.console().out(body.value() + (body.value().back() == '\n' ? "" : "\n"));
  } else if (context.output() == Output::kYaml) {
    show_json(context, answer.value());
  } else {
    context.console().out(usage_text(answer.value(), context.output() == Output::kWide,
                                     !context.options().no_headers));
  }
  return kExitOk;
}

}  // namespace

Verb usage_verb() {
  auto options = std::make_shared<UsageOptions>();
  return {.name = "usage",
          .summary = "The bill: where the fleet's time went, and what each job took",
          .examples =
              "  duru usage\n"
              "  duru usage --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z\n"
              "  duru usage --all-projects -o json\n",
          .arguments = {option("--from", "TIME", &options->from, "default: the beginning"),
                        option("--to", "TIME", &options->to, "default: now"),
                        flag("--all-projects", &options->all_projects, "not only the project's")},
          .run = [options](Context& context) { return run_usage(context, *options); }};
}

}  // namespace duru::cli
