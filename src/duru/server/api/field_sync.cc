// POST /v1/field/sync: a node says how it stands and is told what to do. A mere heartbeat is
// answered here and never reaches the loop; news are answered once they are durable.
#include <algorithm>

#include "duru/base/json.h"
#include "duru/edge/known/known.h"
#include "duru/field/protocol.h"
#include "duru/server/api/backend.h"
#include "duru/server/api/gate.h"

namespace duru {
namespace {

constexpr std::size_t kBootIdMax = 64;
constexpr std::size_t kNameMax = 64;
constexpr std::size_t kDetailMax = 1000;
constexpr Milliseconds kAgeMax = hours(24 * 3650);
constexpr std::int64_t kCounterMax = 1'000'000'000'000'000;

void check_text(const std::string& text, std::size_t max, const char* pointer,
                std::vector<JsonProblem>& problems) {
  if (text.size() > max) {
    problems.push_back({pointer, "longer than " + std::to_string(max) + " bytes"});
  }
}

void check_span(Milliseconds span, const std::string& pointer, std::vector<JsonProblem>& problems) {
  if (span.value < 0 || span > kAgeMax) problems.push_back({pointer, "expected 0 to 10 years"});
}

void check_events(const SyncRequest& request, std::vector<JsonProblem>& problems) {
  if (request.events.size() > kEventsPerSync) {
    problems.push_back({"/events", "more than " + std::to_string(kEventsPerSync)});
    return;
  }
  std::int64_t last = 0;
  for (std::size_t i = 0; i < request.events.size(); ++i) {
    const EventReport& event = request.events[i];
    const std::string at = "/events/" + std::to_string(i);
    if (event.number <= last) problems.push_back({at + "/number", "not above the one before"});
    last = event.number;
    if (event.body.size() > kEventBytesMax || !is_json_object(event.body)) {
      problems.push_back({at + "/body", "expected one JSON object of at most " +
                                            std::to_string(kEventBytesMax) + " bytes"});
    }
    if (event.age.has_value()) check_span(*event.age, at + "/age", problems);
    if (event.dropped_before < 0) problems.push_back({at + "/dropped_before", "is negative"});
  }
}

std::vector<JsonProblem> problems_of(const SyncRequest& request) {
  std::vector<JsonProblem> problems;
  check_text(request.boot_id, kBootIdMax, "/boot_id", problems);
  check_text(request.serving, kNameMax, "/serving", problems);
  check_text(request.detail, kDetailMax, "/detail", problems);
  check_text(request.agent_version, kNameMax, "/agent_version", problems);
  check_span(request.uptime, "/uptime", problems);
  check_events(request, problems);
  if (request.revision < 0) problems.push_back({"/revision", "is negative"});
  return problems;
}

// What a node counted wrongly, from a probe's output, say, shall not cost it its link.
void clamp_counters(FieldCounters& counters) {
  for (std::int64_t* count :
       {&counters.up.value, &counters.inferences, &counters.restarts, &counters.events_dropped}) {
    *count = std::clamp<std::int64_t>(*count, 0, kCounterMax);
  }
}

// Nothing: the node was removed or revoked in this very moment.
std::optional<FieldKnown> read_known(Backend& backend, const NodeName& name) {
  return backend.context().view.read([&](const View::Reading& reading) {
    const EdgeState& field = backend.context().edge.state();
    const FieldNodeRecord* node = field.node(name);
    if (node == nullptr || node->revoked) return std::optional<FieldKnown>();
    return std::optional(known_of(reading.state, field, *node));
  });
}

http::Response revoked(const NodeName& node) {
  return unauthorized_response(
      "revoked", "the credential of node " + node.str() + " was revoked",
      "to become a node again it takes duru-agent unenrol, or a new folder, and a new code");
}

SyncReply reply_to(Backend& backend, const NodeName& node, const FieldKnown& known,
                   bool counts_anew) {
  SyncReply reply = backend.context().agents.reply_to(node, known);
  if (counts_anew) reply.counters = known.counters;
  return reply;
}

void answer(Backend& backend, http::Responder responder, const NodeName& node, bool counts_anew) {
  const std::optional<FieldKnown> known = read_known(backend, node);
  responder.send(known.has_value() ? http::json_response(
                                         200, to_json(reply_to(backend, node, *known, counts_anew)))
                                   : revoked(node));
}

void submit_news(Backend& backend, http::Responder responder, ReportField report,
                 std::string principal, bool counts_anew) {
  const auto shared = std::make_shared<const ReportField>(std::move(report));
  CommandRequest command;
  command.principal = std::move(principal);
  command.command = *shared;
  command.reply = [&backend, responder, shared, counts_anew](const Reply& reply) mutable {
    if (reply.kind != Reply::Kind::kAccepted) {
      responder.send(reply.rejection.type == "revoked" ? revoked(shared->node)
                                                       : rejection_response(reply.rejection));
      return;
    }
    backend.context().agents.took(*shared);
    answer(backend, std::move(responder), shared->node, counts_anew);
  };
  backend.context().loop.submit(std::move(command));
}

void post_sync(Backend& backend, const RequestPtr& request, http::Responder responder) {
  std::optional<SyncRequest> body = read_body<SyncRequest>(*request, responder);
  if (!body.has_value()) return;
  const std::vector<JsonProblem> problems = problems_of(*body);
  if (!problems.empty()) {
    responder.send(bad_body_response(problems));
    return;
  }
  clamp_counters(body->counters);
  AgentEngine& agents = backend.context().agents;
  if (!agents.ready()) {
    // Nobody is told to run nothing because we do not know yet.
    responder.send(
        error_response({ErrorCode::kUnavailable, "the server has not recovered yet", true, false}));
    return;
  }
  const NodeName node = node_of_caller(*request);
  const std::optional<FieldKnown> known = read_known(backend, node);
  if (!known.has_value()) {
    responder.send(revoked(node));
    return;
  }
  if (std::optional<ReportField> news = agents.on_sync(node, *body, *known)) {
    return submit_news(backend, std::move(responder), std::move(*news),
                       *static_cast<const std::string*>(request->caller.get()), body->counts_anew);
  }
  responder.send(
      http::json_response(200, to_json(reply_to(backend, node, *known, body->counts_anew))));
}

}  // namespace

void add_field_sync_route(http::Router& router, Backend& backend) {
  router.add("POST", "/v1/field/sync",
             [&backend](const RequestPtr& request, http::Responder responder) {
               post_sync(backend, request, std::move(responder));
             },
             {.body_bytes_max = kSyncBytesMax});
}

}  // namespace duru
