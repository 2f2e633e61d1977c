#include "duru/http/faults.h"

#include <fmt/format.h>

namespace duru::http {

Problem parse_problem(ParseFault fault, std::string_view text, const HttpLimits& limits) {
  Problem problem{.status = 400, .type = "malformed-request", .title = "Malformed HTTP request"};
  problem.detail = std::string(text);
  switch (fault) {
    case ParseFault::kVersion:
      problem.status = 505;
      problem.type = "http-version";
      problem.title = "HTTP version not supported";
      problem.detail = "The request line must end in HTTP/1.1 or HTTP/1.0.";
      break;
    case ParseFault::kTargetTooLong:
      problem.status = 414;
      problem.type = "target-too-long";
      problem.title = "Request target too long";
      problem.detail =
          fmt::format("The path and query may have {} bytes.", limits.target_bytes_max);
      break;
    case ParseFault::kHeadersTooLarge:
      problem.status = 431;
      problem.type = "headers-too-large";
      problem.title = "Request header too large";
      problem.detail = fmt::format("The request line and header fields may have {} bytes together.",
                                   limits.header_bytes_max);
      break;
    case ParseFault::kTransferEncoding:
      problem.status = 501;
      problem.type = "unknown-transfer-coding";
      problem.title = "Unknown transfer coding";
      break;
    case ParseFault::kAmbiguousLength:
      problem.type = "ambiguous-length";
      problem.title = "The length of the body is ambiguous";
      break;
    case ParseFault::kBadHost:
      problem.type = "bad-host";
      problem.title = "Bad Host field";
      break;
    case ParseFault::kNone:
    case ParseFault::kMalformed:
    case ParseFault::kCutOff:
      break;
  }
  return problem;
}

Problem bad_target() {
  return {.status = 400,
          .type = "bad-target",
          .title = "Bad request target",
          .detail =
              "The target must be an absolute path; escapes must be two hexadecimal digits, "
              "and no segment may be '.' or '..'."};
}

Problem tls_needed() {
  return {.status = 400,
          .type = "tls-needed",
          .title = "HTTPS is needed",
          .detail =
              "This port speaks HTTPS. What was sent came in clear and was not read; ask "
              "again with https://."};
}

Problem not_found(std::string_view path) {
  return {.status = 404,
          .type = "not-found",
          .title = "Not found",
          .detail = fmt::format("Nothing is served at {}.", path)};
}

Problem method_not_allowed(std::string_view method, std::string_view allow) {
  return {.status = 405,
          .type = "method-not-allowed",
          .title = "Method not allowed",
          .detail = fmt::format("{} is not served here; {} {}.", method, allow,
                                allow.find(',') == std::string_view::npos ? "is" : "are")};
}

Problem request_timeout(const HttpLimits& limits) {
  return {.status = 408,
          .type = "request-timeout",
          .title = "The request came too slowly",
          .detail = fmt::format("A whole request must arrive within {}.",
                                format_duration(limits.request_read_max))};
}

Problem body_too_large(std::uint64_t bytes_max) {
  return {.status = 413,
          .type = "body-too-large",
          .title = "Request body too large",
          .detail = fmt::format("The body may have {} bytes here.", bytes_max)};
}

Problem too_busy() {
  return {.status = 503,
          .type = "too-busy",
          .title = "Too many bodies at once",
          .detail = "The server is reading as much as it has memory for; try again soon."};
}

Problem too_many_connections(std::size_t connections_max) {
  return {.status = 503,
          .type = "too-many-connections",
          .title = "Too many connections",
          .detail = fmt::format(
              "All {} connections that callers like this one may have are in use; try again later.",
              connections_max)};
}

Problem handler_failed() {
  return {.status = 500,
          .type = "internal",
          .title = "Internal error",
          .detail = "The request failed by a mistake of the server; it may have taken effect."};
}

Problem upload_failed(const Error& error) {
  if (error.code == ErrorCode::kExhausted) {
    return {.status = 507,
            .type = "storage-full",
            .title = "No room for the upload",
            .detail = "The server's disk has no room for this body."};
  }
  return {.status = 500,
          .type = "internal",
          .title = "The upload could not be stored",
          .detail = "The server could not write the body to its disk."};
}

}  // namespace duru::http
