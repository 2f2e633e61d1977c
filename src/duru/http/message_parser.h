// Bytes of an HTTP/1 connection in, one message out: the head, then the body piece by piece.
//
//   MessageParser parser(MessageParser::Kind::kRequest, {16384, 8192});
//   auto step = parser.feed(buffer);       // buffer must hold what earlier steps did not consume
//   buffer.erase(step.consumed);
//   if (parser.head_done()) …               // feed() stops once here, before the body
//   if (!step.body.empty()) …               // points into the bytes that were given
//
// One parser reads one message. The grammar is Boost.Beast's; here stand the limits and what the
// grammar lets through but two servers might read differently (request smuggling). This and
// message_parser.cc are the only place that knows Beast.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "duru/http/headers.h"

namespace duru::http {

struct MessageHead {
  std::string method, target;  // of a request
  int status = 0;              // of a response
  int version = 11;            // 10 or 11
  Headers headers;
  bool keep_alive = false;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
};

enum class ParseFault {
  kNone,
  kMalformed,         // not HTTP, or not quite
  kVersion,           // HTTP, but neither 1.0 nor 1.1
  kTargetTooLong,     //
  kHeadersTooLarge,   //
  kTransferEncoding,  // a coding other than "chunked"
  kAmbiguousLength,   // more than one way to tell where the body ends
  kBadHost,           // none, or more than one
  kCutOff,            // the bytes ended inside the message
};

struct ParserLimits {
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t target_bytes_max = 8 * 1024;
};

class MessageParser {
 public:
  enum class Kind { kRequest, kResponse, kResponseWithoutBody };
  struct Step {
    std::size_t consumed = 0;
    std::string_view body = {};
  };

  MessageParser(Kind kind, ParserLimits limits);
  ~MessageParser();
  MessageParser(MessageParser&&) noexcept;
  MessageParser& operator=(MessageParser&&) noexcept;

  // Goes on until the head is complete, or a piece of body was found, or more bytes are needed, or
  // the message is done, or faulty.
  Step feed(std::string_view bytes);
  // No more bytes will come: completes a response that lasts until the connection ends.
  void feed_end();

  bool head_done() const;
  bool done() const;
  ParseFault fault() const;  // once set, the parser takes nothing more
  std::string fault_text() const;
  MessageHead& head();
  const MessageHead& head() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace duru::http
