#include "duru/http/problem.h"

#include <fmt/format.h>

namespace duru::http {
namespace {

// The length of the UTF-8 character at the front of `text`, 0 if it is broken, overlong, a
// surrogate or beyond U+10FFFF.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!continues(1) || !continues(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;
    if (first == 0xED && byte(1) >= 0xA0) return 0;
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (first == 0xF0 && byte(1) < 0x90) return 0;
    if (first == 0xF4 && byte(1) >= 0x90) return 0;
    return 4;
  }
  return 0;
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      if (static_cast<unsigned char>(c) < 0x20) {
        out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
      } else {
        out += c;
      }
  }
}

}  // namespace

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
    } else if (length == 1) {
      append_escaped(out, text.front());
      text.remove_prefix(1);
    } else {
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return out += '"';
}

std::string problem_json(const Problem& problem) {
  std::string out = fmt::format(
      R"({{"type":{},"title":{},"status":{})", json_quoted(problem.type),
      json_quoted(problem.title.empty() ? reason_phrase(problem.status) : problem.title),
      problem.status);
  if (!problem.detail.empty()) out += ",\"detail\":" + json_quoted(problem.detail);
  if (!problem.errors.empty()) {
    out += ",\"errors\":[";
    for (std::size_t i = 0; i < problem.errors.size(); ++i) {
      const FieldProblem& error = problem.errors[i];
      out += fmt::format(R"({}{{"pointer":{},"detail":{}}})", i == 0 ? "" : ",",
                         json_quoted(error.pointer), json_quoted(error.detail));
    }
    out += ']';
  }
  for (const auto& [name, json] : problem.extensions) out += "," + json_quoted(name) + ":" + json;
  return out += '}';
}

Response problem_response(const Problem& problem) {
  Response response;
  response.status = problem.status;
  response.headers.add("Content-Type", "application/problem+json");
  response.body = problem_json(problem);
  return response;
}

}  // namespace duru::http
