#include <boost/json.hpp>
#include <memory>

#include "duru/cli/columns.h"
#include "duru/cli/describe_text.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/job_view.h"
#include "duru/cli/json_access.h"
#include "duru/cli/lookup.h"
#include "duru/cli/rollout_text.h"
#include "duru/cli/show.h"
#include "duru/cli/verbs.h"

namespace duru::cli {
namespace {

struct DescribeOptions {
  std::string kind;
  std::string name;
};

constexpr std::size_t kNamedMax = 20;  // one request each

// The jobs that it comes after by their names too; those that are gone keep their id alone.
boost::json::value with_names(ApiClient& api, const std::string& project,
                              const boost::json::value& detail) {
  boost::json::object named = detail.get_object();
  boost::json::array after;
  for (const auto& item : list_of(detail, "after")) {
    std::string text = scalar_text(item);
    if (after.size() < kNamedMax) {
      const auto body = api.get(path_of({"v1", "projects", project, "jobs", text}));
      const auto answer = parse_answer(body.ok() ? body.value() : "");
      if (answer.ok()) text = view_of(answer.value()).name + " (" + text + ")";
    }
    after.emplace_back(text);
  }
  named["after"] = std::move(after);
  return named;
}

int run_describe(Context& context, const DescribeOptions& options) {
  const KindInfo& kind = *find_kind_info(options.kind);
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const auto object =
      find_object(api.value(), kind, context.project(), without_kind(kind, options.name));
  if (!object.ok()) return context.fail(object.error());
  if (context.output() == Output::kJson || context.output() == Output::kYaml) {
    show_json(context, object.value());
  } else if (context.output() == Output::kName) {
    show_object(context, kind, listed_of(kind, object.value()));
  } else if (kind.singular == "job" && object.value().is_object()) {
    const auto named = with_names(api.value(), context.project(), object.value());
    context.console().out(describe_job(named, context.console().colored()));
  } else if (kind.singular == "rollout") {
    context.console().out(describe_rollout(object.value(), context.console().colored()));
  } else {
    context.console().out(describe_fields(object.value()));
  }
  return kExitOk;
}

}  // namespace

Verb describe_verb() {
  auto options = std::make_shared<DescribeOptions>();
  return {.name = "describe",
          .summary = "Show all there is about one thing",
          .examples =
              "  duru describe job train\n"
              "  duru describe node NODE\n"
              "  duru describe chip h100\n"
              "  duru describe rollout smoke-2-to-all\n"
              "  duru describe accelerator NODE/0 -o yaml\n",
          .arguments = {positional("KIND", &options->kind,
                                   "job, attempt, node, accelerator, chip, site, fleet, release or "
                                   "rollout",
                                   kind_names()),
                        naming("KIND",
                               positional("NAME", &options->name, "a name; of a job also its id"))},
          .run = [options](Context& context) { return run_describe(context, *options); }};
}

}  // namespace duru::cli
