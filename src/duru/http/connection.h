// One connection of the server: reads requests, hands them to their handlers, sends the answers.
//
//   handshake → idle                                        in TLS, once
//   idle → head → body → handling → sending → idle          a request, answered at once or later
//                              └──→ streaming → idle        an answer that is written while read
//   head, body → sending → lingering → closed               a refusal in the middle of a request
//
// Invariants: one request at a time, so answers keep the order of pipelined requests; at most one
// read and one send are under way; each of them keeps the object alive. All calls come on the
// server's thread. Every state but handling has a deadline, which the server's tick checks.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "duru/http/exchange.h"
#include "duru/http/input_buffer.h"
#include "duru/http/message_parser.h"
#include "duru/http/problem.h"
#include "duru/http/sender.h"
#include "duru/http/server_context.h"
#include "duru/http/transport.h"
#include "duru/http/upload.h"

namespace duru::http {

class Connection final : public AnswerTaker, public std::enable_shared_from_this<Connection> {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Connection(ServerContext& context, Socket socket);

  void start();
  void start_refused();  // one connection too many: says so and closes
  void on_tick(TimePoint now);
  void begin_stop();  // finish what was begun, then close
  Places::Seat& seat() { return seat_; }
  TimePoint deadline() const { return deadline_; }
  // Since when it waits for a request; none where another may not have its place (server.h).
  std::optional<TimePoint> idle_since(TimePoint now) const;
  void close();

  void take_answer(std::uint64_t number, Response response) override;
  void take_stream(std::uint64_t number, Response head,
                   std::shared_ptr<StreamCore> stream) override;
  void flush_stream(std::uint64_t number) override;

 private:
  enum class State {
    kHandshake,
    kIdle,
    kHead,
    kBody,
    kHandling,
    kSending,
    kStreaming,
    kLingering,
    kClosed,
  };
  enum class Framing { kLength, kChunked, kUntilClose };

  // Reading (connection.cc).
  void shake_hands();
  void wait_for_request();
  void on_handshake(Transport::Handshake end);
  void read();
  void read_now();
  std::size_t read_bytes() const;
  void on_read(const boost::system::error_code& failure, std::size_t count);
  void process();
  bool begin_request();
  bool read_head();
  bool read_body();
  bool store_body(std::string_view piece);
  void uncount_body();
  void invite_body();
  void dispatch();

  // A head that is here: who asks what, and may they (connection_admit.cc).
  void accept_head();
  bool passes_gate();
  bool takes_place();
  bool find_route();
  bool open_body();

  // Answering (connection_answer.cc).
  void refuse(const Problem& problem);
  void send_response(Response response);
  std::string head_text(const Response& response, Framing framing, std::uint64_t body_bytes) const;
  void finish_answer();
  void linger();
  void pump_stream();
  void on_stream_sent(bool sent, bool last, bool complete);
  bool body_is_read() const {
    return parser_ && parser_->done() && parser_->fault() == ParseFault::kNone;
  }
  void set_deadline(Milliseconds from_now);
  void no_deadline() { deadline_ = TimePoint::max(); }

  ServerContext& context_;
  Transport transport_;
  Sender sender_;
  std::string remote_;
  InputBuffer input_;
  State state_ = State::kIdle;
  Places::Seat seat_;
  TimePoint deadline_ = TimePoint::max();
  bool reading_ = false;
  TimePoint waits_since_{};  // for a handshake, a request, or more of it
  bool has_answered_ = false;
  bool is_one_too_many_ = false;
  bool peer_ended_ = false;   // it will send nothing more
  bool close_after_ = false;  // the answer under way is the last

  // The request under way.
  std::uint64_t number_ = 0;
  std::optional<MessageParser> parser_;
  std::shared_ptr<Request> request_;
  const Route* route_ = nullptr;
  std::optional<Upload> upload_;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t body_bytes_max_ = 0;
  std::size_t counted_body_bytes_ = 0;  // our part of ServerContext::bodies_bytes
  bool is_head_request_ = false;
  bool is_http10_ = false;
  std::shared_ptr<StreamCore> stream_;
};

}  // namespace duru::http
