#include "duru/server/api/backend.h"

#include <sys/random.h>

#include <algorithm>

#include "duru/base/sha256.h"

namespace duru {
namespace {

constexpr std::size_t kIdempotencyKeyMax = 255;

bool is_usable_key(std::string_view key) {
  return !key.empty() && key.size() <= kIdempotencyKeyMax &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// One request is another's repetition only if all of this is the same.
Digest digest_of(const http::Request& request) {
  Sha256 hash;
  hash.update(request.method);
  hash.update("\n");
  hash.update(request.path);
  hash.update("\n");
  hash.update(request.body);
  return hash.finish();
}

http::Response key_problem(int status, std::string type, std::string detail, std::string help) {
  http::Problem problem;
  problem.status = status;
  problem.type = std::move(type);
  problem.title = "Idempotency key";
  problem.detail = std::move(detail);
  problem.extensions.emplace_back("help", http::json_quoted(help));
  return http::problem_response(problem);
}

http::Response answer_to(const Reply& reply, int status, bool has_body) {
  switch (reply.kind) {
    case Reply::Kind::kAccepted: {
      http::Response response = http::json_response(has_body ? status : 204, reply.answer);
      if (reply.replayed) response.headers.add("Idempotent-Replayed", "true");
      return response;
    }
    case Reply::Kind::kRejected:
      return rejection_response(reply.rejection);
    case Reply::Kind::kKeyReused:
      return key_problem(422, "idempotency-key-reused",
                         "this Idempotency-Key was used with another request",
                         "draw a new key for each new request");
    case Reply::Kind::kInFlight:
      return key_problem(409, "idempotency-key-in-flight",
                         "the first request with this Idempotency-Key is not answered yet",
                         "try again in a moment");
  }
  return error_response({ErrorCode::kInternal, "an answer of an unknown kind", false, false});
}

void draw(void* bytes, std::size_t size) {
  while (::getrandom(bytes, size, 0) != static_cast<ssize_t>(size)) {
  }
}

}  // namespace

Backend::Backend(ApiContext context) : context_(std::move(context)), logs_(context_) {}

void Backend::submit(const http::Request& request, http::Responder responder, Order order) {
  CommandRequest command;
  const bool keyed = request.method == "POST";
  if (const std::string* key = request.headers.find("Idempotency-Key"); key != nullptr && keyed) {
    if (!is_usable_key(*key)) {
      responder.send(bad_request_response("the Idempotency-Key is not usable",
                                          "1 to 255 printable characters without spaces"));
      return;
    }
    command.idempotency_key = *key;
    command.request_digest = digest_of(request);
  }
  if (request.caller != nullptr) {
    command.principal = *static_cast<const std::string*>(request.caller.get());
  }
  command.command = std::move(order.command);
  const bool has_body = static_cast<bool>(order.answer);
  if (has_body) {
    command.answer = [&writer = context_.writer, answer = std::move(order.answer)](
                         const Accepted& accepted) { return answer(writer.state(), accepted); };
  }
  command.reply = [responder, status = order.status, has_body, adjust = std::move(order.adjust),
                   finish = std::move(order.finish)](Reply reply) mutable {
    if (reply.kind == Reply::Kind::kRejected && adjust) adjust(reply.rejection);
    if (reply.kind == Reply::Kind::kAccepted && finish) reply.answer = finish(reply.answer);
    responder.send(answer_to(reply, status, has_body));
  };
  context_.loop.submit(std::move(command));
}

JobId Backend::draw_job_id() const {
  std::uint32_t random = 0;
  draw(&random, sizeof random);
  return make_id<JobId>(context_.clock.now().value, random);
}

std::string Backend::draw_secret() const {
  std::string bytes(32, '\0');
  draw(bytes.data(), bytes.size());
  return bytes;
}

LinkOf Backend::link_of() {
  return [&agents = context_.agents](const NodeName& node) {
    const NodeLink link = agents.link(node);
    return LinkText{std::string(link_name(link.state)), link.heard_at};
  };
}

std::function<http::HttpCounters()> Backend::counters() {
  const std::lock_guard lock(counters_mutex_);
  return counters_;
}

void Backend::set_counters(std::function<http::HttpCounters()> counters) {
  const std::lock_guard lock(counters_mutex_);
  counters_ = std::move(counters);
}

void Backend::stop() {
  context_.watch.stop();
  logs_.stop();
  files_.stop();
  accounts_.stop();
  uploads_.stop();
}

bool expect_empty_body(const http::Request& request, http::Responder& responder) {
  std::string text = request.body;
  text.erase(std::remove_if(text.begin(), text.end(),
                            [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }),
             text.end());
  if (text.empty() || text == "{}") return true;
  responder.send(bad_body_response({{"", "expected an empty object, {}"}}));
  return false;
}

std::optional<std::string> project_of(const http::Request& request, http::Responder& responder) {
  const std::string& project = request.parameter("project");
  if (is_valid_name(project)) return project;
  responder.send(not_found_response("there is no project \"" + project + "\"",
                                    "the first project is default"));
  return std::nullopt;
}

}  // namespace duru
