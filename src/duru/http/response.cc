#include "duru/http/response.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace duru::http {

Response text_response(int status, std::string body, std::string content_type) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", std::move(content_type));
  response.body = std::move(body);
  return response;
}

Response json_response(int status, std::string body) {
  return text_response(status, std::move(body), "application/json");
}

Result<Response> file_response(const std::string& path, std::string content_type) {
  OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.open()) return system_error("open " + path, errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return system_error("stat " + path, errno);
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorCode::kInvalid, path + " is not a regular file", false, false};
  }
  Response response;
  response.headers.add("Content-Type", std::move(content_type));
  response.file = FileSlice{std::make_shared<OwnedFd>(std::move(fd)), 0,
                            static_cast<std::uint64_t>(status.st_size)};
  return response;
}

std::string reason_phrase(int status) {
  static constexpr std::array<std::pair<int, const char*>, 36> kPhrases = {{
      {100, "Continue"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {422, "Unprocessable Content"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
      {505, "HTTP Version Not Supported"},
      {507, "Insufficient Storage"},
  }};
  const auto* found = std::find_if(kPhrases.begin(), kPhrases.end(),
                                   [status](const auto& entry) { return entry.first == status; });
  return found == kPhrases.end() ? "Unknown" : found->second;
}

}  // namespace duru::http
