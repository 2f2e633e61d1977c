// An HTTP/1.1 server on one thread, in clear or in TLS: routes, limits, live streams, a clean stop.
//
//   Router router;
//   router.add("GET", "/healthz", [](auto, Responder r) { r.send(text_response(200, "ok\n")); });
//   auto server = HttpServer::listen({.address = {"127.0.0.1", 0}}, std::move(router));
//   if (!server.ok()) return server.error();
//   … server.value()->address().url() …
//   server.value()->stop(seconds(5));
//
// Guarantees: handlers run one at a time on the server's thread and answer through a Responder from
// any thread. Requests of one connection are answered in their order, pipelined or not. Each limit
// of HttpLimits holds for every caller; malformed input gets a problem document, never a crash. An
// upload that breaks off leaves no file. The process's signals are not touched. With TLS, a caller
// that speaks in clear gets one problem document that says so, and nothing else is said in clear.
//
// Who gets a place when connections are many:
//  - kept_max places are for callers that are one of many and known to the gate (nodes), for each
//    kept_each_max. Such a one moves there with its first request, and may rest there between two
//    for kept_idle_max. Where there is none left for it, an older connection of its own that rests
//    makes room; else it is served as those whom the gate does not know are: in one of the places
//    below, and its connection ends with its answer.
//  - Where connections_max others are open, a new one takes the place of one that waits for no
//    answer: it is between two requests, or more of its next request's head, or of the body of a
//    caller whom the gate does not know, is not here after silence_max. Of those that are one of
//    many (Request::is_one_of_many) first; each time of the one that waits longest.
//  - Of these, callers that are one of many hold at most connections_max - connections_reserved.
//  - Who gets none is told so (503) and closed. A request whose head is here is never cut off for
//    another, but for a stranger's body that does not come. So idle callers, however many, lock
//    nobody out, and the many never the others.
// A place that is kept costs about the memory of its TLS session (bench/README.md) and no CPU.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "duru/http/address.h"
#include "duru/http/limits.h"
#include "duru/http/router.h"
#include "duru/http/tls.h"

namespace duru::http {

// Asked about each request when its head is there and its body is not: before routing, so that a
// stranger learns nothing of what exists, and before a byte of the body is stored. An answer
// refuses the request; nothing lets it pass. It may set request.caller, is_one_of_many and many_id.
using Gate = std::function<std::optional<Response>(Request&)>;

struct HttpServerOptions {
  Address address = {"127.0.0.1", 0};  // port 0: a free one; the host is an IP address or localhost
  HttpLimits limits = {};
  Gate gate = {};
  std::optional<TlsIdentity> tls = {};  // given: TLS alone is spoken
};

struct HttpCounters {
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_open = 0;
  std::uint64_t connections_kept = 0;       // of them, those of known callers that are many
  std::uint64_t connections_refused = 0;    // there was no place
  std::uint64_t connections_displaced = 0;  // idle ones, closed for others
  std::uint64_t requests = 0;               // complete heads, faulty ones included
  std::uint64_t requests_refused = 0;       // answered here, not by a handler
  std::uint64_t streams_open = 0;
  std::uint64_t slow_readers_dropped = 0;  // streams and answers alike
  std::uint64_t tls_handshakes_failed = 0;
};

class HttpServer {
 public:
  // Listens and starts to serve. kConflict: the port is taken; kDenied; kInvalid: the host is no
  // address of this machine, or the TLS identity is none.
  static Result<std::unique_ptr<HttpServer>> listen(HttpServerOptions options, Router router);
  ~HttpServer();  // stop(0)
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  Address address() const;  // with the port that was taken
  HttpCounters counters() const;

  // Accepts nothing more, cuts streams once what they hold is sent, lets begun requests finish for
  // at most `grace`, then closes what is left and ends the thread. Never from a handler.
  void stop(Milliseconds grace);

 private:
  struct Core;
  explicit HttpServer(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace duru::http
