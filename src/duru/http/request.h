// A request as a handler sees it: complete, taken apart, with its route's parameters.
//
//   server route "/v1/projects/{project}/jobs", POST:
//     request->parameter("project"), request->query.get("limit"), request->body
//
// A request lives as long as somebody holds it. A body that went to a file is removed with the
// request unless the handler took it: `auto path = request->upload.release()`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "duru/http/headers.h"
#include "duru/http/target.h"

namespace duru::http {

// A body that was written to a file of its own. The file is complete, not fsynced.
class UploadedFile {
 public:
  UploadedFile() = default;
  UploadedFile(std::string path, std::uint64_t size_bytes)
      : path_(std::move(path)), size_bytes_(size_bytes) {}
  UploadedFile(UploadedFile&& other) noexcept
      : path_(std::exchange(other.path_, {})), size_bytes_(std::exchange(other.size_bytes_, 0)) {}
  UploadedFile& operator=(UploadedFile&& other) noexcept;
  ~UploadedFile();

  bool empty() const { return path_.empty(); }
  const std::string& path() const { return path_; }
  std::uint64_t size_bytes() const { return size_bytes_; }
  void add_bytes(std::uint64_t bytes) { size_bytes_ += bytes; }
  // The file is the caller's from now on.
  std::string release() { return std::exchange(path_, {}); }

 private:
  std::string path_;
  std::uint64_t size_bytes_ = 0;
};

struct Request {
  std::string method;
  std::string path;  // as it was sent, without the query
  std::vector<std::string> segments;
  Query query;
  Headers headers;
  std::string body;
  UploadedFile upload;
  std::string remote;  // "127.0.0.1:40312"
  std::string route;   // the pattern that matched, "/v1/jobs/{id}": a label with few values
  std::vector<std::pair<std::string, std::string>> parameters;

  // What the gate found out about the caller; the room that set it knows its type.
  std::shared_ptr<const void> caller;
  // Set by the gate for callers of a kind that may be thousands; they leave places to the others.
  bool is_one_of_many = false;
  // Which of the many it is, where the gate knows it: what bounds the places that one may keep.
  std::optional<std::uint64_t> many_id;

  // The value captured for `{name}`; empty when the route has no such parameter.
  const std::string& parameter(std::string_view name) const;
};

}  // namespace duru::http
