#include <boost/json.hpp>
#include <memory>

#include "duru/cli/exit_code.h"
#include "duru/cli/job_view.h"
#include "duru/cli/json_access.h"
#include "duru/cli/show.h"
#include "duru/cli/verbs.h"

namespace duru::cli {
namespace {

struct Help {
  std::string_view reason;
  std::string_view text;
};

// What a person can do about each reason of the closed list (domain/reason.h).
constexpr Help kHelp[] = {
    {"dependency", "it starts once the jobs in `after` have succeeded; duru get jobs shows them"},
    {"held", "it is held; whoever holds it must release it"},
    {"window", "it may start only in its time window"},
    {"over_quota", "the project is at its limit; end other work of it or ask for more"},
    {"over_budget", "the project's budget is used up; ask for more"},
    {"behind_in_share", "others have used less of their share; it starts when its turn comes"},
    {"priority", "others go first; a higher `priority` or another chip would help"},
    {"no_capacity",
     "wait, ask for less, or allow another chip in `variants`; duru get accelerators shows who "
     "holds what"},
    {"no_capacity_in_domain", "ask for fewer tasks, or let them lie further apart"},
    {"reserved_for", "the accelerators are kept for another job; a shorter time_limit may fit"},
    {"power_cap", "the site is at its power cap; wait, or choose a chip that draws less"},
    {"rate_limited", "the engine is being asked too often; it goes on by itself"},
    {"site_unreachable", "the site does not answer; duru get sites and duru get nodes show more"},
    {"node_draining", "what would fit is cordoned; duru uncordon NODE gives it back"},
    {"starting_backoff", "the last attempt failed; duru describe job shows why"},
    {"quarantined", "this version cannot act on it; its message says why"},
    {"infeasible", "the fleet has shrunk; cancel it, or bring the accelerators back"},
};

std::string help_for(const JobView& job, const std::string& id) {
  if (job.succeeded()) return "";
  if (job.ended()) {
    return (job.attempt_count == 0 ? "" : "duru logs " + id + " shows what it wrote, ") +
           ("duru describe job " + id + " shows all there is");
  }
  if (job.state != "queued") return "duru logs -f " + id + " follows what it writes";
  for (const Help& help : kHelp) {
    if (help.reason == job.reason) return std::string(help.text);
  }
  return "";
}

int explain_job(Context& context, const std::string& name) {
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const auto body = api.value().get(path_of({"v1", "projects", context.project(), "jobs", name}));
  if (!body.ok()) return context.fail(body.error());
  const auto answer = parse_answer(body.value());
  if (!answer.ok()) return context.fail(answer.error());
  const boost::json::value* found = member_of(answer.value(), "job");
  const boost::json::value& object = found == nullptr ? answer.value() : *found;
  if (context.output() == Output::kJson || context.output() == Output::kYaml) {
    show_json(context, object);
    return kExitOk;
  }
  const JobView job = view_of(object);
  std::string text = job.name + " is " + job.state + "\n";
  const auto line = [&](const std::string& label, const std::string& value) {
    if (!value.empty()) text += "  " + label + ": " + printable(value) + "\n";
  };
  line("reason", job.reason);
  line("message", job.message);
  if (const boost::json::value* figures = member_of(object, "figures");
      figures != nullptr && figures->is_object()) {
    for (const auto& [key, value] : figures->get_object()) {
      line(std::string(key.data(), key.size()), scalar_text(value));
    }
  }
  line("until", text_of(object, "until"));
  line("where", job.place);
  if (job.ended()) line("end", job.ending());
  line("what would help", help_for(job, name));
  context.console().out(text);
  return kExitOk;
}

}  // namespace

Verb explain_verb() {
  auto job = std::make_shared<std::string>();
  return {.name = "explain",
          .summary = "Say why a job waits, until when, and what would help",
          .examples = "  duru explain train\n",
          .arguments = {positional("JOB", job.get(), "id or name")},
          .run = [job](Context& context) { return explain_job(context, *job); }};
}

}  // namespace duru::cli
