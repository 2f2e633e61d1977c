#include <algorithm>
#include <exception>
#include <utility>

#include "duru/http/connection.h"
#include "duru/http/faults.h"

namespace duru::http {

void Connection::accept_head() {
  ++context_.counters.requests;
  state_ = State::kBody;
  waits_since_ = std::chrono::steady_clock::now();
  MessageHead& head = parser_->head();
  is_head_request_ = head.method == "HEAD";
  is_http10_ = head.version == 10;
  close_after_ = !head.keep_alive;
  request_ = std::make_shared<Request>();
  request_->remote = remote_;
  auto target = parse_target(head.target);
  if (!target) return refuse(bad_target());
  request_->method = std::move(head.method);
  request_->path = std::move(target->path);
  request_->segments = std::move(target->segments);
  request_->query = std::move(target->query);
  request_->headers = std::move(head.headers);
  if (passes_gate() && takes_place() && find_route() && open_body()) invite_body();
}

bool Connection::passes_gate() {
  if (!context_.gate) return true;
  std::optional<Response> refusal;
  try {
    refusal = context_.gate(*request_);
  } catch (const std::exception&) {
    refusal = problem_response(handler_failed());
  }
  if (!refusal) return true;
  ++context_.counters.requests_refused;
  // Of the many none stays whom the gate does not know.
  if (request_->is_one_of_many || seat_.kind == Places::Kind::kKept) close_after_ = true;
  send_response(*std::move(refusal));
  return false;
}

// By its first request; the rule is in server.h. In a kept place it stays there to its end.
bool Connection::takes_place() {
  const HttpLimits& limits = context_.limits;
  if (seat_.kind == Places::Kind::kKept) {
    if (!request_->many_id) close_after_ = true;
    return true;
  }
  if (!request_->is_one_of_many) return true;
  if (request_->many_id && context_.places.keep(*this, *request_->many_id, limits)) {
    ++context_.counters.connections_kept;
    return true;
  }
  close_after_ = true;
  const std::size_t many_max =
      limits.connections_max - std::min(limits.connections_reserved, limits.connections_max);
  if (context_.places.many() >= many_max && !context_.make_room(true)) {
    ++context_.counters.connections_refused;
    refuse(too_many_connections(many_max));
    return false;
  }
  context_.places.pass_as_one_of_many(*this);
  return true;
}

bool Connection::find_route() {
  RouteMatch match = context_.router.find(request_->method, request_->segments);
  if (match.route != nullptr) {
    route_ = match.route;
    request_->route = route_->pattern;
    request_->parameters = std::move(match.parameters);
    return true;
  }
  if (match.allow.empty()) {
    refuse(not_found(request_->path));
    return false;
  }
  Response response = problem_response(method_not_allowed(request_->method, match.allow));
  response.headers.add("Allow", std::move(match.allow));
  ++context_.counters.requests_refused;
  send_response(std::move(response));
  return false;
}

bool Connection::open_body() {
  const RouteOptions& options = route_->options;
  const bool to_file = !options.upload_folder.empty();
  body_bytes_max_ = options.body_bytes_max != 0 ? options.body_bytes_max
                    : to_file                   ? context_.limits.upload_bytes_max
                                                : context_.limits.body_bytes_max;
  if (parser_->head().content_length.value_or(0) > body_bytes_max_) {
    refuse(body_too_large(body_bytes_max_));
    return false;
  }
  if (!to_file) return true;
  auto upload = Upload::create(options.upload_folder);
  if (!upload.ok()) {
    refuse(upload_failed(upload.error()));
    return false;
  }
  upload_.emplace(std::move(upload.value()));
  return true;
}

}  // namespace duru::http
