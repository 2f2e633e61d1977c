#include "duru/http/transport.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

#include "duru/http/address.h"

namespace duru::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using End = TlsSession::Step::End;

constexpr unsigned char kTlsHandshakeRecord = 0x16;  // the first byte of every TLS connection
// So much is sealed and sent before other connections have their turn.
constexpr std::size_t kWriteStepBytes = 256 * 1024;

}  // namespace

Transport::Transport(Socket socket, const std::optional<TlsContext>& tls)
    : socket_(std::move(socket)) {
  error_code ignored;  // a socket without it is slower, not wrong
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  // The bare descriptor is used beside Asio, and must not wait.
  socket_.native_non_blocking(true, ignored);
  if (tls) tls_.emplace(TlsSession::accept(*tls, socket_.native_handle()));
}

std::string Transport::remote() const {
  error_code failure;
  const auto peer = socket_.remote_endpoint(failure);
  return failure ? "unknown" : Address{peer.address().to_string(), peer.port()}.str();
}

void Transport::handshake(std::function<void(Handshake)> handler) {
  socket_.async_wait(Socket::wait_read, [this, handler](const error_code& failure) {
    if (failure || !socket_.is_open()) return handler(Handshake::kFailed);
    unsigned char first = 0;
    const ssize_t got = ::recv(socket_.native_handle(), &first, 1, MSG_PEEK);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return handshake(handler);
    if (got <= 0) return handler(Handshake::kFailed);
    if (first != kTlsHandshakeRecord) {
      tls_.reset();
      return handler(Handshake::kNotTls);
    }
    shake_hands(handler);
  });
}

void Transport::shake_hands(const std::function<void(Handshake)>& handler) {
  const TlsSession::Step step = tls_->handshake();
  if (step.end == End::kDone) return handler(Handshake::kDone);
  const bool waits = wait_as(step, [this, handler](const error_code& failure) {
    if (failure) return handler(Handshake::kFailed);
    shake_hands(handler);
  });
  if (!waits) handler(Handshake::kFailed);
}

bool Transport::wait_as(const TlsSession::Step& step,
                        std::function<void(const error_code&)> again) {
  if (step.end != End::kWantRead && step.end != End::kWantWrite) return false;
  const auto event = step.end == End::kWantRead ? Socket::wait_read : Socket::wait_write;
  socket_.async_wait(event, [this, again = std::move(again)](const error_code& failure) {
    // Closed meanwhile: the descriptor's number may be another's by now.
    if (!failure && !socket_.is_open()) return again(asio::error::operation_aborted);
    again(failure);
  });
  return true;
}

void Transport::wait_for_bytes(std::function<void(const error_code&)> handler) {
  if (tls_ && tls_->has_bytes()) {
    asio::post(socket_.get_executor(), [handler = std::move(handler)] { handler({}); });
    return;
  }
  wait_as({End::kWantRead, 0}, std::move(handler));
}

void Transport::post(Handler handler, const TlsSession::Step& step) {
  error_code failure;
  if (step.end == End::kEnded) failure = asio::error::eof;
  if (step.end == End::kFailed) failure = asio::error::connection_reset;
  asio::post(socket_.get_executor(), [handler = std::move(handler), failure, bytes = step.bytes] {
    handler(failure, bytes);
  });
}

void Transport::read_sealed(char* into, std::size_t bytes_max, Handler handler) {
  const TlsSession::Step step = tls_->read(into, bytes_max);
  const bool waits = wait_as(step, [this, into, bytes_max, handler](const error_code& failure) {
    if (failure) return handler(failure, 0);
    read_sealed(into, bytes_max, handler);
  });
  if (!waits) post(std::move(handler), step);
}

void Transport::write_sealed(const TwoBuffers& from, Handler handler) {
  TlsSession::Step sent{End::kDone, 0};
  TlsSession::Step last = sent;
  for (asio::const_buffer rest : from) {
    while (last.end == End::kDone && rest.size() > 0 && sent.bytes < kWriteStepBytes) {
      last = tls_->write({static_cast<const char*>(rest.data()), rest.size()});
      sent.bytes += last.bytes;
      rest += last.bytes;
    }
  }
  if (sent.bytes > 0 || last.end == End::kDone) return post(std::move(handler), sent);
  const bool waits = wait_as(last, [this, from, handler](const error_code& failure) {
    if (failure) return handler(failure, 0);
    write_sealed(from, handler);
  });
  if (!waits) post(std::move(handler), last);
}

bool Transport::send_now(std::string_view bytes) {
  if (tls_) {
    const TlsSession::Step step = tls_->write(bytes);
    return step.end == End::kDone && step.bytes == bytes.size();
  }
  const ssize_t sent =
      ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent <= 0 || static_cast<std::size_t>(sent) == bytes.size();
}

void Transport::gather() {
  const int on = 1;  // a socket without it sends more segments, not others
  ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
}

bool Transport::end_sending() {
  if (tls_) tls_->end();
  error_code failure;
  socket_.shutdown(asio::socket_base::shutdown_send, failure);
  return !failure;
}

void Transport::close() {
  if (tls_ && socket_.is_open()) tls_->end();
  error_code ignored;  // it is closed either way
  socket_.close(ignored);
}

}  // namespace duru::http
