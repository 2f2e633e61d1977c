#include "duru/http/client_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

namespace duru::http {
namespace {

Error timed_out(const std::string& what) {
  return Error{ErrorCode::kTimeout, what + ": no answer in time", true, false};
}

Error unavailable(const std::string& what, int error_number) {
  Error error = system_error(what, error_number);
  error.code = ErrorCode::kUnavailable;
  error.retryable = true;
  return error;
}

// What poll() saw on the descriptor; 0 when the deadline passed.
Result<short> wait_for(int fd, short events, Deadline deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd watched{fd, events, 0};
    const auto wait_ms = std::clamp<std::int64_t>(left.count(), 0, 1 << 30);
    const int ready = ::poll(&watched, 1, static_cast<int>(wait_ms));
    if (ready > 0) return watched.revents;
    if (ready == 0) return short{0};
    if (errno != EINTR) return system_error("poll", errno);
  }
}

Result<OwnedFd> connect_one(const addrinfo& target, const std::string& what, Deadline deadline) {
  OwnedFd fd(::socket(target.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.open()) return system_error("socket", errno);
  if (::connect(fd.get(), target.ai_addr, target.ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return unavailable(what, errno);
    const auto ready = wait_for(fd.get(), POLLOUT, deadline);
    if (!ready.ok()) return ready.error();
    if (ready.value() == 0) return timed_out(what);
    int failure = 0;
    socklen_t size = sizeof(failure);
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &failure, &size);
    if (failure != 0) return unavailable(what, failure);
  }
  const int on = 1;  // a socket without it is slower, not wrong
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

}  // namespace

Result<ClientSocket> ClientSocket::connect(const Address& address, Milliseconds at_most,
                                           const std::optional<TlsContext>& tls) {
  const Deadline deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(at_most.value);
  const std::string what = "connect to " + address.str();
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failure =
      ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (failure != 0) {
    const bool may_come_back = failure != EAI_NONAME && failure != EAI_SERVICE;
    return Error{may_come_back ? ErrorCode::kUnavailable : ErrorCode::kInvalid,
                 what + ": " + ::gai_strerror(failure), may_come_back, false};
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, &::freeaddrinfo);
  Error last{ErrorCode::kInvalid, what + ": the name has no address", false, false};
  std::int64_t left = 0;
  for (const addrinfo* one = list.get(); one != nullptr; one = one->ai_next) ++left;
  for (const addrinfo* one = list.get(); one != nullptr; one = one->ai_next, --left) {
    // A share of the time for each, so that an address that does not answer leaves some for the
    // next.
    const Deadline now = std::chrono::steady_clock::now();
    auto fd = connect_one(*one, what, now + (deadline - now) / left);
    if (!fd.ok()) {
      last = fd.error();
      continue;
    }
    ClientSocket made(std::move(fd.value()));
    if (tls) DURU_TRY(made.shake_hands(*tls, address, deadline));
    return made;
  }
  return last;
}

Status ClientSocket::wait_as(const TlsSession::Step& step, const std::string& what,
                             Deadline deadline) const {
  if (step.end != TlsSession::Step::End::kWantRead &&
      step.end != TlsSession::Step::End::kWantWrite) {
    const std::string why = step.end == TlsSession::Step::End::kEnded
                                ? "the other side has ended the connection"
                                : tls_->fault();
    return Error{ErrorCode::kUnavailable, what + ": " + why, true, false};
  }
  const short events = step.end == TlsSession::Step::End::kWantRead ? POLLIN : POLLOUT;
  const auto ready = wait_for(fd_.get(), events, deadline);
  if (!ready.ok()) return ready.error();
  if (ready.value() == 0) return timed_out(what);
  return ok_status();
}

Status ClientSocket::shake_hands(const TlsContext& tls, const Address& address, Deadline deadline) {
  tls_.emplace(TlsSession::connect(tls, fd_.get(), address.host));
  for (;;) {
    const TlsSession::Step step = tls_->handshake();
    if (step.end == TlsSession::Step::End::kDone) return ok_status();
    DURU_TRY(wait_as(step, "connect to " + address.str(), deadline));
  }
}

void ClientSocket::set_unacknowledged_max(Milliseconds at_most) {
  const auto at_most_ms = static_cast<unsigned>(at_most.value);
  // A kernel without it takes longer to notice, no more.
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &at_most_ms, sizeof(at_most_ms));
}

Result<std::size_t> ClientSocket::send_some(std::string_view bytes, Deadline deadline) {
  if (tls_) return send_sealed(bytes, deadline);
  for (;;) {
    const auto ready = wait_for(fd_.get(), POLLOUT | POLLIN, deadline);
    if (!ready.ok()) return ready.error();
    if (ready.value() == 0) return timed_out("send");
    if ((ready.value() & POLLIN) != 0) return std::size_t{0};
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) return static_cast<std::size_t>(sent);
    if (errno != EAGAIN && errno != EINTR) return unavailable("send", errno);
  }
}

Result<std::size_t> ClientSocket::receive_some(char* into, std::size_t bytes_max,
                                               Deadline deadline) {
  if (tls_) return receive_sealed(into, bytes_max, deadline);
  for (;;) {
    const ssize_t received = ::recv(fd_.get(), into, bytes_max, 0);
    if (received >= 0) return static_cast<std::size_t>(received);
    if (errno != EAGAIN && errno != EINTR) return unavailable("receive", errno);
    const auto ready = wait_for(fd_.get(), POLLIN, deadline);
    if (!ready.ok()) return ready.error();
    if (ready.value() == 0) return timed_out("receive");
  }
}

Result<std::size_t> ClientSocket::send_sealed(std::string_view bytes, Deadline deadline) {
  for (;;) {
    // What comes may be TLS's own business; only an answer ends the sending, and an end.
    if (tls_->look().end != TlsSession::Step::End::kWantRead) return std::size_t{0};
    const TlsSession::Step step = tls_->write(bytes);
    if (step.end == TlsSession::Step::End::kDone) return step.bytes;
    if (step.end != TlsSession::Step::End::kWantWrite) {
      DURU_TRY(wait_as(step, "send", deadline));
      continue;
    }
    // A server that does not read may be one that speaks.
    const auto ready = wait_for(fd_.get(), POLLOUT | POLLIN, deadline);
    if (!ready.ok()) return ready.error();
    if (ready.value() == 0) return timed_out("send");
  }
}

Result<std::size_t> ClientSocket::receive_sealed(char* into, std::size_t bytes_max,
                                                 Deadline deadline) {
  for (;;) {
    const TlsSession::Step step = tls_->read(into, bytes_max);
    if (step.end == TlsSession::Step::End::kDone) return step.bytes;
    if (step.end == TlsSession::Step::End::kEnded) return std::size_t{0};
    DURU_TRY(wait_as(step, "receive", deadline));
  }
}

bool ClientSocket::is_stale() {
  if (tls_) return tls_->look().end != TlsSession::Step::End::kWantRead;
  pollfd watched{fd_.get(), POLLIN, 0};
  return ::poll(&watched, 1, 0) != 0;
}

std::string ClientSocket::shown_certificate(std::string_view fingerprint) const {
  return tls_->shown_certificate(fingerprint);
}

}  // namespace duru::http
