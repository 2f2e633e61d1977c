#include "duru/http/sse.h"

#include <gtest/gtest.h>

#include <vector>

namespace duru::http {
namespace {

std::vector<SseEvent> parse(std::string_view bytes, std::size_t piece_bytes) {
  SseParser parser;
  std::vector<SseEvent> events;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece_bytes, bytes.size()))) {
    const auto status = parser.feed(bytes.substr(0, piece_bytes), [&](const SseEvent& event) {
      events.push_back(event);
      return true;
    });
    EXPECT_TRUE(status.ok());
  }
  return events;
}

TEST(SseTest, WhatIsWrittenIsReadBackHoweverItWasCut) {
  const std::vector<SseEvent> events = {{"job", "42", R"({"id":1})"},
                                        {"deleted", "43", "a\nb\n\nc\n"},
                                        {"message", "43", ""},
                                        {"message", "44", " leading space: kept"}};
  std::string text = sse_comment("heartbeat");
  text += sse_event("job", "42", events[0].data);
  text += sse_event("deleted", "43", events[1].data);
  text += sse_comment("two\nlines");
  text += sse_event("", "", events[2].data);
  text += sse_event("", "44", events[3].data);
  for (std::size_t piece_bytes = 1; piece_bytes <= text.size(); ++piece_bytes) {
    EXPECT_EQ(parse(text, piece_bytes), events) << piece_bytes;
  }
}

TEST(SseTest, EveryLineEndOfTheStandardIsTaken) {
  for (std::size_t piece_bytes = 1; piece_bytes <= 8; ++piece_bytes) {
    const auto events = parse(
        "\xEF\xBB\xBF"
        "data: a\r\ndata: b\r\n\r\ndata:c\r\rdata\n\nid: 9\n\nretry: 5\nfoo: x\n\n",
        piece_bytes);
    EXPECT_EQ(events, (std::vector<SseEvent>{
                          {"message", "", "a\nb"}, {"message", "", "c"}, {"message", "", ""}}));
  }
}

TEST(SseTest, AnEventNameLastsForOneEventAndAnIdForAll) {
  const auto events =
      parse("event: job\nid: 1\ndata: x\n\ndata: y\n\nevent: lost\n\ndata: z\n\n", 7);
  EXPECT_EQ(events, (std::vector<SseEvent>{
                        {"job", "1", "x"}, {"message", "1", "y"}, {"message", "1", "z"}}));
}

TEST(SseTest, NamesAndIdsCannotForgeFields) {
  EXPECT_EQ(sse_event("a\ndata: forged", "1\r2", "x"),
            "id: 1 2\nevent: a data: forged\ndata: x\n\n");
}

TEST(SseTest, AnEventOverTheLimitIsAnErrorAndStopStops) {
  SseParser small(16);
  const auto nothing = [](const SseEvent&) { return true; };
  EXPECT_TRUE(small.feed("data: 12345\n", nothing).ok());
  const auto status = small.feed("data: 6789012345", nothing);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kExhausted);

  SseParser parser;
  int seen = 0;
  EXPECT_TRUE(parser
                  .feed("data: 1\n\ndata: 2\n\n",
                        [&](const SseEvent&) {
                          ++seen;
                          return false;
                        })
                  .ok());
  EXPECT_EQ(seen, 1);
}

}  // namespace
}  // namespace duru::http
