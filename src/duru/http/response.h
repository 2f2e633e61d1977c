// What a handler answers: a status, fields, and a body in memory or a part of a file.
//
//   responder.send(json_response(201, R"({"id":"…"})"));
//   Result<Response> file = file_response(path, "application/octet-stream");
//
// The server adds Date, Content-Length and Connection; a handler does not. A file is opened when
// the response is made, so a handler sees at once that it is missing, and a file that is renamed or
// removed meanwhile is still sent whole.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "duru/base/result.h"
#include "duru/http/headers.h"
#include "duru/http/owned_fd.h"

namespace duru::http {

struct FileSlice {
  std::shared_ptr<OwnedFd> fd;
  std::uint64_t offset_bytes = 0;
  std::uint64_t size_bytes = 0;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  std::optional<FileSlice> file;  // instead of `body`
};

Response text_response(int status, std::string body,
                       std::string content_type = "text/plain; charset=utf-8");
Response json_response(int status, std::string body);

// The whole of a regular file. kNotFound, kDenied or another error of the file system.
Result<Response> file_response(const std::string& path, std::string content_type);

// "Not Found" for 404; "Unknown" for a status without a name of its own.
std::string reason_phrase(int status);

}  // namespace duru::http
