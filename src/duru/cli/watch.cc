#include "duru/cli/watch.h"

#include <boost/json.hpp>
#include <chrono>
#include <thread>

#include "duru/base/clock.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/job_times.h"
#include "duru/cli/job_watcher.h"
#include "duru/cli/json_access.h"
#include "duru/cli/yaml_text.h"
#include "duru/http/sse.h"

namespace duru::cli {
namespace {

class Watch {
 public:
  Watch(Context& context, ApiClient& api, const KindInfo& kind, std::string name)
      : context_(context), api_(api), kind_(kind), name_(std::move(name)) {}

  int run() {
    for (bool list_first = true;;) {
      if (list_first) {
        const Status listed = list();
        if (!listed.ok()) return context_.fail(listed.error());
      }
      gone_ = false;
      const auto answer = follow();
      if (!context_.console().all_out()) return kExitJobFailed;
      if (answer.ok() && !answer.value().is_success()) {
        return context_.fail(error_of(read_problem(answer.value())));
      }
      if (!answer.ok()) {
        if (answer.error().code != ErrorCode::kUnavailable || gave_up()) {
          return context_.fail(answer.error());
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
      }
      list_first = gone_;
    }
  }

 private:
  bool gave_up() {
    if (heard_) give_up_ms_ = boottime_ms() + JobWatcher::kOutageMax.value;
    heard_ = false;
    return boottime_ms() > give_up_ms_;
  }

  Status list() {
    const auto body = api_.get(list_path(kind_, context_.project()));
    if (!body.ok()) return body.error();
    const auto answer = parse_answer(body.value());
    if (!answer.ok()) return answer.error();
    last_id_ = text_of(answer.value(), "as_of");
    std::vector<const boost::json::value*> items;
    for (const auto& item : list_of(answer.value(), "items")) items.push_back(&item);
    show(items);
    heard_ = true;
    return ok_status();
  }

  Result<http::ClientResponse> follow() {
    http::ClientRequest request{
        .method = "GET",
        .target = path_of({"v1", "watch"}) +
                  query_of({{"kind", kind_.plural}, {"project", context_.project()}}),
        .headers = {{"Accept", "text/event-stream"}}};
    if (!last_id_.empty()) request.headers.add("Last-Event-ID", last_id_);
    http::SseParser parser;
    auto answer = api_.follow(request, [&](std::string_view bytes) {
      heard_ = true;
      const Status fed = parser.feed(bytes, [&](const http::SseEvent& e) { return take(e); });
      return fed.ok() && !gone_ && context_.console().all_out();
    });
    return answer;
  }

  bool take(const http::SseEvent& event) {
    if (!event.id.empty()) last_id_ = event.id;
    if (event.event == "gone") {
      gone_ = true;
      return false;
    }
    const auto object = parse_answer(event.data);
    if (!object.ok()) return true;
    if (event.event == "deleted") {
      if (is_named(kind_, object.value(), name_) || name_.empty()) {
        context_.console().progress("deleted " + text_of(object.value(), "name"));
      }
      return true;
    }
    show({&object.value()});
    return context_.console().all_out();
  }

  void show(const std::vector<const boost::json::value*>& objects) {
    Table table = empty_table(kind_, context_.output());
    for (const boost::json::value* object : objects) {
      if (!name_.empty() && !is_named(kind_, *object, name_)) continue;
      switch (context_.output()) {
        case Output::kJson:
          context_.console().out(json_text(*object) + "\n");
          break;
        case Output::kYaml:
          context_.console().out("---\n" + to_yaml(*object));
          break;
        case Output::kName:
          context_.console().out(name_of(kind_, *object) + "\n");
          break;
        case Output::kTable:
        case Output::kWide:
          add_row(table, kind_, context_.output(), row_of(*object), wall_time());
          break;
      }
    }
    if (table.empty()) return;
    const bool headers = !headers_shown_ && !context_.options().no_headers;
    headers_shown_ = true;
    context_.console().out(table.text(headers, context_.console().colored(), widths_));
  }

  boost::json::value row_of(const boost::json::value& object) {
    return kind_.singular == "job" ? with_last_times(api_, context_.project(), object) : object;
  }

  Context& context_;
  ApiClient& api_;
  const KindInfo& kind_;
  const std::string name_;
  std::string last_id_;
  bool gone_ = false;
  bool heard_ = false;
  bool headers_shown_ = false;
  std::vector<std::size_t> widths_;  // of the table so far
  std::int64_t give_up_ms_ = 0;
};

}  // namespace

int watch(Context& context, ApiClient& api, const KindInfo& kind, const std::string& name) {
  return Watch(context, api, kind, name).run();
}

}  // namespace duru::cli
