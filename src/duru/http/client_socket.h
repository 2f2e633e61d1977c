// A TCP connection with deadlines, bare or in TLS, for blocking callers.
//
// Every wait ends at the caller's deadline. No signal is ever raised by a peer that left.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include "duru/base/result.h"
#include "duru/base/units.h"
#include "duru/http/address.h"
#include "duru/http/owned_fd.h"
#include "duru/http/tls_session.h"

namespace duru::http {

using Deadline = std::chrono::steady_clock::time_point;

class ClientSocket {
 public:
  // Tries every address of the host's name in turn, then shakes hands if there is a context.
  // kUnavailable (also a server that is not believed, or does not speak TLS), kTimeout, or kInvalid
  // for a name that means nothing.
  static Result<ClientSocket> connect(const Address& address, Milliseconds at_most,
                                      const std::optional<TlsContext>& tls);

  // The connection breaks off when what was sent is not acknowledged for so long.
  void set_unacknowledged_max(Milliseconds at_most);
  // Takes what the kernel has room for, or returns 0 as soon as the peer says something: an answer
  // that comes before the request is out ends the sending.
  Result<std::size_t> send_some(std::string_view bytes, Deadline deadline);
  // 0: the peer has ended.
  Result<std::size_t> receive_some(char* into, std::size_t bytes_max, Deadline deadline);
  // Between requests, anything that can be read means the connection is of no more use.
  bool is_stale();
  // Of a TLS connection: TlsSession::shown_certificate.
  std::string shown_certificate(std::string_view fingerprint) const;

 private:
  explicit ClientSocket(OwnedFd fd) : fd_(std::move(fd)) {}
  Status shake_hands(const TlsContext& tls, const Address& address, Deadline deadline);
  Result<std::size_t> send_sealed(std::string_view bytes, Deadline deadline);
  Result<std::size_t> receive_sealed(char* into, std::size_t bytes_max, Deadline deadline);
  // ok() when the wait that the step asks for is over.
  Status wait_as(const TlsSession::Step& step, const std::string& what, Deadline deadline) const;

  OwnedFd fd_;
  std::optional<TlsSession> tls_;
};

}  // namespace duru::http
