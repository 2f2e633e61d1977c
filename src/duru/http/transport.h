// The bytes of one connection of the server, bare or in TLS, behind one set of calls.
//
// Handlers are called once, later, on the socket's thread, as those of Asio's own sockets; they
// must keep the owner of this object alive. At most one read and one write may be under way, and
// the handshake comes before both. Inside this folder.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "duru/http/tls_session.h"

namespace duru::http {

using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

class Transport {
 public:
  using Handler = std::function<void(const boost::system::error_code&, std::size_t)>;
  using TwoBuffers = std::array<boost::asio::const_buffer, 2>;
  enum class Handshake {
    kDone,
    kNotTls,  // the caller speaks in clear: what follows here is in clear, too
    kFailed,
  };

  Transport(Socket socket, const std::optional<TlsContext>& tls);

  bool is_tls() const { return tls_.has_value(); }
  bool is_open() const { return socket_.is_open(); }
  Socket& socket() { return socket_; }
  std::string remote() const;  // HOST:PORT

  void handshake(std::function<void(Handshake)> handler);

  template <class ReadHandler>
  void read_some(char* into, std::size_t bytes_max, ReadHandler handler) {
    if (tls_) return read_sealed(into, bytes_max, std::move(handler));
    socket_.async_read_some(boost::asio::buffer(into, bytes_max), std::move(handler));
  }
  // Calls once read_some() would not wait, with bytes or an end.
  void wait_for_bytes(std::function<void(const boost::system::error_code&)> handler);
  template <class WriteHandler>
  void write_some(const TwoBuffers& from, WriteHandler handler) {
    if (tls_) return write_sealed(from, std::move(handler));
    socket_.async_write_some(from, std::move(handler));
  }

  // Sends these few bytes without waiting. False when only a part of them could go, after which
  // the connection is of no more use; none at all is no harm.
  bool send_now(std::string_view bytes);
  // What is written from now on goes out in full segments, and the rest with the end, which has to
  // come at once.
  void gather();
  // Tells the caller that nothing more comes; false when the connection is gone.
  bool end_sending();
  void close();

 private:
  void shake_hands(const std::function<void(Handshake)>& handler);
  void read_sealed(char* into, std::size_t bytes_max, Handler handler);
  void write_sealed(const TwoBuffers& from, Handler handler);
  // Calls again once the socket is as the step wants it; false where the step waits for nothing.
  bool wait_as(const TlsSession::Step& step,
               std::function<void(const boost::system::error_code&)> again);
  void post(Handler handler, const TlsSession::Step& step);

  Socket socket_;
  std::optional<TlsSession> tls_;
};

}  // namespace duru::http
