#include <algorithm>
#include <boost/json.hpp>
#include <deque>
#include <memory>

#include "duru/cli/columns.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/job_times.h"
#include "duru/cli/job_view.h"
#include "duru/cli/json_access.h"
#include "duru/cli/lookup.h"
#include "duru/cli/show.h"
#include "duru/cli/verbs.h"
#include "duru/cli/watch.h"

namespace duru::cli {
namespace {

struct GetOptions {
  std::string kind;
  std::optional<std::string> name;
  bool watch = false;
  std::optional<std::string> state;
  std::optional<std::string> fleet;
  std::optional<std::int64_t> limit;
};

int get_one(Context& context, ApiClient& api, const KindInfo& kind, const std::string& name) {
  if (kind.has_single) {
    const auto body = api.get(single_path(kind, context.project(), name));
    if (!body.ok()) return context.fail(body.error());
    const auto answer = parse_answer(body.value());
    if (!answer.ok()) return context.fail(answer.error());
    // Of a job the server tells all there is; `get` shows what it shows in a list.
    if (kind.singular == "job" && is_table(context.output())) {
      show_object(context, kind, with_last_times(answer.value()));
    } else {
      show_object(context, kind, listed_of(kind, answer.value()));
    }
    return kExitOk;
  }
  const auto body = api.get(list_path(kind, context.project()));
  if (!body.ok()) return context.fail(body.error());
  const auto answer = parse_answer(body.value());
  if (!answer.ok()) return context.fail(answer.error());
  std::vector<const boost::json::value*> found;
  for (const auto& item : list_of(answer.value(), "items")) {
    if (is_named(kind, item, name)) found.push_back(&item);
  }
  if (found.empty()) return context.fail(no_such(kind, name));
  // A job has many attempts: they are a list still.
  if (kind.singular == "attempt") {
    boost::json::array items;
    for (const boost::json::value* item : found) items.push_back(*item);
    show_list(context, kind, json_text(boost::json::object{{"items", items}}), found);
  } else {
    show_object(context, kind, *found.front());
  }
  return kExitOk;
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// Jobs come newest first; those of one submission, of one time, are shown in its order.
void order_within_submissions(std::vector<const boost::json::value*>& jobs) {
  for (auto begin = jobs.begin(); begin != jobs.end();) {
    const std::string time = text_of(**begin, "submitted_at");
    const auto end = std::find_if(begin, jobs.end(), [&](const boost::json::value* job) {
      return text_of(*job, "submitted_at") != time;
    });
    std::reverse(begin, end);
    begin = end;
  }
}

// They come newest first in the order in which they were recorded, which is not that of their
// times.
void order_by_time(std::vector<const boost::json::value*>& events) {
  std::stable_sort(events.begin(), events.end(), [](const auto* a, const auto* b) {
    return text_of(*a, "at") > text_of(*b, "at");
  });
}

int get_list(Context& context, ApiClient& api, const KindInfo& kind, const GetOptions& options) {
  const std::string limit = options.limit.has_value() ? std::to_string(*options.limit) : "";
  const auto body = api.get(list_path(kind, context.project()) +
                            query_of({{"limit", limit},
                                      {"state", options.state.value_or("")},
                                      {"fleet", options.fleet.value_or("")}}));
  if (!body.ok()) return context.fail(body.error());
  const auto answer = parse_answer(body.value());
  if (!answer.ok()) return context.fail(answer.error());
  std::deque<boost::json::value> rows;
  std::vector<const boost::json::value*> items;
  for (const auto& item : list_of(answer.value(), "items")) {
    const bool wants_times = kind.singular == "job" && is_table(context.output());
    rows.push_back(wants_times ? with_last_times(api, context.project(), item) : item);
    items.push_back(&rows.back());
  }
  if (kind.singular == "job") order_within_submissions(items);
  if (kind.singular == "event") order_by_time(items);
  if (options.fleet.has_value() && items.empty()) {
    const KindInfo& fleets = *find_kind_info("fleet");
    const auto fleet = find_object(api, fleets, context.project(), *options.fleet);
    if (!fleet.ok()) return context.fail(fleet.error());
  }
  show_list(context, kind, body.value(), items);
  if (!text_of(answer.value(), "continue").empty()) {
    context.console().note("there are more; --limit N shows more of them");
  }
  return kExitOk;
}

int run_get(Context& context, const GetOptions& options) {
  const KindInfo& kind = *find_kind_info(options.kind);
  if (options.state.has_value() && kind.singular != "job") {
    return context.fail_usage("--state is for jobs");
  }
  if (options.fleet.has_value() && kind.singular != "node") {
    return context.fail_usage("--fleet is for nodes");
  }
  const bool narrows =
      options.state.has_value() || options.limit.has_value() || options.fleet.has_value();
  if (narrows && (options.watch || options.name.has_value())) {
    return context.fail_usage("--state, --fleet and --limit narrow a list; they do not go with " +
                              std::string(options.watch ? "--watch" : "NAME"));
  }
  if (options.watch && !kind.watchable) {
    return context.fail_usage(kind.plural + " cannot be watched; they change only at a start");
  }
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  const std::string name = without_kind(kind, options.name.value_or(""));
  if (options.watch) return watch(context, api.value(), kind, name);
  if (options.name.has_value()) return get_one(context, api.value(), kind, name);
  if (!options.fleet.has_value()) return get_list(context, api.value(), kind, options);
  KindInfo of_fleet = kind;
  of_fleet.columns = fleet_node_columns();
  return get_list(context, api.value(), of_fleet, options);
}

}  // namespace

Verb get_verb() {
  auto options = std::make_shared<GetOptions>();
  Argument state =
      option("--state", "STATE,...", &options->state,
             "only jobs in this state, or these: " + listed(job_states()), job_states());
  state.several = true;
  return {.name = "get",
          .summary = "List jobs, nodes, rollouts and the other kinds, or one of them",
          .examples =
              "  duru get jobs\n"
              "  duru get jobs --state queued -o wide\n"
              "  duru get job train -o json\n"
              "  duru get nodes --watch\n"
              "  duru get nodes --fleet cameras        # what each should serve, and what it does\n"
              "  duru cancel $(duru get jobs --state running -o name | head -1)\n",
          .arguments = {positional("KIND", &options->kind,
                                   "jobs, attempts, nodes, accelerators, chips, sites, fleets, "
                                   "releases, rollouts or events",
                                   kind_names()),
                        naming("KIND", optional_positional("NAME", &options->name,
                                                           "a name; of a job also its id")),
                        flag("-w,--watch", &options->watch, "go on and show every change"), state,
                        option("--fleet", "FLEET", &options->fleet,
                               "only nodes of this fleet, each with what it serves"),
                        option("--limit", "N", &options->limit, "at most so many")},
          .run = [options](Context& context) { return run_get(context, *options); }};
}

}  // namespace duru::cli
