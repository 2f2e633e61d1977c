// The problem documents that the HTTP layer itself answers with; every other one is a handler's.
//
//   malformed_request 400   bad_host 400           bad_target 400        ambiguous_length 400
//   not_found 404           method_not_allowed 405 request_timeout 408   body_too_large 413
//   target_too_long 414     headers_too_large 431  internal 500          unknown_transfer_coding
//   501 too_many_connections 503  http_version 505     storage_full 507
#pragma once

#include <cstdint>
#include <string_view>

#include "duru/http/limits.h"
#include "duru/http/message_parser.h"
#include "duru/http/problem.h"

namespace duru::http {

Problem parse_problem(ParseFault fault, std::string_view text, const HttpLimits& limits);
Problem bad_target();
Problem not_found(std::string_view path);
Problem method_not_allowed(std::string_view method, std::string_view allow);
Problem request_timeout(const HttpLimits& limits);
Problem body_too_large(std::uint64_t bytes_max);
Problem too_many_connections(const HttpLimits& limits);
Problem handler_failed();
Problem upload_failed(const Error& error);

}  // namespace duru::http
