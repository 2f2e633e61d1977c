#include <fmt/format.h>

#include <utility>

#include "duru/http/connection.h"
#include "duru/http/faults.h"

namespace duru::http {
namespace {

// A small body travels with its head in one piece; copying it is cheaper than a second buffer.
constexpr std::size_t kJoinedBytes = 16 * 1024;

bool status_has_no_body(int status) { return status == 204 || status == 304; }

}  // namespace

void Connection::set_deadline(Milliseconds from_now) {
  deadline_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(from_now.value);
}

void Connection::start_refused() {
  ++context_.counters.connections_refused;
  is_one_too_many_ = true;
  if (transport_.is_tls()) return shake_hands();
  refuse(too_many_connections(context_.limits.connections_max));
}

void Connection::refuse(const Problem& problem) {
  ++context_.counters.requests_refused;
  send_response(problem_response(problem));
}

void Connection::take_answer(std::uint64_t number, Response response) {
  if (state_ == State::kHandling && number == number_) send_response(std::move(response));
}

void Connection::send_response(Response response) {
  // A refused request gives back at once what it held.
  upload_.reset();
  request_.reset();
  uncount_body();
  // What is left of a refused body is not read, so nothing can follow it.
  if (!body_is_read() || context_.stopping || peer_ended_) close_after_ = true;
  const std::uint64_t body_bytes = response.file ? response.file->size_bytes : response.body.size();
  std::string head = head_text(response, Framing::kLength, body_bytes);
  if (is_head_request_ || status_has_no_body(response.status)) {
    response.body.clear();
    response.file.reset();
  }
  if (response.file) response.body.clear();
  if (response.body.size() <= kJoinedBytes) {
    head += response.body;
    response.body.clear();
  }
  state_ = State::kSending;
  set_deadline(context_.limits.write_stall_max);
  if (close_after_) transport_.gather();  // the last answer and the end, most often in one segment
  sender_.send(std::move(head), std::move(response.body), std::move(response.file),
               [self = shared_from_this()](bool sent) {
                 if (self->state_ == State::kClosed) return;
                 if (!sent) return self->close();
                 self->finish_answer();
               });
}

std::string Connection::head_text(const Response& response, Framing framing,
                                  std::uint64_t body_bytes) const {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status,
                                 reason_phrase(response.status), context_.date);
  response.headers.serialize(text);
  if (framing == Framing::kChunked) {
    text += "Transfer-Encoding: chunked\r\n";
  } else if (framing == Framing::kLength && !status_has_no_body(response.status)) {
    text += fmt::format("Content-Length: {}\r\n", body_bytes);
  }
  if (close_after_) {
    text += "Connection: close\r\n";
  } else if (is_http10_) {
    text += "Connection: keep-alive\r\n";
  }
  return text += "\r\n";
}

void Connection::finish_answer() {
  if (close_after_) return linger();
  if (context_.stopping || peer_ended_) return close();
  has_answered_ = true;
  wait_for_request();
  process();
}

// Closing a socket with unread bytes resets it, and the caller may never see the answer. So the
// caller is told that nothing more comes, and what it still sends is read away for a while.
void Connection::linger() {
  if (body_is_read() && input_.view().empty()) return close();
  if (!transport_.end_sending() || peer_ended_) return close();
  state_ = State::kLingering;
  set_deadline(context_.limits.linger_max);
  input_.clear();
  read();
}

void Connection::take_stream(std::uint64_t number, Response head,
                             std::shared_ptr<StreamCore> stream) {
  if (state_ != State::kHandling || number != number_) return stream->die();
  if (context_.stopping || is_http10_ || peer_ended_) close_after_ = true;
  const Framing framing = is_http10_ ? Framing::kUntilClose : Framing::kChunked;
  std::string text = head_text(head, framing, 0);
  if (is_head_request_) {
    stream->die();
    state_ = State::kSending;
  } else {
    stream_ = std::move(stream);
    ++context_.counters.streams_open;
    state_ = State::kStreaming;
    if (context_.stopping) stream_->abandon();
  }
  set_deadline(context_.limits.write_stall_max);
  sender_.send(std::move(text), {}, std::nullopt, [self = shared_from_this()](bool sent) {
    if (self->state_ == State::kClosed) return;
    if (!sent) return self->close();
    if (self->state_ == State::kSending) return self->finish_answer();
    self->pump_stream();
  });
  if (state_ == State::kStreaming) read();
}

void Connection::flush_stream(std::uint64_t number) {
  if (state_ != State::kStreaming || number != number_) return;
  if (!sender_.busy() || stream_->closed()) pump_stream();
}

void Connection::pump_stream() {
  StreamCore::Taken taken = stream_->take();
  if (taken.dropped) {
    ++context_.counters.slow_readers_dropped;
    return close();
  }
  if (taken.bytes.empty() && !taken.last) return no_deadline();
  std::string before;
  if (!is_http10_) {
    if (!taken.bytes.empty()) {
      before = fmt::format("{:x}\r\n", taken.bytes.size());
      taken.bytes += "\r\n";
    }
    if (taken.complete) taken.bytes += "0\r\n\r\n";
  }
  set_deadline(context_.limits.write_stall_max);
  sender_.send(std::move(before), std::move(taken.bytes), std::nullopt,
               [self = shared_from_this(), last = taken.last, complete = taken.complete](
                   bool sent) { self->on_stream_sent(sent, last, complete); });
}

void Connection::on_stream_sent(bool sent, bool last, bool complete) {
  if (state_ == State::kClosed) return;
  stream_->taken_is_sent();
  if (!sent || (last && !complete)) return close();
  if (!last) return pump_stream();
  --context_.counters.streams_open;
  std::exchange(stream_, nullptr)->die();
  finish_answer();
}

}  // namespace duru::http
