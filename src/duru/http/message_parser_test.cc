#include "duru/http/message_parser.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace duru::http {
namespace {

using Kind = MessageParser::Kind;

struct Parsed {
  ParseFault fault = ParseFault::kNone;
  bool done = false;
  MessageHead head;
  std::string body;
  std::string rest;
};

// Feeds `bytes` as a connection does: `piece_bytes` at a time, keeping what was not consumed.
Parsed parse(std::string_view bytes, std::size_t piece_bytes, Kind kind = Kind::kRequest,
             ParserLimits limits = {512, 128}, bool then_end = false) {
  MessageParser parser(kind, limits);
  std::string buffer;
  std::string body;
  while (parser.fault() == ParseFault::kNone && !parser.done()) {
    // A copy of its exact size, so that a sanitizer sees a read beyond the end.
    const std::vector<char> exact(buffer.begin(), buffer.end());
    const auto step = parser.feed({exact.data(), exact.size()});
    body += step.body;
    buffer.erase(0, step.consumed);
    if (step.consumed > 0) continue;
    if (bytes.empty()) break;
    buffer += bytes.substr(0, piece_bytes);
    bytes.remove_prefix(std::min(piece_bytes, bytes.size()));
  }
  if (then_end) parser.feed_end();
  return {parser.fault(), parser.done(), parser.head(), body, buffer + std::string(bytes)};
}

TEST(MessageParserTest, AMessageReadsTheSameHoweverItIsCut) {
  const std::string with_length =
      "POST /v1/jobs?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nX-Twice: 1\r\n\r\nhello "
      "worldGET";
  const std::string chunked =
      "POST /v1/jobs?x=1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX-Twice: 1\r\n\r\n"
      "6;ext=1\r\nhello \r\n5\r\nworld\r\n0\r\nTrailer: t\r\n\r\nGET";
  for (const std::string& text : {with_length, chunked}) {
    for (std::size_t piece_bytes = 1; piece_bytes <= text.size(); ++piece_bytes) {
      const Parsed parsed = parse(text, piece_bytes);
      ASSERT_EQ(parsed.fault, ParseFault::kNone) << piece_bytes;
      ASSERT_TRUE(parsed.done);
      EXPECT_EQ(parsed.head.method, "POST");
      EXPECT_EQ(parsed.head.target, "/v1/jobs?x=1");
      EXPECT_EQ(parsed.head.headers.get("x-twice"), "1");
      EXPECT_EQ(parsed.head.headers.count("trailer"), 0U);
      EXPECT_TRUE(parsed.head.keep_alive);
      EXPECT_EQ(parsed.body, "hello world");
      EXPECT_EQ(parsed.rest, "GET");
    }
  }
}

TEST(MessageParserTest, NamesWhatIsWrong) {
  const std::vector<std::pair<std::string, ParseFault>> cases = {
      {"\x16\x03\x01\x02", ParseFault::kMalformed},
      {"GET\r\n\r\n", ParseFault::kMalformed},
      {"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", ParseFault::kMalformed},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: a\x01z\r\n\r\n", ParseFault::kMalformed},
      {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", ParseFault::kMalformed},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", ParseFault::kVersion},
      {"GET / ICAP/1.1\r\n\r\n", ParseFault::kVersion},
      {"GET / HTTP/1.1\r\n\r\n", ParseFault::kBadHost},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", ParseFault::kBadHost},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", ParseFault::kAmbiguousLength},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", ParseFault::kAmbiguousLength},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
       ParseFault::kAmbiguousLength},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
       ParseFault::kAmbiguousLength},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       ParseFault::kAmbiguousLength},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
       ParseFault::kAmbiguousLength},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", ParseFault::kAmbiguousLength},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
       ParseFault::kTransferEncoding},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
       ParseFault::kTransferEncoding},
      {"GET /" + std::string(200, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n",
       ParseFault::kTargetTooLong},
      {"GET /" + std::string(2000, 'a'), ParseFault::kTargetTooLong},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(600, 'a') + "\r\n\r\n",
       ParseFault::kHeadersTooLarge},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(2000, 'a'), ParseFault::kHeadersTooLarge},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
       ParseFault::kMalformed},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
       ParseFault::kMalformed},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
       ParseFault::kMalformed},
  };
  for (const auto& [text, fault] : cases) {
    EXPECT_EQ(parse(text, text.size()).fault, fault) << text;
    EXPECT_EQ(parse(text, 1).fault, fault) << text << " byte by byte";
    EXPECT_EQ(parse(text, 7).fault, fault) << text << " in sevens";
  }
}

TEST(MessageParserTest, AResponseMayLastUntilTheConnectionEnds) {
  const auto whole = parse("HTTP/1.1 200 OK\r\n\r\nall of it", 3, Kind::kResponse, {}, true);
  EXPECT_EQ(whole.fault, ParseFault::kNone);
  EXPECT_TRUE(whole.done);
  EXPECT_FALSE(whole.head.keep_alive);
  EXPECT_EQ(whole.body, "all of it");
}

TEST(MessageParserTest, ACutOffMessageIsNoMessage) {
  for (const char* text :
       {"", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
    EXPECT_EQ(parse(text, 4, Kind::kResponse, {}, true).fault, ParseFault::kCutOff) << text;
  }
}

TEST(MessageParserTest, TheAnswerToHeadHasNoBody) {
  const auto head =
      parse("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", 9, Kind::kResponseWithoutBody);
  EXPECT_TRUE(head.done);
  EXPECT_EQ(head.head.content_length, 500U);
}

TEST(MessageParserTest, MutatedMessagesAreAnsweredNotCrashed) {
  const std::vector<std::string> seeds = {
      "POST /v1/jobs?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nA: b\r\n c\r\n\r\nhello "
      "world",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "6;e=\"1\"\r\nhello \r\n5\r\nworld\r\n0\r\nT: t\r\n\r\n"};
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    std::string text = seeds[random() % seeds.size()];
    for (auto changes = random() % 4 + 1; changes > 0; --changes) {
      const std::size_t at = random() % text.size();
      static constexpr char kTelling[] = "\r\n:;,= 0aF\x00\xff\t\"\\";
      switch (random() % 3) {
        case 0:
          text[at] = kTelling[random() % (sizeof(kTelling) - 1)];
          break;
        case 1:
          text.erase(at, random() % 3 + 1);
          break;
        default:
          text.insert(at, 1, kTelling[random() % (sizeof(kTelling) - 1)]);
      }
    }
    const Parsed whole = parse(text, text.size());
    const Parsed pieces = parse(text, random() % 5 + 1);
    EXPECT_EQ(whole.done, pieces.done) << text;
    if (whole.done && pieces.done) {
      EXPECT_EQ(whole.body, pieces.body) << text;
    }
  }
}

}  // namespace
}  // namespace duru::http
