// A blocking HTTP/1.1 client for the CLI and for tests: one connection, kept and used again.
//
//   HttpClient client({"127.0.0.1", 8080}, {.headers = {{"Authorization", "Bearer " + token}}});
//   auto answer = client.request("POST", "/v1/projects/default/jobs", {}, json);
//   if (!answer.ok()) …                      // the network: see below
//   if (answer.value().status != 201) …      // the server said no
//
// Errors: kUnavailable, the server was not reached or never got the whole request: nothing
// happened, try again; a server that is not believed was not reached. kTimeout and kUnavailable
// with outcome_unknown: the request was sent and no answer came; look it up before sending it again
// (a GET or HEAD never says so). kInvalid: the answer is not HTTP. A status of 400 or 500 is an
// answer, not an error.
//
// Not for use by two threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "duru/base/result.h"
#include "duru/base/units.h"
#include "duru/http/address.h"
#include "duru/http/headers.h"
#include "duru/http/tls.h"

namespace duru::http {

struct ClientOptions {
  Milliseconds connect_max = seconds(5);
  Milliseconds silence_max = seconds(60);      // between any two pieces, sent or received
  std::optional<Milliseconds> total_max = {};  // for a whole request with its answer
  // On a connection that was kept: for what was sent to be received by the peer's machine, whatever
  // its server does. So soon one that somebody on the way has forgotten is known for dead.
  std::optional<Milliseconds> unacknowledged_max = {};
  std::size_t answer_bytes_max = 256 * 1024 * 1024;  // of a body that is returned in memory
  Headers headers = {};                              // sent with every request
  TlsTrust trust = {};                               // of an https address
};

struct ClientRequest {
  std::string method = "GET";
  std::string target = "/";
  Headers headers = {};
  std::string body = {};
  std::string body_file = {};  // a path; sent instead of `body`
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;

  bool is_success() const { return status >= 200 && status < 300; }
};

class HttpClient {
 public:
  explicit HttpClient(Address address, ClientOptions options = {});
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  Result<ClientResponse> send(const ClientRequest& request);
  Result<ClientResponse> request(std::string method, std::string target, Headers headers = {},
                                 std::string body = {});

  // The body of a successful answer is written to `fd`; that of any other comes back in memory.
  Result<ClientResponse> download(const ClientRequest& request, int fd);

  // The body of a successful answer goes to `on_bytes` as it comes, or line by line (without its
  // "\n") to `on_line`, until it ends or the call answers false. That is ok(); a body that breaks
  // off is kUnavailable and retryable.
  Result<ClientResponse> follow(const ClientRequest& request,
                                const std::function<bool(std::string_view)>& on_bytes);
  Result<ClientResponse> follow_lines(const ClientRequest& request,
                                      const std::function<bool(std::string_view)>& on_line);

  // Whether the last request went out on a connection that was kept. If it failed, that may have
  // been the reason, and the next one makes a new connection.
  bool used_kept() const;
  const Address& address() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace duru::http
