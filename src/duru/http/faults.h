// The problem documents that the HTTP layer itself answers with; every other one is a handler's.
//
//   400  malformed-request, bad-host, bad-target, ambiguous-length, tls-needed
//   404  not-found                     405  method-not-allowed
//   408  request-timeout               413  body-too-large
//   414  target-too-long               431  headers-too-large
//   500  internal, no-answer           501  unknown-transfer-coding
//   503  too-many-connections, too-busy
//   505  http-version                  507  storage-full
#pragma once

#include <cstdint>
#include <string_view>

#include "duru/http/limits.h"
#include "duru/http/message_parser.h"
#include "duru/http/problem.h"

namespace duru::http {

Problem parse_problem(ParseFault fault, std::string_view text, const HttpLimits& limits);
Problem bad_target();
Problem tls_needed();
Problem not_found(std::string_view path);
Problem method_not_allowed(std::string_view method, std::string_view allow);
Problem request_timeout(const HttpLimits& limits);
Problem body_too_large(std::uint64_t bytes_max);
Problem too_busy();
Problem too_many_connections(std::size_t connections_max);  // for callers of that kind
Problem handler_failed();
Problem upload_failed(const Error& error);

}  // namespace duru::http
