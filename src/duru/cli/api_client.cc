#include "duru/cli/api_client.h"

#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <random>

#include "duru/cli/json_access.h"
#include "duru/http/target.h"
#include "duru/http/tls.h"

namespace duru::cli {
namespace {

// A log may be silent for as long as its task is.
constexpr Milliseconds kStreamSilenceMax = hours(std::int64_t{24} * 365);

constexpr const char* kCaHelp =
    "--ca FILE, DURU_CA or `ca:` names the CA that signed it: a copy of ca.pem in the server's "
    "data "
    "folder; --name of duru up says for which names the server is";

std::string draw_key() {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::random_device random;
  std::string key = "cli-";
  for (int i = 0; i < 4; ++i) {
    for (unsigned bits = random(), digit = 0; digit < 8; ++digit, bits >>= 4) {
      key += kDigits[bits & 15U];
    }
  }
  return key;
}

// An error of the network, in the words of somebody who looks for a server.
Error network_error(Error error, const ServerLocation& location) {
  if (error.code == ErrorCode::kTimeout || error.code == ErrorCode::kInvalid) {
    error.code = ErrorCode::kUnavailable;
  }
  if (error.code == ErrorCode::kUnavailable) {
    const bool is_disbelieved = error.message.find(http::kNotBelieved) != std::string::npos;
    const std::string help = is_disbelieved ? kCaHelp : location.remedy;
    error.message =
        "the server at " + location.address.url() + " (from " + location.how +
        (is_disbelieved ? ") is not believed: " : ") does not answer: ") + error.message +
        (error.outcome_unknown ? "; it may have acted: duru get jobs shows" : "\nhelp: " + help);
  }
  return error;
}

ErrorCode code_of(const Problem& problem) {
  if (problem.status == 404) return ErrorCode::kNotFound;
  // These are about the request itself, but for what only this fleet cannot run.
  const bool is_malformed = problem.status == 400 || problem.status == 422;
  if (is_malformed && problem.type != "infeasible") return ErrorCode::kInvalid;
  if (problem.status >= 400 && problem.status < 500) return ErrorCode::kDenied;
  return ErrorCode::kUnavailable;
}

Result<std::string> body_or_error(Result<http::ClientResponse> answer) {
  if (!answer.ok()) return answer.error();
  if (!answer.value().is_success()) return error_of(read_problem(answer.value()));
  return std::move(answer.value().body);
}

}  // namespace

Problem read_problem(const http::ClientResponse& response) {
  Problem problem;
  problem.status = response.status;
  const auto parsed = parse_answer(response.body);
  if (!parsed.ok()) {
    problem.detail = "HTTP status " + std::to_string(response.status);
    return problem;
  }
  const boost::json::value& json = parsed.value();
  problem.type = text_of(json, "type");
  problem.title = text_of(json, "title");
  problem.detail = text_of(json, "detail");
  problem.help = text_of(json, "help");
  for (const auto& field : list_of(json, "errors")) {
    problem.fields.push_back({text_of(field, "pointer"), text_of(field, "detail")});
  }
  return problem;
}

Error error_of(const Problem& problem) {
  std::string text = problem.detail.empty() ? problem.title : problem.detail;
  if (text.empty()) text = "HTTP status " + std::to_string(problem.status);
  for (const JsonProblem& field : problem.fields) {
    // The detail has it already.
    if (text.size() >= field.detail.size() &&
        text.compare(text.size() - field.detail.size(), std::string::npos, field.detail) == 0) {
      continue;
    }
    text += "\n  " + field.pointer + (field.pointer.empty() ? "" : ": ") + field.detail;
  }
  // The server's help speaks of HTTP there.
  const std::string help = problem.status == 401
                               ? "give --token, DURU_TOKEN or --data DIR; the token is in DIR/token"
                               : problem.help;
  if (!help.empty()) text += "\nhelp: " + help;
  return {code_of(problem), text, problem.status >= 500, false};
}

ApiClient::ApiClient(ServerLocation location, Locate locate)
    : location_(std::move(location)), locate_(std::move(locate)) {}

http::HttpClient& ApiClient::client(bool for_stream) {
  std::unique_ptr<http::HttpClient>& kept = for_stream ? stream_client_ : client_;
  if (kept == nullptr) {
    http::ClientOptions options;
    if (for_stream) options.silence_max = kStreamSilenceMax;
    if (!location_.token.empty()) {
      options.headers.add("Authorization", "Bearer " + location_.token);
    }
    options.headers.add("User-Agent", "duru-cli");
    options.trust.ca_pem = location_.ca_pem;
    kept = std::make_unique<http::HttpClient>(location_.address, std::move(options));
  }
  return *kept;
}

void ApiClient::look_again() {
  auto found = locate_();
  if (!found.ok()) return;
  location_ = std::move(found.value());
  client_.reset();
  stream_client_.reset();
}

Result<http::ClientResponse> ApiClient::send(http::ClientRequest request) {
  const bool is_post = request.method == "POST";
  if (is_post && request.headers.find("Idempotency-Key") == nullptr) {
    request.headers.add("Idempotency-Key", draw_key());
  }
  auto answer = client(false).send(request);
  if (!answer.ok() && answer.error().code == ErrorCode::kUnavailable) {
    look_again();
    answer = client(false).send(request);
  }
  if (!answer.ok()) return network_error(answer.error(), location_);
  return answer;
}

Result<http::ClientResponse> ApiClient::follow(
    const http::ClientRequest& request, const std::function<bool(std::string_view)>& on_bytes) {
  auto answer = client(true).follow(request, on_bytes);
  if (!answer.ok()) {
    look_again();
    return network_error(answer.error(), location_);
  }
  return answer;
}

Result<std::string> ApiClient::get(const std::string& target) {
  return body_or_error(send({.method = "GET", .target = target}));
}

Result<std::string> ApiClient::post(const std::string& target, std::string json) {
  return body_or_error(send({.method = "POST",
                             .target = target,
                             .headers = {{"Content-Type", "application/json"}},
                             .body = std::move(json)}));
}

Result<std::string> ApiClient::remove(const std::string& target) {
  return body_or_error(send({.method = "DELETE", .target = target}));
}

Status ApiClient::download(const std::string& target, int fd) {
  const http::ClientRequest request{.method = "GET", .target = target};
  auto answer = client(false).download(request, fd);
  if (!answer.ok() && answer.error().code == ErrorCode::kUnavailable) {
    look_again();
    if (::ftruncate(fd, 0) != 0 || ::lseek(fd, 0, SEEK_SET) != 0) {
      return system_error("begin the download again", errno);
    }
    answer = client(false).download(request, fd);
  }
  if (!answer.ok()) return network_error(answer.error(), location_);
  if (!answer.value().is_success()) return error_of(read_problem(answer.value()));
  return ok_status();
}

std::string path_of(const std::vector<std::string>& segments) {
  std::string path;
  for (const std::string& segment : segments) path += "/" + http::percent_encode(segment);
  return path;
}

std::string query_of(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string query;
  for (const auto& [name, value] : items) {
    if (value.empty()) continue;
    query += (query.empty() ? "?" : "&") + name + "=" + http::percent_encode(value);
  }
  return query;
}

}  // namespace duru::cli
