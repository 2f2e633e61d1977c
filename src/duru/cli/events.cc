#include <boost/json.hpp>
#include <chrono>
#include <memory>
#include <thread>

#include "duru/base/clock.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/job_watcher.h"
#include "duru/cli/json_access.h"
#include "duru/cli/lookup.h"
#include "duru/cli/show.h"
#include "duru/cli/verbs.h"
#include "duru/http/sse.h"

// events: what the workloads of the field reported; -f goes on with what comes.
namespace duru::cli {
namespace {

constexpr std::int64_t kLastShown = 20;
constexpr std::int64_t kPage = 500;

struct EventsOptions {
  std::string node;
  std::string fleet;
  std::string since;
  std::optional<std::int64_t> limit;
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
                               const std::string& order, const std::string& beyond,
                               std::int64_t limit) {
  const auto body = api.get("/v1/events" + query_of({{"node", options.node},
                                                     {"fleet", options.fleet},
                                                     {"since", options.since},
                                                     {"order", order},
                                                     {"limit", std::to_string(limit)},
                                                     {"continue", beyond}}));
  if (!body.ok()) return body.error();
  return parse_answer(body.value());
}

// A node or a fleet that is not there reports nothing, and never will under a name that is wrong.
// One that is gone may have left events.
Status expect_source(Context& context, ApiClient& api, const EventsOptions& options) {
  for (const auto& [kind, name] :
       {std::pair("node", &options.node), std::pair("fleet", &options.fleet)}) {
    if (name->empty()) continue;
    const auto found = find_object(api, *find_kind_info(kind), context.project(), *name);
    if (!found.ok()) return found.error();
  }
  return ok_status();
}

// What there is, then what comes: a watch stream, taken up again where it broke off.
class Events {
 public:
  Events(Context& context, ApiClient& api, const EventsOptions& options)
      : context_(context), api_(api), options_(options) {}

  // The newest of them, the oldest of those first.
  Status show_last() {
    const bool all = options_.follow || !options_.since.empty();
    const auto answer =
        ask(api_, options_, "newest", "", options_.limit.value_or(all ? kPage : kLastShown));
    if (!answer.ok()) return answer.error();
    position_ = text_of(answer.value(), "as_of");
    const auto& items = list_of(answer.value(), "items");
    if (items.empty()) DURU_TRY(expect_source(context_, api_, options_));
    for (auto it = items.rbegin(); it != items.rend(); ++it) show(*it);
    return ok_status();
  }

  int follow() {
    while (context_.console().all_out()) {
      gone_ = false;
      auto answer = listen();
      if (answer.ok() && !answer.value().is_success()) {
        const int status = answer.value().status;
        answer = error_of(read_problem(answer.value()));
        // A server that is full or begins has places later.
        if (status != 503 && status != 429) return context_.fail(answer.error());
        if (gave_up()) return context_.fail(answer.error());
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
      } else if (!answer.ok()) {
        if (answer.error().code != ErrorCode::kUnavailable || gave_up()) {
          return context_.fail(answer.error());
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
      }
      if (!gone_) continue;
      const Status shown = show_missed();
      if (!shown.ok()) return context_.fail(shown.error());
    }
    return kExitOk;
  }

 private:
  bool gave_up() {
    if (heard_) give_up_ms_ = boottime_ms() + JobWatcher::kOutageMax.value;
    heard_ = false;
    return boottime_ms() > give_up_ms_;
  }

  // A stream and a list may both have it.
  void show(const boost::json::value& event) {
    const std::int64_t seq = number_of(event, "seq").value_or(0);
    if (seq <= last_seq_) return;
    last_seq_ = seq;
    context_.console().out(line_of(context_, event));
  }

  // More than the stream's memory holds.
  Status show_missed() {
    for (bool is_first = true, has_more = true; has_more; is_first = false) {
      const auto answer = ask(api_, options_, "oldest", std::to_string(last_seq_), kPage);
      if (!answer.ok()) return answer.error();
      if (is_first) position_ = text_of(answer.value(), "as_of");
      for (const auto& event : list_of(answer.value(), "items")) show(event);
      has_more = !text_of(answer.value(), "continue").empty();
    }
    return ok_status();
  }

  Result<http::ClientResponse> listen() {
    http::ClientRequest request{
        .method = "GET",
        .target =
            path_of({"v1", "watch"}) +
            query_of({{"kind", "events"}, {"node", options_.node}, {"fleet", options_.fleet}}),
        .headers = {{"Accept", "text/event-stream"}}};
    request.headers.add("Last-Event-ID", position_);
    http::SseParser parser;
    return api_.follow(request, [&](std::string_view bytes) {
      heard_ = true;
      const Status fed = parser.feed(bytes, [&](const http::SseEvent& e) { return take(e); });
      if (!parser.last_event_id().empty()) position_ = parser.last_event_id();
      return fed.ok() && !gone_ && context_.console().all_out();
    });
  }

  bool take(const http::SseEvent& event) {
    gone_ = event.event == "gone";
    if (gone_) return false;
    if (const auto object = parse_answer(event.data); object.ok()) show(object.value());
    return context_.console().all_out();
  }

  Context& context_;
  ApiClient& api_;
  const EventsOptions& options_;
  std::string position_;
  std::int64_t last_seq_ = 0;
  bool gone_ = false;
  bool heard_ = true;
  std::int64_t give_up_ms_ = 0;
};

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
  Events events(context, api.value(), options);
  const Status shown = events.show_last();
  if (!shown.ok()) return context.fail(shown.error());
  return options.follow ? events.follow() : kExitOk;
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
                               "all that happened since so long ago; not given: the last 20"),
                        option("--limit", "N", &options->limit,
                               "at most so many of those that there are, the newest")},
          .run = [options](Context& context) { return run_events(context, *options); }};
}

}  // namespace duru::cli
