// A TCP connection with deadlines, for blocking callers.
//
// Every wait ends at the caller's deadline. No signal is ever raised by a peer that left.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "duru/base/result.h"
#include "duru/base/units.h"
#include "duru/http/address.h"
#include "duru/http/owned_fd.h"

namespace duru::http {

using Deadline = std::chrono::steady_clock::time_point;

class ClientSocket {
 public:
  // Tries every address of the host's name in turn. kUnavailable, kTimeout, or kInvalid for a name
  // that means nothing.
  static Result<ClientSocket> connect(const Address& address, Milliseconds at_most);

  // Takes what the kernel has room for, or returns 0 as soon as the peer says something: an answer
  // that comes before the request is out ends the sending.
  Result<std::size_t> send_some(std::string_view bytes, Deadline deadline);
  // 0: the peer has ended.
  Result<std::size_t> receive_some(char* into, std::size_t bytes_max, Deadline deadline);
  // Between requests, anything that can be read means the connection is of no more use.
  bool is_stale() const;

 private:
  explicit ClientSocket(OwnedFd fd) : fd_(std::move(fd)) {}
  OwnedFd fd_;
};

}  // namespace duru::http
