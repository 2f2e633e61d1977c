// What the connections of one server share. Only its counters are touched by other threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "duru/http/limits.h"
#include "duru/http/mailbox.h"
#include "duru/http/places.h"
#include "duru/http/router.h"
#include "duru/http/server.h"
#include "duru/http/tls_session.h"

namespace duru::http {

struct ServerContext {
  HttpLimits limits;
  Router router;
  Gate gate;
  std::optional<TlsContext> tls;  // of a server that speaks TLS
  std::shared_ptr<Mailbox> mailbox;
  Places places;
  // Closes a connection that may lose its place, if there is one; `of_many`: only one of those.
  std::function<bool(bool of_many)> make_room;
  std::function<void()> left;    // a connection has left its place
  std::string date;              // the Date field of this second
  std::size_t bodies_bytes = 0;  // in memory, of requests that are still being read
  bool stopping = false;

  struct {
    std::atomic<std::uint64_t> connections_accepted{0};
    std::atomic<std::uint64_t> connections_open{0};
    std::atomic<std::uint64_t> connections_kept{0};
    std::atomic<std::uint64_t> connections_refused{0};
    std::atomic<std::uint64_t> connections_displaced{0};
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> requests_refused{0};
    std::atomic<std::uint64_t> streams_open{0};
    std::atomic<std::uint64_t> slow_readers_dropped{0};
    std::atomic<std::uint64_t> tls_handshakes_failed{0};
  } counters;
};

}  // namespace duru::http
