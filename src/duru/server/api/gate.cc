#include "duru/server/api/gate.h"

#include <cstdint>
#include <cstring>
#include <utility>

#include "duru/http/problem.h"

namespace duru {
namespace {

// Whoever has the token is the operator; projects with members of their own come later.
constexpr const char* kOperator = "operator";
constexpr std::string_view kNodePrefix = "node/";

// In a time that does not tell how much of it was right.
bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
  }
  return difference == 0;
}

std::optional<std::string_view> bearer_of(const http::Request& request) {
  const std::string* given = request.headers.find("Authorization");
  constexpr std::string_view kBearer = "Bearer ";
  if (given == nullptr || given->size() < kBearer.size()) return std::nullopt;
  const std::string_view text = *given;
  if (!http::equal_ignoring_case(text.substr(0, kBearer.size()), kBearer)) return std::nullopt;
  return text.substr(kBearer.size());
}

bool is_of_field(const http::Request& request) {
  const auto& segments = request.segments;
  return segments.size() > 2 && segments[0] == "v1" && segments[1] == "field";
}

std::uint64_t id_of(const Digest& digest) {
  std::uint64_t id = 0;
  std::memcpy(&id, digest.raw().data(), sizeof(id));
  return id;
}

// Found by its SHA-256, so that the time of the search tells nothing of the credential.
std::optional<http::Response> admit_node(const View& view, const EdgeModule& edge,
                                         http::Request& request) {
  const std::optional<std::string_view> credential = bearer_of(request);
  if (credential.has_value()) {
    const Digest digest = sha256(*credential);
    const auto [name, revoked] = view.read([&](const View::Reading&) {
      const FieldNodeRecord* node = edge.state().node_by(digest);
      return node == nullptr ? std::pair(NodeName(), false) : std::pair(node->name, node->revoked);
    });
    if (revoked) {
      return unauthorized_response(
          "revoked", "the credential of node " + name.str() + " was revoked",
          "to become a node again it takes duru-agent unenrol, or a new folder, and a new code");
    }
    if (!name.empty()) {
      request.caller = std::make_shared<const std::string>(std::string(kNodePrefix) + name.str());
      request.many_id = id_of(digest);
      return std::nullopt;
    }
  }
  return unauthorized_response("unauthorized", "the request bears no credential of a node",
                               "enrol the node; it draws its credential and sends it from then on");
}

}  // namespace

http::Response unauthorized_response(std::string type, std::string detail, std::string help) {
  http::Response response =
      http::problem_response({.status = 401,
                              .type = std::move(type),
                              .title = "Unauthorized",
                              .detail = std::move(detail),
                              .extensions = {{"help", http::json_quoted(help)}}});
  response.headers.add("WWW-Authenticate", "Bearer");
  return response;
}

NodeName node_of_caller(const http::Request& request) {
  const std::string& principal = *static_cast<const std::string*>(request.caller.get());
  return NodeName(principal.substr(kNodePrefix.size()));
}

http::Gate make_gate(const ApiContext& context) {
  const auto caller = std::make_shared<const std::string>(kOperator);
  return [&view = context.view, &edge = context.edge, token = context.token,
          caller](http::Request& request) -> std::optional<http::Response> {
    if (request.path == "/healthz" || request.path == "/readyz") return std::nullopt;
    if (is_of_field(request)) {
      request.is_one_of_many = true;
      // A new node has nothing but its code, in the body.
      if (request.segments.size() == 3 && request.segments[2] == "enrol") return std::nullopt;
      return admit_node(view, edge, request);
    }
    const std::optional<std::string_view> given = bearer_of(request);
    if (token.empty() || !given.has_value() || !same_secret(*given, token)) {
      return unauthorized_response("unauthorized", "the request bears no token, or a wrong one",
                                   "send Authorization: Bearer TOKEN; a local server's token is in "
                                   "its data folder");
    }
    request.caller = caller;
    return std::nullopt;
  };
}

}  // namespace duru
