// GET /v1/watch: the door to the watch hub.
#include "duru/server/api/backend.h"
#include "duru/server/api/query.h"

namespace duru {
namespace {

constexpr EnumName kKinds[] = {
    {static_cast<std::int64_t>(WatchKind::kJobs), "jobs"},
    {static_cast<std::int64_t>(WatchKind::kNodes), "nodes"},
    {static_cast<std::int64_t>(WatchKind::kAccelerators), "accelerators"},
    {static_cast<std::int64_t>(WatchKind::kAttempts), "attempts"},
    {static_cast<std::int64_t>(WatchKind::kFleets), "fleets"},
    {static_cast<std::int64_t>(WatchKind::kReleases), "releases"},
    {static_cast<std::int64_t>(WatchKind::kRollouts), "rollouts"},
    {static_cast<std::int64_t>(WatchKind::kEvents), "events"}};

void get_watch(Backend& backend, const RequestPtr& request, http::Responder responder) {
  QueryReader query(request->query);
  WatchRequest watch;
  for (const std::int64_t kind : query.enums("kind", kKinds)) {
    watch.kinds.insert(static_cast<WatchKind>(kind));
  }
  if (watch.kinds.empty()) {
    query.fault("kind is missing",
                "give kind=jobs, attempts, nodes, accelerators, fleets, releases, rollouts or "
                "events, or several");
  }
  watch.project = query.text("project");
  watch.node = query.text("node");
  watch.fleet = query.text("fleet");
  watch.last_event_id = request->headers.get("Last-Event-ID");
  if (auto bad = query.problem({"kind", "project", "node", "fleet"})) {
    responder.send(*bad);
    return;
  }
  http::StreamHead head;
  head.content_type = "text/event-stream";
  head.headers.add("Cache-Control", "no-store");
  backend.context().watch.subscribe(responder.stream(std::move(head)), std::move(watch));
}

}  // namespace

void add_watch_route(http::Router& router, Backend& backend) {
  router.add("GET", "/v1/watch", [&backend](const RequestPtr& request, http::Responder responder) {
    get_watch(backend, request, std::move(responder));
  });
}

}  // namespace duru
