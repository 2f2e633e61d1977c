#include <boost/json.hpp>
#include <chrono>
#include <memory>
#include <thread>

#include "duru/base/clock.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/json_access.h"
#include "duru/cli/show.h"
#include "duru/cli/verbs.h"

// events: what the workloads of the field reported; -f goes on with what comes.
namespace duru::cli {
namespace {

constexpr std::chrono::seconds kAskEvery(1);
constexpr const char* kLastShown = "20";
constexpr const char* kPage = "500";

struct EventsOptions {
  std::string node;
  std::string fleet;
  std::string since;
  bool follow = false;
};

// One line an event, so that what follows fits below what was.
std::string line_of(Context& context, const boost::json::value& event) {
  if (context.output() == Output::kJson) return json_text(event) + "\n";
  const boost::json::value* body = member_of(event, "body");
  return text_of(event, "at") + "  " + printable(text_of(event, "node")) + "  " +
         text_of(event, "number") + "  " +
         printable(body == nullptr ? std::string() : json_text(*body)) + "\n";
}

Result<boost::json::value> ask(ApiClient& api, const EventsOptions& options,
                               const std::string& order, const std::string& beyond) {
  const bool all = options.follow || !options.since.empty();
  const auto body = api.get("/v1/events" + query_of({{"node", options.node},
                                                     {"fleet", options.fleet},
                                                     {"since", options.since},
                                                     {"order", order},
                                                     {"limit", all ? kPage : kLastShown},
                                                     {"continue", beyond}}));
  if (!body.ok()) return body.error();
  return parse_answer(body.value());
}

// The newest of them, the oldest of those first; `last` becomes the number to go on from.
Status show_last(Context& context, ApiClient& api, const EventsOptions& options,
                 std::string& last) {
  const auto answer = ask(api, options, "newest", "");
  if (!answer.ok()) return answer.error();
  const auto& items = list_of(answer.value(), "items");
  last = items.empty() ? "0" : text_of(items.front(), "seq");
  for (auto it = items.rbegin(); it != items.rend(); ++it) {
    context.console().out(line_of(context, *it));
  }
  return ok_status();
}

Status show_new(Context& context, ApiClient& api, const EventsOptions& options, std::string& last) {
  const auto answer = ask(api, options, "oldest", last);
  if (!answer.ok()) return answer.error();
  for (const auto& event : list_of(answer.value(), "items")) {
    context.console().out(line_of(context, event));
    last = text_of(event, "seq");
  }
  return ok_status();
}

int run_events(Context& context, EventsOptions options) {
  if (!options.since.empty()) {
    Milliseconds ago;
    if (!parse_duration(options.since, ago)) {
      return context.fail_usage("--since: expected a duration like 1h, got \"" + options.since +
                                "\"");
    }
    options.since = format_timestamp(wall_time() - ago);
  }
  auto api = context.connect();
  if (!api.ok()) return context.fail(api.error());
  std::string last;
  const Status shown = show_last(context, api.value(), options, last);
  if (!shown.ok()) return context.fail(shown.error());
  while (options.follow && context.console().all_out()) {
    std::this_thread::sleep_for(kAskEvery);
    const Status more = show_new(context, api.value(), options, last);
    if (!more.ok()) return context.fail(more.error());
  }
  return kExitOk;
}

}  // namespace

Verb events_verb() {
  auto options = std::make_shared<EventsOptions>();
  return {.name = "events",
          .summary = "Show what the workloads of the field reported",
          .examples =
              "  duru events --node cam-3\n"
              "  duru events -f --fleet cameras\n"
              "  duru events --since 1h -o json\n",
          .arguments = {flag("-f,--follow", &options->follow, "go on with what comes"),
                        option("--node", "NODE", &options->node, "only of this node"),
                        option("--fleet", "FLEET", &options->fleet, "only of this fleet"),
                        option("--since", "DURATION", &options->since,
                               "all that happened since so long ago; not given: the last 20")},
          .run = [options](Context& context) { return run_events(context, *options); }};
}

}  // namespace duru::cli
