// GET /v1/events: what the workloads of the field reported.
#include <charconv>

#include "duru/server/api/backend.h"
#include "duru/server/api/event_json.h"
#include "duru/server/api/query.h"

namespace duru {
namespace {

constexpr EnumName kOrders[] = {{0, "newest"}, {1, "oldest"}};

void answer(Backend& backend, http::Responder responder, HistoryEventsQuery query) {
  const std::size_t limit = query.limit++;  // one more tells whether there is more
  const std::string as_of = backend.context().view.read([&](const View::Reading& reading) {
    return backend.context().watch.position(reading.state, reading.applied_seq);
  });
  const Result<std::vector<HistoryEvent>> events = backend.context().history.events(query);
  if (!events.ok()) {
    responder.send(error_response(events.error()));
    return;
  }
  std::vector<std::string> items;
  for (const HistoryEvent& event : events.value()) {
    if (items.size() < limit) items.push_back(event_json(event));
  }
  std::optional<std::string> more;
  if (events.value().size() > limit) more = std::to_string(events.value()[limit - 1].seq);
  responder.send(http::json_response(200, list_json(items, as_of, more)));
}

void get_events(Backend& backend, const RequestPtr& request, http::Responder responder) {
  QueryReader reader(request->query);
  HistoryEventsQuery query;
  query.node = reader.text("node");
  query.fleet = reader.text("fleet");
  query.since = reader.time("since");
  query.limit = reader.limit();
  for (const std::int64_t order : reader.enums("order", kOrders)) query.oldest_first = order == 1;
  if (const std::string at = reader.text("continue"); !at.empty()) {
    std::int64_t seq = 0;
    const auto [stop, error] = std::from_chars(at.data(), at.data() + at.size(), seq);
    if (error != std::errc() || stop != at.data() + at.size()) {
      reader.fault("continue is not a place in this list",
                   "give it as the last page did, or the seq of an event");
    }
    query.beyond = seq;
  }
  if (auto bad = reader.problem({"node", "fleet", "since", "limit", "continue", "order"})) {
    responder.send(*bad);
    return;
  }
  backend.files().add([&backend, responder, query = std::move(query)]() mutable {
    answer(backend, std::move(responder), std::move(query));
  });
}

}  // namespace

void add_field_events_route(http::Router& router, Backend& backend) {
  router.add("GET", "/v1/events", [&backend](const RequestPtr& request, http::Responder responder) {
    get_events(backend, request, std::move(responder));
  });
}

}  // namespace duru
