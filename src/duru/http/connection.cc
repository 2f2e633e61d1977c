#include "duru/http/connection.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "duru/http/faults.h"

namespace duru::http {
namespace {

constexpr std::size_t kReadBytes = 4 * 1024;
constexpr std::size_t kBodyReadBytes = 128 * 1024;

}  // namespace

Connection::Connection(ServerContext& context, Socket socket)
    : context_(context),
      transport_(std::move(socket), context.tls),
      sender_(transport_),
      remote_(transport_.remote()) {}

void Connection::start() {
  if (transport_.is_tls()) return shake_hands();
  wait_for_request();
  read();
}

void Connection::shake_hands() {
  state_ = State::kHandshake;
  waits_since_ = std::chrono::steady_clock::now();
  set_deadline(context_.limits.request_read_max);
  transport_.handshake(
      [self = shared_from_this()](Transport::Handshake end) { self->on_handshake(end); });
}

void Connection::on_handshake(Transport::Handshake end) {
  if (state_ == State::kClosed) return;
  if (end != Transport::Handshake::kDone) ++context_.counters.tls_handshakes_failed;
  if (end == Transport::Handshake::kFailed) return close();
  if (is_one_too_many_) return refuse(too_many_connections(context_.limits.connections_max));
  if (end == Transport::Handshake::kNotTls) return refuse(tls_needed());
  wait_for_request();
  read();
}

void Connection::wait_for_request() {
  state_ = State::kIdle;
  waits_since_ = std::chrono::steady_clock::now();
  const bool is_kept = seat_.kind == Places::Kind::kKept;
  set_deadline(is_kept ? context_.limits.kept_idle_max : context_.limits.idle_max);
  parser_.reset();  // it may wait for long, and shall hold little meanwhile
  context_.places.rest(*this);
}

std::optional<Connection::TimePoint> Connection::idle_since(TimePoint now) const {
  // The body of a caller whom the gate does not know is a stranger's, whatever it promises.
  const bool is_strangers_body = state_ == State::kBody && request_ && request_->caller == nullptr;
  const bool waits = !is_one_too_many_ && (state_ == State::kIdle || state_ == State::kHandshake ||
                                           state_ == State::kHead || is_strangers_body);
  const bool is_between_two = state_ == State::kIdle && has_answered_;
  const std::chrono::milliseconds silence(context_.limits.silence_max.value);
  if (!waits || (!is_between_two && now < waits_since_ + silence)) return std::nullopt;
  return waits_since_;
}

void Connection::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  if (stream_) {
    --context_.counters.streams_open;
    std::exchange(stream_, nullptr)->die();
  }
  upload_.reset();
  request_.reset();
  uncount_body();
  transport_.close();
  --context_.counters.connections_open;
  if (seat_.kind == Places::Kind::kKept) --context_.counters.connections_kept;
  const auto keeps_alive = shared_from_this();
  context_.places.leave(*this);
  context_.left();
}

void Connection::on_tick(TimePoint now) {
  if (now < deadline_) return;
  switch (state_) {
    case State::kHandshake:
      ++context_.counters.tls_handshakes_failed;
      close();
      return;
    case State::kHead:
    case State::kBody:
      refuse(request_timeout(context_.limits));
      return;
    case State::kSending:
    case State::kStreaming: {
      const std::chrono::milliseconds stall(context_.limits.write_stall_max.value);
      if (now < sender_.last_progress() + stall) {
        deadline_ = sender_.last_progress() + stall;
        return;
      }
      ++context_.counters.slow_readers_dropped;
      close();
      return;
    }
    default:
      close();
  }
}

void Connection::begin_stop() {
  if (state_ == State::kIdle || state_ == State::kHandshake) close();
  if (state_ == State::kStreaming) stream_->abandon();
}

void Connection::read() {
  if (reading_ || state_ == State::kClosed) return;
  if (peer_ended_) return close();
  reading_ = true;
  if (state_ != State::kIdle || !has_answered_ || !input_.view().empty()) return read_now();
  // No memory for a request that may come in a minute.
  input_ = InputBuffer();
  transport_.wait_for_bytes([self = shared_from_this()](const auto& failure) {
    if (failure) return self->on_read(failure, 0);
    if (self->state_ != State::kClosed) self->read_now();
  });
}

void Connection::read_now() {
  input_.prepare(read_bytes());
  transport_.read_some(input_.room(), input_.room_bytes(),
                       [self = shared_from_this()](const auto& failure, std::size_t count) {
                         self->on_read(failure, count);
                       });
}

// Large bodies come in large pieces; small ones are not worth the memory.
std::size_t Connection::read_bytes() const {
  if (state_ != State::kBody) return kReadBytes;
  const std::uint64_t length = parser_->head().content_length.value_or(kBodyReadBytes);
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(length, kReadBytes, kBodyReadBytes));
}

void Connection::on_read(const boost::system::error_code& failure, std::size_t count) {
  reading_ = false;
  if (state_ == State::kClosed) return;
  input_.commit(count);
  if (failure) {
    peer_ended_ = true;
    // A request that waits for its answer gets it, though nothing more can be asked.
    if (state_ != State::kHandling && state_ != State::kSending) close();
    return;
  }
  switch (state_) {
    case State::kStreaming:
      // Read on, so that a reader who leaves is noticed; what comes early is kept within bounds.
      if (input_.view().size() < context_.limits.header_bytes_max) read();
      return;
    case State::kLingering:
      input_.clear();
      read();
      return;
    default:
      process();
  }
}

void Connection::process() {
  bool goes_on = true;
  while (goes_on) {
    switch (state_) {
      case State::kIdle:
        goes_on = begin_request();
        break;
      case State::kHead:
        goes_on = read_head();
        break;
      case State::kBody:
        goes_on = read_body();
        break;
      default:
        return;
    }
  }
}

bool Connection::begin_request() {
  // Some clients end a body with a line end too many.
  while (!input_.view().empty() &&
         (input_.view().front() == '\r' || input_.view().front() == '\n')) {
    input_.consume(1);
  }
  if (input_.view().empty()) {
    read();
    return false;
  }
  context_.places.wake(*this);
  ++number_;
  parser_.emplace(MessageParser::Kind::kRequest,
                  ParserLimits{context_.limits.header_bytes_max, context_.limits.target_bytes_max});
  route_ = nullptr;
  body_bytes_ = 0;
  is_head_request_ = false;
  is_http10_ = false;
  state_ = State::kHead;
  waits_since_ = std::chrono::steady_clock::now();
  set_deadline(context_.limits.request_read_max);
  return true;
}

bool Connection::read_head() {
  input_.consume(parser_->feed(input_.view()).consumed);
  if (parser_->fault() != ParseFault::kNone) {
    ++context_.counters.requests;
    refuse(parse_problem(parser_->fault(), parser_->fault_text(), context_.limits));
    return false;
  }
  if (!parser_->head_done()) {
    read();
    return false;
  }
  accept_head();
  return true;
}

// "Expect: 100-continue": the caller waits to hear that its body is welcome.
void Connection::invite_body() {
  if (is_http10_ || body_is_read() || !input_.view().empty()) return;
  const std::string* expect = request_->headers.find("expect");
  if (expect == nullptr || !equal_ignoring_case(*expect, "100-continue")) return;
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  // Not sent at all is no harm: a caller goes on by itself after a while. A part of it is.
  if (!transport_.send_now(kContinue)) close();
}

bool Connection::read_body() {
  if (parser_->done()) {
    dispatch();
    return false;
  }
  if (input_.view().empty()) {
    read();
    return false;
  }
  const std::size_t had = input_.view().size();
  const MessageParser::Step step = parser_->feed(input_.view());
  input_.consume(step.consumed);
  if (parser_->fault() != ParseFault::kNone) {
    refuse(parse_problem(parser_->fault(), parser_->fault_text(), context_.limits));
    return false;
  }
  if (!step.body.empty() && !store_body(step.body)) return false;
  if (step.consumed > 0 || parser_->done()) return true;
  // The size line or the trailer of a chunk, still incomplete: bounded like a header.
  if (had > context_.limits.header_bytes_max) {
    refuse(parse_problem(ParseFault::kMalformed, "a chunk's size line or trailer is too long",
                         context_.limits));
    return false;
  }
  read();
  return false;
}

bool Connection::store_body(std::string_view piece) {
  waits_since_ = std::chrono::steady_clock::now();
  body_bytes_ += piece.size();
  if (body_bytes_ > body_bytes_max_) {
    refuse(body_too_large(body_bytes_max_));
    return false;
  }
  if (!upload_) {
    counted_body_bytes_ += piece.size();
    context_.bodies_bytes += piece.size();
    if (context_.bodies_bytes > context_.limits.bodies_bytes_max) {
      refuse(too_busy());
      return false;
    }
    request_->body += piece;
    return true;
  }
  set_deadline(context_.limits.request_read_max);
  const Status written = upload_->write(piece);
  if (!written.ok()) refuse(upload_failed(written.error()));
  return written.ok();
}

void Connection::uncount_body() { context_.bodies_bytes -= std::exchange(counted_body_bytes_, 0); }

void Connection::dispatch() {
  state_ = State::kHandling;
  no_deadline();
  uncount_body();
  if (upload_) {
    request_->upload = upload_->take();
    upload_.reset();
  }
  const auto exchange = std::make_shared<Exchange>(number_, weak_from_this(), context_.mailbox,
                                                   context_.limits.stream_buffer_bytes_max);
  try {
    route_->handler(std::exchange(request_, nullptr), Responder(exchange));
  } catch (const std::exception&) {
    exchange->send(problem_response(handler_failed()));
  }
}

}  // namespace duru::http
