#include "duru/server/api/api.h"

#include <filesystem>

#include "duru/server/api/backend.h"

namespace duru {
namespace {

// Whoever has the token is the operator; projects with members of their own come later.
constexpr const char* kOperator = "operator";

// In a time that does not tell how much of it was right.
bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
  }
  return difference == 0;
}

bool bears(const http::Request& request, const std::string& token) {
  const std::string* given = request.headers.find("Authorization");
  constexpr std::string_view kBearer = "Bearer ";
  if (given == nullptr || given->size() < kBearer.size() || token.empty()) return false;
  const std::string_view text = *given;
  return http::equal_ignoring_case(text.substr(0, kBearer.size()), kBearer) &&
         same_secret(text.substr(kBearer.size()), token);
}

http::Response unauthorized() {
  http::Response response = http::problem_response(
      {.status = 401,
       .type = "unauthorized",
       .title = "Unauthorized",
       .detail = "the request bears no token, or a wrong one",
       .extensions = {{"help", http::json_quoted("send Authorization: Bearer TOKEN; a local "
                                                 "server's token is in its data folder")}}});
  response.headers.add("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace

Api::Api(ApiContext context) : backend_(std::make_shared<Backend>(std::move(context))) {
  std::error_code error;  // an upload says so if the folder is not there
  const std::string incoming = backend_->context().data_dir + "/incoming";
  std::filesystem::remove_all(incoming, error);  // what a crash left
  std::filesystem::create_directories(incoming, error);
  std::filesystem::permissions(incoming, std::filesystem::perms::owner_all, error);
  backend_->context().watch.start(backend_->context().view);
}

Api::~Api() { stop(); }

http::Router Api::router() {
  http::Router router;
  add_system_routes(router, *backend_);
  add_submit_route(router, *backend_);
  add_job_routes(router, *backend_);
  add_job_verb_routes(router, *backend_);
  add_log_route(router, *backend_);
  add_fleet_routes(router, *backend_);
  add_node_verb_routes(router, *backend_);
  add_usage_route(router, *backend_);
  add_artifact_routes(router, *backend_);
  add_watch_route(router, *backend_);
  return router;
}

http::Gate Api::gate() const {
  const auto caller = std::make_shared<const std::string>(kOperator);
  return [token = backend_->context().token,
          caller](http::Request& request) -> std::optional<http::Response> {
    if (request.path == "/healthz" || request.path == "/readyz") return std::nullopt;
    if (!bears(request, token)) return unauthorized();
    request.caller = caller;
    return std::nullopt;
  };
}

void Api::set_counters(std::function<http::HttpCounters()> counters) {
  backend_->set_counters(std::move(counters));
}

void Api::stop() { backend_->stop(); }

}  // namespace duru
