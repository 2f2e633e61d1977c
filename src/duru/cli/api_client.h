// The API as the verbs use it: targets, problems and retries, over one HTTP connection.
//
//   Result<std::string> body = api.get(path_of({"v1", "nodes"}));
//   Result<std::string> job = api.post(path_of({"v1", "projects", p, "jobs"}), json);
//
// get(), post(), remove() and download() answer an Error for every status but 2xx: kNotFound for
// 404, kInvalid for a request that is wrong in itself, kDenied for what the server refuses as
// things stand, kUnavailable when it cannot be reached or cannot answer. send() hands every status
// over.
//
// A POST carries an Idempotency-Key drawn here, so that one whose answer got lost is sent again
// without happening twice. When a connection fails the server is looked for anew, once: one that
// was restarted may listen elsewhere.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "duru/base/json.h"
#include "duru/base/result.h"
#include "duru/cli/server_location.h"
#include "duru/http/client.h"

namespace duru::cli {

// What the server said instead of doing it (RFC 9457).
struct Problem {
  int status = 0;
  std::string type;
  std::string title;
  std::string detail;
  std::string help;
  std::vector<JsonProblem> fields;
};
Problem read_problem(const http::ClientResponse& response);
Error error_of(const Problem& problem);

class ApiClient {
 public:
  using Locate = std::function<Result<ServerLocation>()>;
  ApiClient(ServerLocation location, Locate locate);

  Result<std::string> get(const std::string& target);
  Result<std::string> post(const std::string& target, std::string json);
  Result<std::string> remove(const std::string& target);

  // Writes the body to an empty file that is open for writing.
  Status download(const std::string& target, int fd);

  Result<http::ClientResponse> send(http::ClientRequest request);
  // The body of a long answer as it comes; see HttpClient::follow.
  Result<http::ClientResponse> follow(const http::ClientRequest& request,
                                      const std::function<bool(std::string_view)>& on_bytes);
  const ServerLocation& location() const { return location_; }
  // A client of its own, for another thread.
  ApiClient clone() const { return ApiClient(location_, locate_); }

 private:
  http::HttpClient& client(bool for_stream);
  void look_again();

  ServerLocation location_;
  Locate locate_;
  std::unique_ptr<http::HttpClient> client_;
  std::unique_ptr<http::HttpClient> stream_client_;
};

// "/v1/projects/my%20project/jobs"
std::string path_of(const std::vector<std::string>& segments);
// "?limit=5&state=queued"; values that are empty are left out.
std::string query_of(const std::vector<std::pair<std::string, std::string>>& items);

}  // namespace duru::cli
