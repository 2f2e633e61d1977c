// POST /v1/field/enrol: a node uses its one-time code and tells the digest of its credential. A
// code that the view does not know is refused here, so that guesses cost no decision; what looks
// well is decided by the loop.
#include <algorithm>

#include "duru/api/render.h"
#include "duru/edge/known/known.h"
#include "duru/edge/nodes.h"
#include "duru/field/protocol.h"
#include "duru/server/api/backend.h"

namespace duru {
namespace {

constexpr std::int32_t kAcceleratorsMax = 64;
constexpr std::size_t kCredentialLength = 64;
constexpr int kNamesTried = 20;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::vector<JsonProblem> problems_of(const EnrolRequest& request) {
  std::vector<JsonProblem> problems;
  if (request.code.empty()) problems.push_back({"/code", "is missing"});
  if (request.credential.size() != kCredentialLength || !is_hex(request.credential)) {
    problems.push_back({"/credential", "expected 32 random bytes as 64 hexadecimal digits"});
  }
  // Room for a "-2" at its end.
  if (!request.node.empty() && !is_valid_name(request.node, 59)) {
    problems.push_back({"/node", "expected 1 to 59 of A-Z a-z 0-9 . _ -, a letter or digit first"});
  }
  if (request.accelerators < 0 || request.accelerators > kAcceleratorsMax) {
    problems.push_back({"/accelerators", "expected 0 to 64"});
  }
  if ((request.accelerators > 0) == request.chip.empty()) {
    problems.push_back({"/chip", "expected a chip where there are accelerators, and none else"});
  }
  return problems;
}

// Of the view, at one moment: what the node is to be called, and its chip.
struct Found {
  Rejection bad;  // its code is worth nothing
  NodeName name;
  std::optional<Chip> chip;
};

Found find(const View::Reading& reading, const EdgeState& field, const EnrolRequest& request,
           const std::string& wanted, Timestamp now) {
  Found found;
  const Digest credential = sha256(request.credential);
  found.bad = check_code(field, sha256(request.code), credential, now);
  if (!found.bad.empty()) return found;
  const auto chip = reading.state.chip_by_alias.find(request.chip.str());
  if (chip != reading.state.chip_by_alias.end()) found.chip = reading.state.chips.at(chip->second);
  // A lost answer is asked for again.
  if (const FieldNodeRecord* same = field.node_by(credential)) {
    found.name = same->name;
    return found;
  }
  found.name = NodeName(wanted);
  for (int i = 2; i < kNamesTried && reading.state.nodes.count(found.name) > 0; ++i) {
    found.name = NodeName(wanted + "-" + std::to_string(i));
  }
  return found;
}

EnrolNode command_of(const EnrolRequest& request, Found found, JobId service) {
  EnrolNode command;
  command.code = sha256(request.code);
  command.credential = sha256(request.credential);
  command.service = service;
  command.node.name = std::move(found.name);
  command.node.cpu = request.cpu;
  command.node.memory = request.memory;
  if (found.chip.has_value()) {
    for (std::int32_t i = 0; i < request.accelerators; ++i) {
      command.node.accelerators.push_back({i, found.chip->name, request.emulated, ""});
    }
    command.chips.push_back(std::move(*found.chip));
  }
  return command;
}

std::string answer_of(Backend& backend, const Digest& credential) {
  return backend.context().view.read([&](const View::Reading& reading) {
    const EdgeState& field = backend.context().edge.state();
    const FieldNodeRecord* node = field.node_by(credential);
    if (node == nullptr) return std::string();  // removed in this very moment
    const FieldKnown known = known_of(reading.state, field, *node);
    backend.context().agents.expect(node->name, known.heartbeat);
    return to_json(EnrolReply{node->name.str(), reading.state.installation,
                              backend.context().signer.public_key, known.heartbeat});
  });
}

void post_enrol(Backend& backend, const RequestPtr& request, http::Responder responder) {
  std::optional<EnrolRequest> body = read_body<EnrolRequest>(*request, responder);
  if (!body.has_value()) return;
  const std::vector<JsonProblem> problems = problems_of(*body);
  if (!problems.empty()) {
    responder.send(bad_body_response(problems));
    return;
  }
  const JobId service = backend.draw_job_id();
  const std::string wanted = body->node.empty() ? "node-" + service.str().substr(10) : body->node;
  Found found = backend.context().view.read([&](const View::Reading& reading) {
    return find(reading, backend.context().edge.state(), *body, wanted,
                backend.context().clock.now());
  });
  if (!found.bad.empty()) {
    responder.send(rejection_response(found.bad));
    return;
  }
  if (!body->chip.empty() && !found.chip.has_value()) {
    responder.send(rejection_response(
        {"unknown-chip", "there is no chip \"" + body->chip.str() + "\" in the catalogue",
         "duru get chips lists it", "/chip"}));
    return;
  }
  const Digest credential = sha256(body->credential);
  CommandRequest command;
  command.principal = "enrolment";
  command.command = command_of(*body, std::move(found), service);
  command.reply = [&backend, responder, credential](const Reply& reply) mutable {
    const bool accepted = reply.kind == Reply::Kind::kAccepted;
    responder.send(accepted ? http::json_response(200, answer_of(backend, credential))
                            : rejection_response(reply.rejection));
  };
  backend.context().loop.submit(std::move(command));
}

}  // namespace

void add_field_enrol_route(http::Router& router, Backend& backend) {
  router.add("POST", "/v1/field/enrol",
             [&backend](const RequestPtr& request, http::Responder responder) {
               post_enrol(backend, request, std::move(responder));
             },
             {.body_bytes_max = kEnrolBytesMax});
}

}  // namespace duru
