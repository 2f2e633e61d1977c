// What one caller may ask of the server. Each limit answers with a problem document of its own
// (faults.h lists them) or, where nobody waits for an answer, closes the connection.
//
// A limit holds before the thing it bounds is stored: at most body_bytes_max of a request are ever
// in memory, whatever its Content-Length says, and at most bodies_bytes_max of all those that are
// still coming in.
#pragma once

#include <cstddef>
#include <cstdint>

#include "duru/base/units.h"

namespace duru::http {

struct HttpLimits {
  std::size_t target_bytes_max = 8 * 1024;           // 414
  std::size_t header_bytes_max = 16 * 1024;          // 431; request line and fields together
  std::size_t body_bytes_max = 32 * 1024 * 1024;     // 413; a route may name another
  std::size_t bodies_bytes_max = 512 * 1024 * 1024;  // 503; all that are being read, together
  std::uint64_t upload_bytes_max = std::uint64_t{64} << 30;  // 413; for bodies that go to a file
  std::size_t connections_max = 1024;                        // 503 and close; see server.h
  std::size_t connections_reserved = 128;                    // of them, from callers that are many
  std::size_t kept_max = 1024;                        // more of them, for those that are known
  std::size_t kept_each_max = 4;                      // of them, for each
  std::size_t stream_buffer_bytes_max = 1024 * 1024;  // a reader this far behind is dropped

  Milliseconds request_read_max = seconds(30);   // 408; an upload may be silent for this long
  Milliseconds idle_max = seconds(75);           // between requests: closed
  Milliseconds kept_idle_max = minutes(6);       // the same, in a kept place
  Milliseconds silence_max = seconds(2);         // the same, where another wants the place
  Milliseconds write_stall_max = seconds(60);    // a reader that takes nothing is dropped
  Milliseconds linger_max = Milliseconds(2000);  // after a refusal, for the caller to read it
};

}  // namespace duru::http
