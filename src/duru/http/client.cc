#include "duru/http/client.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "duru/http/client_socket.h"
#include "duru/http/input_buffer.h"
#include "duru/http/message_parser.h"

namespace duru::http {
namespace {

constexpr std::size_t kPieceBytes = 128 * 1024;
constexpr ParserLimits kAnswerLimits{64 * 1024, 64 * 1024};

// Takes a piece of the body: true to go on, false to stop, an error to fail.
using Sink = std::function<Result<bool>(std::string_view)>;

bool is_safe(const std::string& method) { return method == "GET" || method == "HEAD"; }

// What is to be sent after the head: bytes in memory, or a file that is read as it goes.
struct Body {
  std::string_view bytes;
  OwnedFd file;
  std::uint64_t size_bytes = 0;
};

Result<Body> open_body(const ClientRequest& request) {
  Body body;
  if (request.body_file.empty()) {
    body.bytes = request.body;
    body.size_bytes = request.body.size();
    return body;
  }
  body.file = OwnedFd(::open(request.body_file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!body.file.open()) return system_error("open " + request.body_file, errno);
  struct stat status {};
  if (::fstat(body.file.get(), &status) != 0) {
    return system_error("stat " + request.body_file, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorCode::kInvalid, request.body_file + " is not a regular file", false, false};
  }
  body.size_bytes = static_cast<std::uint64_t>(status.st_size);
  return body;
}

Status write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error("write the download", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return ok_status();
}

}  // namespace

struct HttpClient::Impl {
  Address address;
  ClientOptions options;
  std::optional<TlsContext> tls;  // of an https address, once it was needed
  std::optional<ClientSocket> socket;
  InputBuffer input;
  std::optional<Deadline> total_deadline;
  bool used_kept = false;

  // One try of one request.
  struct Progress {
    bool sent_whole = false;
    bool received_any = false;
    bool answered_early = false;  // the server spoke before the request was out
    bool stopped = false;         // by the sink
  };

  Result<ClientResponse> exchange(const ClientRequest& request, const Sink& sink);
  Result<ClientResponse> try_once(const ClientRequest& request, const Sink& sink,
                                  Progress& progress);
  Status send_request(const ClientRequest& request, Progress& progress);
  Result<bool> send_bytes(std::string_view bytes);
  Result<bool> send_file(const Body& body, const std::string& path);
  Result<ClientResponse> read_answer(const std::string& method, const Sink& sink,
                                     Progress& progress);
  Status read_message(MessageParser& parser, const Sink& sink, ClientResponse& response,
                      Progress& progress);
  Result<bool> take_body(std::string_view piece, const Sink& sink, ClientResponse& response) const;
  Status receive(MessageParser& parser, Progress& progress);
  std::string head_text(const ClientRequest& request, std::uint64_t body_bytes) const;
  Deadline deadline() const {
    const Deadline silence =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(options.silence_max.value);
    return total_deadline ? std::min(silence, *total_deadline) : silence;
  }
};

Result<ClientResponse> HttpClient::Impl::exchange(const ClientRequest& request, const Sink& sink) {
  total_deadline.reset();
  if (options.total_max) {
    total_deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(options.total_max->value);
  }
  for (bool is_first_try = true;; is_first_try = false) {
    if (socket && socket->is_stale()) socket.reset();
    const bool reused = used_kept = socket.has_value();
    if (reused && options.unacknowledged_max) {
      socket->set_unacknowledged_max(*options.unacknowledged_max);
    }
    Progress progress;
    auto answer = try_once(request, sink, progress);
    if (answer.ok()) return answer;
    socket.reset();
    Error error = answer.error();
    // The server may close a kept connection just when the next request is on its way.
    const bool nothing_happened = is_safe(request.method) || !progress.sent_whole;
    if (is_first_try && reused && nothing_happened && !progress.received_any &&
        error.code == ErrorCode::kUnavailable) {
      continue;
    }
    if (progress.sent_whole && !is_safe(request.method)) error.outcome_unknown = true;
    error.message = request.method + " " + address.url() + request.target + ": " + error.message;
    return error;
  }
}

Result<ClientResponse> HttpClient::Impl::try_once(const ClientRequest& request, const Sink& sink,
                                                  Progress& progress) {
  if (!socket) {
    if (address.is_tls && !tls) {
      auto made = TlsContext::for_client(options.trust);
      if (!made.ok()) return made.error();
      tls = std::move(made.value());
    }
    auto connected = ClientSocket::connect(address, options.connect_max, tls);
    if (!connected.ok()) return connected.error();
    socket.emplace(std::move(connected.value()));
    input = InputBuffer();
  }
  const Status sent = send_request(request, progress);
  // A server that refuses a body closes its side; its answer is worth more than the broken pipe.
  if (!sent.ok() && sent.error().code != ErrorCode::kUnavailable) return sent.error();
  auto answer = read_answer(request.method, sink, progress);
  if (!answer.ok() && !sent.ok() && !progress.received_any) return sent.error();
  return answer;
}

std::string HttpClient::Impl::head_text(const ClientRequest& request,
                                        std::uint64_t body_bytes) const {
  Headers headers = options.headers;
  for (const auto& [name, value] : request.headers) headers.set(name, value);
  headers.set("Host", address.str());
  const bool says_length = body_bytes > 0 || !is_safe(request.method);
  if (says_length) headers.set("Content-Length", std::to_string(body_bytes));
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\n";
  headers.serialize(text);
  return text += "\r\n";
}

Status HttpClient::Impl::send_request(const ClientRequest& request, Progress& progress) {
  auto body = open_body(request);
  if (!body.ok()) return body.error();
  std::string head = head_text(request, body.value().size_bytes);
  const bool in_memory = !body.value().file.open();
  if (in_memory) head += body.value().bytes;
  auto went_out = send_bytes(head);
  if (went_out.ok() && went_out.value() && !in_memory) {
    went_out = send_file(body.value(), request.body_file);
  }
  if (!went_out.ok()) return went_out.error();
  progress.sent_whole = went_out.value();
  progress.answered_early = !went_out.value();
  return ok_status();
}

// False when the server answered before all was sent.
Result<bool> HttpClient::Impl::send_bytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = socket->send_some(bytes, deadline());
    if (!sent.ok()) return sent.error();
    if (sent.value() == 0) return false;
    bytes.remove_prefix(sent.value());
  }
  return true;
}

Result<bool> HttpClient::Impl::send_file(const Body& body, const std::string& path) {
  std::string piece(kPieceBytes, '\0');
  for (std::uint64_t left = body.size_bytes; left > 0;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size()));
    const ssize_t got = ::read(body.file.get(), piece.data(), wanted);
    if (got < 0) return system_error("read " + path, errno);
    if (got == 0) {
      return Error{ErrorCode::kInvalid, path + " became shorter while it was sent", true, false};
    }
    auto went_out = send_bytes(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
    if (!went_out.ok() || !went_out.value()) return went_out;
    left -= static_cast<std::uint64_t>(got);
  }
  return true;
}

Result<ClientResponse> HttpClient::Impl::read_answer(const std::string& method, const Sink& sink,
                                                     Progress& progress) {
  const auto kind =
      method == "HEAD" ? MessageParser::Kind::kResponseWithoutBody : MessageParser::Kind::kResponse;
  for (;;) {
    MessageParser parser(kind, kAnswerLimits);
    ClientResponse response;
    DURU_TRY(read_message(parser, sink, response, progress));
    if (response.status / 100 == 1) continue;  // "100 Continue": the answer is still to come
    if (progress.stopped || progress.answered_early || !parser.head().keep_alive) socket.reset();
    return response;
  }
}

Status HttpClient::Impl::read_message(MessageParser& parser, const Sink& sink,
                                      ClientResponse& response, Progress& progress) {
  for (;;) {
    const bool had_head = parser.head_done();
    const MessageParser::Step step = parser.feed(input.view());
    input.consume(step.consumed);
    if (parser.fault() == ParseFault::kCutOff) {
      return Error{ErrorCode::kUnavailable, "the connection broke off in mid-answer", true, false};
    }
    if (parser.fault() != ParseFault::kNone) {
      return Error{ErrorCode::kInvalid, "the answer is not HTTP: " + parser.fault_text(), false,
                   false};
    }
    if (!had_head && parser.head_done()) {
      response.status = parser.head().status;
      response.headers = parser.head().headers;
    }
    if (!step.body.empty()) {
      const auto goes_on = take_body(step.body, sink, response);
      if (!goes_on.ok()) return goes_on.error();
      progress.stopped = !goes_on.value();
    }
    if (parser.done() || progress.stopped) return ok_status();
    const bool made_progress = step.consumed > 0 && !input.view().empty();
    if (!made_progress) DURU_TRY(receive(parser, progress));
  }
}

Result<bool> HttpClient::Impl::take_body(std::string_view piece, const Sink& sink,
                                         ClientResponse& response) const {
  if (sink && response.is_success()) return sink(piece);
  if (response.body.size() + piece.size() > options.answer_bytes_max) {
    return Error{ErrorCode::kExhausted,
                 "the answer has more than " + std::to_string(options.answer_bytes_max) + " bytes",
                 false, false};
  }
  response.body += piece;
  return true;
}

Status HttpClient::Impl::receive(MessageParser& parser, Progress& progress) {
  input.prepare(kPieceBytes);
  const auto got = socket->receive_some(input.room(), input.room_bytes(), deadline());
  if (!got.ok()) return got.error();
  input.commit(got.value());
  if (got.value() > 0) {
    progress.received_any = true;
  } else {
    parser.feed_end();
    if (parser.fault() == ParseFault::kNone) socket.reset();
  }
  return ok_status();
}

HttpClient::HttpClient(Address address, ClientOptions options)
    : impl_(std::make_unique<Impl>(Impl{
          std::move(address), std::move(options), std::nullopt, std::nullopt, {}, std::nullopt})) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

bool HttpClient::used_kept() const { return impl_->used_kept; }

const Address& HttpClient::address() const { return impl_->address; }

Result<ClientResponse> HttpClient::send(const ClientRequest& request) {
  return impl_->exchange(request, nullptr);
}

Result<ClientResponse> HttpClient::request(std::string method, std::string target, Headers headers,
                                           std::string body) {
  return send({.method = std::move(method),
               .target = std::move(target),
               .headers = std::move(headers),
               .body = std::move(body)});
}

Result<ClientResponse> HttpClient::download(const ClientRequest& request, int fd) {
  return impl_->exchange(request, [fd](std::string_view piece) -> Result<bool> {
    DURU_TRY(write_all(fd, piece));
    return true;
  });
}

Result<ClientResponse> HttpClient::follow(const ClientRequest& request,
                                          const std::function<bool(std::string_view)>& on_bytes) {
  return impl_->exchange(
      request, [&on_bytes](std::string_view piece) -> Result<bool> { return on_bytes(piece); });
}

Result<ClientResponse> HttpClient::follow_lines(
    const ClientRequest& request, const std::function<bool(std::string_view)>& on_line) {
  std::string unfinished;
  bool stopped = false;
  auto answer = follow(request, [&](std::string_view piece) {
    for (;;) {
      const std::size_t end = piece.find('\n');
      unfinished += piece.substr(0, end);
      if (end == std::string_view::npos) return true;
      piece.remove_prefix(end + 1);
      stopped = !on_line(std::exchange(unfinished, {}));
      if (stopped) return false;
    }
  });
  if (answer.ok() && !stopped && !unfinished.empty()) on_line(unfinished);
  return answer;
}

}  // namespace duru::http
