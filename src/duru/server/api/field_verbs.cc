// What an operator asks of the field: a code for a node, a rollout's pause, resume and stop, the
// end of a node's credential or of a release, and that ephemeral nodes leave.
#include "duru/api/render.h"
#include "duru/base/sha256.h"
#include "duru/server/api/backend.h"
#include "duru/server/api/bodies.h"

namespace duru {
namespace {

constexpr Milliseconds kCodeValidDefault = hours(1);
constexpr std::size_t kCodeLength = 24;  // 120 bits

// With a key it is made of it and of what only this server knows, so that a repetition is answered
// with the same code although nobody keeps it.
std::string make_code(Backend& backend, const http::Request& request) {
  std::string seed = "enrolment\n" + backend.context().token + "\n";
  const std::string* key = request.headers.find("Idempotency-Key");
  seed += key != nullptr ? *key : backend.draw_secret();
  const Digest digest = sha256(seed);
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
  std::string code;
  for (std::size_t i = 0; i < kCodeLength; ++i) code += kAlphabet[digest.bytes[i] & 31];
  return code;
}

void post_enrolment(Backend& backend, const RequestPtr& request, http::Responder responder) {
  std::optional<EnrolmentBody> body = read_body<EnrolmentBody>(*request, responder);
  if (!body.has_value()) return;
  const std::string code = make_code(backend, *request);
  const Digest digest = sha256(code);
  Order order;
  order.status = 201;
  order.command =
      MakeEnrolment{digest, std::move(body->labels), body->valid_for.value_or(kCodeValidDefault)};
  order.answer = [&edge = backend.context().edge_writer, digest](const State&, const Accepted&) {
    return "\"expires_at\":\"" + format_timestamp(edge.state().enrolments.at(digest).valid_until) +
           "\"}";
  };
  // By the fingerprint a node knows this server before it says the code.
  const std::string& fingerprint = backend.context().ca_fingerprint;
  const std::string shown = fingerprint.empty() ? code : code + "." + fingerprint;
  // The code itself is in no journal.
  order.finish = [shown](const std::string& rest) { return "{\"code\":\"" + shown + "\"," + rest; };
  backend.submit(*request, std::move(responder), std::move(order));
}

void steer(Backend& backend, const RequestPtr& request, http::Responder responder,
           SteerAction action) {
  if (!expect_empty_body(*request, responder)) return;
  const RolloutName name(request->parameter("rollout"));
  Order order;
  order.command = SteerRollout{name, action};
  order.answer = [&edge = backend.context().edge_writer, name](const State&, const Accepted&) {
    return to_json(rollout_object(edge.state(), edge.state().rollouts.at(name)));
  };
  backend.submit(*request, std::move(responder), std::move(order));
}

void post_revoke(Backend& backend, const RequestPtr& request, http::Responder responder) {
  std::optional<RevokeBody> body = read_body<RevokeBody>(*request, responder);
  if (!body.has_value()) return;
  const NodeName node(request->parameter("node"));
  Order order;
  order.status = 204;
  order.command = RevokeNode{node, std::move(body->reason), body->remove};
  backend.submit(*request, std::move(responder), std::move(order));
}

void delete_release(Backend& backend, const RequestPtr& request, http::Responder responder) {
  const ReleaseName release(request->parameter("release"));
  backend.submit(*request, std::move(responder), {RemoveRelease{release}, 204, {}, {}});
}

// Level-triggered: asked again, it tells how many are left.
void post_end_nodes(Backend& backend, const RequestPtr& request, http::Responder responder) {
  if (!expect_empty_body(*request, responder)) return;
  AgentEngine& agents = backend.context().agents;
  agents.ask_to_leave();
  responder.send(http::json_response(
      200, "{\"node_count\":" + std::to_string(agents.ephemeral_count()) +
               ",\"staying_count\":" + std::to_string(agents.staying_count()) + "}"));
}

}  // namespace

void add_field_verb_routes(http::Router& router, Backend& backend) {
  const auto add = [&](const char* pattern, auto handle) {
    router.add("POST", pattern,
               [&backend, handle](const RequestPtr& request, http::Responder responder) {
                 handle(backend, request, std::move(responder));
               });
  };
  const auto add_steer = [&](const char* pattern, SteerAction action) {
    add(pattern, [action](Backend& b, const RequestPtr& request, http::Responder responder) {
      steer(b, request, std::move(responder), action);
    });
  };
  add("/v1/enrolments", post_enrolment);
  add_steer("/v1/rollouts/{rollout}/pause", SteerAction::kPause);
  add_steer("/v1/rollouts/{rollout}/resume", SteerAction::kResume);
  add_steer("/v1/rollouts/{rollout}/stop", SteerAction::kStop);
  add("/v1/nodes/{node}/revoke", post_revoke);
  add("/v1/end_nodes", post_end_nodes);
  router.add("DELETE", "/v1/releases/{release}",
             [&backend](const RequestPtr& request, http::Responder responder) {
               delete_release(backend, request, std::move(responder));
             });
}

}  // namespace duru
