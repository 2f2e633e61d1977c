#include "duru/server/api/answers.h"

#include <utility>

namespace duru {
namespace {

http::Problem problem(int status, std::string type, std::string title, std::string detail,
                      const std::string& help) {
  http::Problem made;
  made.status = status;
  made.type = std::move(type);
  made.title = std::move(title);
  made.detail = std::move(detail);
  if (!help.empty()) made.extensions.emplace_back("help", http::json_quoted(help));
  return made;
}

std::string title_of(const std::string& type) {
  std::string title = type;
  for (char& c : title) {
    if (c == '-') c = ' ';
  }
  if (!title.empty() && title[0] >= 'a' && title[0] <= 'z') {
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
  }
  return title;
}

}  // namespace

int status_of(const Rejection& rejection) {
  if (rejection.type == "not-found") return 404;
  for (const char* conflict :
       {"name-taken", "id-taken", "already-ended", "node-in-use", "not-a-session",
        "dependency-failed", "infeasible", "unsupported", "queue-full", "immutable",
        "rollout-in-flight", "unsuitable-chip", "release-in-use"}) {
    if (rejection.type == conflict) return 409;
  }
  if (rejection.type == "revoked") return 401;
  if (rejection.type == "enrolment-invalid" || rejection.type == "enrolment-expired") return 403;
  return 422;
}

http::Response rejection_response(const Rejection& rejection) {
  http::Problem made = problem(status_of(rejection), rejection.type, title_of(rejection.type),
                               rejection.detail, rejection.help);
  if (!rejection.pointer.empty()) made.errors.push_back({rejection.pointer, rejection.detail});
  return http::problem_response(made);
}

http::Response bad_body_response(const std::vector<JsonProblem>& problems) {
  http::Problem made =
      problem(400, "malformed-body", "Malformed body", "the body is not what is expected here", "");
  if (problems.size() == 1) {
    const std::string at = problems[0].pointer.empty() ? "the body" : problems[0].pointer;
    made.detail = at + ": " + problems[0].detail;
  }
  for (const JsonProblem& p : problems) made.errors.push_back({p.pointer, p.detail});
  return http::problem_response(made);
}

http::Response bad_request_response(std::string detail, std::string help) {
  return http::problem_response(
      problem(400, "malformed-request", "Malformed request", std::move(detail), help));
}

http::Response not_found_response(std::string detail, std::string help) {
  return http::problem_response(problem(404, "not-found", "Not found", std::move(detail), help));
}

http::Response error_response(const Error& error) {
  switch (error.code) {
    case ErrorCode::kExhausted:
      return http::problem_response(
          problem(507, "storage-full", "Storage full", error.message, "free some space"));
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
      return http::problem_response(
          problem(503, "unavailable", "Unavailable", error.message, "try again"));
    case ErrorCode::kDamaged:
      return http::problem_response(problem(500, "damaged", "Damaged", error.message,
                                            "restart the server: what can be is made again"));
    default:
      return http::problem_response(problem(500, "internal", "Internal error", error.message, ""));
  }
}

std::string list_json(const std::vector<std::string>& items, const std::string& as_of,
                      const std::optional<std::string>& continue_at) {
  std::size_t bytes = 64 + as_of.size();
  for (const std::string& item : items) bytes += item.size() + 1;
  std::string out;
  out.reserve(bytes);
  out += "{\"items\":[";
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ',';
    out += items[i];
  }
  out += "],\"as_of\":";
  write_json_string(as_of, out);
  out += ",\"continue\":";
  if (continue_at.has_value()) {
    write_json_string(*continue_at, out);
  } else {
    out += "null";
  }
  return out + "}";
}

}  // namespace duru
