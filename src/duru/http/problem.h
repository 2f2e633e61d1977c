// An error as the API tells it: RFC 9457, application/problem+json.
//
//   responder.send(problem_response({.status = 422, .type = "invalid-job", .title = "Invalid job",
//                                    .detail = "tasks must be at least 1",
//                                    .errors = {{"/tasks", "must be at least 1"}}}));
//
// Guarantee: the document is valid JSON in valid UTF-8 whatever bytes the texts hold (broken UTF-8
// becomes U+FFFD). `type` is a stable slug that callers may switch on; title and detail are for
// people.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "duru/http/response.h"

namespace duru::http {

struct FieldProblem {
  std::string pointer;  // a JSON pointer into the request's body, "/items/0/tasks"
  std::string detail;
};

struct Problem {
  int status = 500;
  std::string type = "internal";
  std::string title = {};
  std::string detail = {};
  std::vector<FieldProblem> errors = {};
  std::vector<std::pair<std::string, std::string>> extensions = {};  // name, value as JSON text
};

std::string problem_json(const Problem& problem);
Response problem_response(const Problem& problem);

// `text` in quotes, escaped.
std::string json_quoted(std::string_view text);

}  // namespace duru::http
