#include "duru/http/message_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <utility>

#include "duru/base/assert.h"

namespace duru::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

std::string to_string(string_view text) { return std::string(text.data(), text.size()); }

// Collects what Beast reports. Both directions share it; only the start line differs.
template <bool is_request>
class Collector : public beast_http::basic_parser<is_request> {
 public:
  Collector(MessageHead& head, std::string_view& piece) : head_(head), piece_(piece) {
    this->body_limit(boost::none);  // the owner counts, it knows the route's limit
  }

 protected:
  void on_request_impl(beast_http::verb, string_view method, string_view target, int version,
                       error_code&) override {
    head_.method = to_string(method);
    head_.target = to_string(target);
    head_.version = version;
  }
  void on_response_impl(int code, string_view, int version, error_code&) override {
    head_.status = code;
    head_.version = version;
  }
  void on_field_impl(beast_http::field, string_view name, string_view value, error_code&) override {
    // Trailers come after the head was handed over; nothing here has a use for them.
    if (!this->is_header_done()) head_.headers.add(to_string(name), to_string(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override {
    piece_ = std::string_view(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
    piece_ = std::string_view(body.data(), body.size());
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

 private:
  MessageHead& head_;
  std::string_view& piece_;
};

ParseFault fault_of(const error_code& code) {
  if (code == beast_http::error::bad_version) return ParseFault::kVersion;
  if (code == beast_http::error::bad_transfer_encoding ||
      code == beast_http::error::bad_content_length ||
      code == beast_http::error::multiple_content_length) {
    return ParseFault::kAmbiguousLength;
  }
  if (code == beast_http::error::partial_message) return ParseFault::kCutOff;
  return ParseFault::kMalformed;
}

}  // namespace

struct MessageParser::Impl {
  Impl(Kind kind, ParserLimits parser_limits) : limits(parser_limits) {
    const auto header_limit = static_cast<std::uint32_t>(limits.header_bytes_max);
    if (kind == Kind::kRequest) {
      request.emplace(head, piece).header_limit(header_limit);
    } else {
      response.emplace(head, piece).header_limit(header_limit);
      response->skip(kind == Kind::kResponseWithoutBody);
    }
  }

  template <class Call>
  auto with_parser(Call call) {
    return request ? call(*request) : call(*response);
  }

  void fail(ParseFault what, std::string text) {
    fault = what;
    fault_text = std::move(text);
  }

  void finish_head() {
    with_parser([this](auto& parser) {
      head.keep_alive = parser.keep_alive();
      head.chunked = parser.chunked();
      if (const auto length = parser.content_length()) head.content_length = *length;
    });
    if (fault == ParseFault::kNone) check_head();
  }

  void check_head() {
    if (head.target.size() > limits.target_bytes_max) {
      return fail(ParseFault::kTargetTooLong, "the request target is too long");
    }
    if (const std::string* coding = head.headers.find("transfer-encoding")) {
      if (head.headers.count("transfer-encoding") > 1 || !equal_ignoring_case(*coding, "chunked")) {
        return fail(ParseFault::kTransferEncoding, "only the transfer coding 'chunked' is known");
      }
      if (head.version == 10) {
        return fail(ParseFault::kAmbiguousLength, "HTTP/1.0 has no transfer codings");
      }
    }
    const std::size_t hosts = head.headers.count("host");
    if (request && (hosts > 1 || (hosts == 0 && head.version == 11))) {
      fail(ParseFault::kBadHost, "exactly one Host field is needed");
    }
  }

  // The head must not outgrow its limit, be it in one line or in many fields.
  void check_head_size(std::string_view rest) {
    if (head_bytes + (head_complete ? 0 : rest.size()) > limits.header_bytes_max) fail_size(rest);
  }

  void fail_size(std::string_view rest) {
    const bool line_is_known = !head.method.empty() || head.status != 0;
    const std::size_t line_bytes =
        line_is_known ? head.target.size() : std::min(rest.find('\r'), rest.size());
    if (line_bytes > limits.target_bytes_max) {
      fail(ParseFault::kTargetTooLong, "the request target is too long");
    } else {
      fail(ParseFault::kHeadersTooLarge, "the header fields are too large");
    }
  }

  const ParserLimits limits;
  MessageHead head;
  std::string_view piece;
  std::optional<Collector<true>> request;
  std::optional<Collector<false>> response;
  std::size_t head_bytes = 0;
  bool head_complete = false;
  ParseFault fault = ParseFault::kNone;
  std::string fault_text;
};

MessageParser::MessageParser(Kind kind, ParserLimits limits)
    : impl_(std::make_unique<Impl>(kind, limits)) {}
MessageParser::~MessageParser() = default;
MessageParser::MessageParser(MessageParser&&) noexcept = default;
MessageParser& MessageParser::operator=(MessageParser&&) noexcept = default;

MessageParser::Step MessageParser::feed(std::string_view bytes) {
  Impl& impl = *impl_;
  Step step;
  impl.piece = {};
  const auto parser_done = [&impl] {
    return impl.with_parser([](auto& parser) { return parser.is_done(); });
  };
  while (impl.fault == ParseFault::kNone && impl.piece.empty() && !parser_done() &&
         step.consumed < bytes.size()) {
    const std::string_view rest = bytes.substr(step.consumed);
    error_code code;
    const std::size_t taken = impl.with_parser([&](auto& parser) {
      return parser.put(boost::asio::const_buffer(rest.data(), rest.size()), code);
    });
    step.consumed += taken;
    if (!impl.head_complete) {
      impl.head_bytes += taken;
      impl.head_complete = impl.with_parser([](auto& parser) { return parser.is_header_done(); });
      impl.check_head_size(rest.substr(taken));
      if (impl.head_complete) {
        impl.finish_head();
        break;
      }
    }
    if (impl.fault != ParseFault::kNone || code == beast_http::error::need_more) break;
    if (code == beast_http::error::header_limit) {
      impl.fail_size(rest.substr(taken));
    } else if (code) {
      impl.fail(fault_of(code), code.message());
    }
  }
  step.body = impl.piece;
  return step;
}

void MessageParser::feed_end() {
  Impl& impl = *impl_;
  if (done() || impl.fault != ParseFault::kNone) return;
  error_code code;
  const bool started = impl.with_parser([&code](auto& parser) {
    if (!parser.got_some()) return false;
    parser.put_eof(code);
    return true;
  });
  if (!started || code) impl.fail(ParseFault::kCutOff, "the message ended too early");
}

bool MessageParser::head_done() const { return impl_->head_complete; }
bool MessageParser::done() const {
  return impl_->with_parser([](auto& parser) { return parser.is_done(); });
}
ParseFault MessageParser::fault() const { return impl_->fault; }
std::string MessageParser::fault_text() const { return impl_->fault_text; }
MessageHead& MessageParser::head() { return impl_->head; }
const MessageHead& MessageParser::head() const { return impl_->head; }

}  // namespace duru::http
