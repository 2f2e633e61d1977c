#include <boost/json.hpp>
#include <memory>

#include "duru/cli/exit_code.h"
#include "duru/cli/explain_help.h"
#include "duru/cli/job_view.h"
#include "duru/cli/json_access.h"
#include "duru/cli/show.h"
#include "duru/cli/verbs.h"

namespace duru::cli {
namespace {

constexpr int kChainMax = 100;  // a chain that is longer is told as far as that

const boost::json::value& object_of(const boost::json::value& detail) {
  const boost::json::value* job = member_of(detail, "job");
  return job == nullptr ? detail : *job;
}

Result<boost::json::value> ask(ApiClient& api, const std::string& project, const std::string& job) {
  const auto body = api.get(path_of({"v1", "projects", project, "jobs", job}));
  if (!body.ok()) return body.error();
  return parse_answer(body.value());
}

// Of the jobs that this one comes after, one that holds it up: it did not succeed, or not yet.
std::optional<boost::json::value> blocker_of(ApiClient& api, const std::string& project,
                                             const boost::json::value& detail) {
  const bool ended = view_of(detail).ended();
  for (const auto& id : list_of(detail, "after")) {
    auto found = ask(api, project, scalar_text(id));
    if (!found.ok()) continue;
    const JobView job = view_of(found.value());
    if (!job.succeeded() && job.ended() == ended) return std::move(found.value());
  }
  return std::nullopt;
}

// The job at the beginning of a chain of dependencies: the one that waits or failed by itself.
std::optional<boost::json::value> first_of_chain(ApiClient& api, const std::string& project,
                                                 const boost::json::value& detail) {
  std::optional<boost::json::value> first;
  for (int length = 0; length < kChainMax; ++length) {
    const boost::json::value& last = first.has_value() ? *first : detail;
    if (view_of(last).reason != "dependency") break;
    auto next = blocker_of(api, project, last);
    if (!next.has_value()) break;
    first = std::move(next);
  }
  return first;
}

std::string explanation(const boost::json::value& object,
                        const std::optional<boost::json::value>& first) {
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
  if (first.has_value()) {
    const JobView cause = view_of(*first);
    line(job.ended() ? "root cause" : "it all waits for",
         cause.name + " " + (cause.ended() ? cause.ending() : "is " + cause.standing()));
  }
  line("what would help", help_for(first.has_value() ? object_of(*first) : object));
  return text;
}

int explain_job(Context& context, const std::string& name) {
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const auto detail = ask(api.value(), context.project(), name);
  if (!detail.ok()) return context.fail(detail.error());
  const boost::json::value& object = object_of(detail.value());
  if (context.output() == Output::kJson || context.output() == Output::kYaml) {
    show_json(context, object);
    return kExitOk;
  }
  const auto first = first_of_chain(api.value(), context.project(), detail.value());
  context.console().out(explanation(object, first));
  return kExitOk;
}

}  // namespace

Verb explain_verb() {
  auto job = std::make_shared<std::string>();
  return {.name = "explain",
          .summary = "Say why a job waits, until when, and what would help",
          .examples = "  duru explain train\n",
          .arguments = {naming("jobs", positional("JOB", job.get(), "id or name"))},
          .run = [job](Context& context) { return explain_job(context, *job); }};
}

}  // namespace duru::cli
