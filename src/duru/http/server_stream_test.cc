// Live streams and the clean stop, which cuts them.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "duru/http/sse.h"
#include "duru/http/test_support.h"

namespace duru::http {
namespace {

// A route "/stream" whose streams are kept here for the test to write to.
class StreamRoute {
 public:
  Router router() {
    Router router;
    router.add("GET", "/stream", [this](const auto&, Responder responder) {
      const std::lock_guard<std::mutex> lock(mutex_);
      streams_.push_back(responder.stream({.content_type = "text/event-stream"}));
    });
    router.add("GET", "/hello", answer_hello);
    return router;
  }
  Stream wait_for(std::size_t number) {
    EXPECT_TRUE(eventually([&] {
      const std::lock_guard<std::mutex> lock(mutex_);
      return streams_.size() > number;
    }));
    const std::lock_guard<std::mutex> lock(mutex_);
    return streams_.at(number);
  }
  void forget_all() {
    const std::lock_guard<std::mutex> lock(mutex_);
    streams_.clear();
  }

 private:
  std::mutex mutex_;
  std::vector<Stream> streams_;
};

constexpr std::string_view kAsk = "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(HttpStreamTest, EventsArriveAsTheyAreWrittenFromAnotherThread) {
  StreamRoute route;
  const auto server = start_server(route.router());
  std::thread writer([&] {
    Stream stream = route.wait_for(0);
    for (int i = 0; i < 200; ++i) {
      EXPECT_TRUE(stream.write(sse_event("job", std::to_string(i), "a\nb")));
    }
    stream.close();
    EXPECT_FALSE(stream.write("after the end"));
  });
  HttpClient client(server->address());
  SseParser parser;
  int seen = 0;
  const auto answer = client.follow({.target = "/stream"}, [&](std::string_view bytes) {
    return parser
        .feed(bytes,
              [&](const SseEvent& event) {
                EXPECT_EQ(event, (SseEvent{"job", std::to_string(seen++), "a\nb"}));
                return true;
              })
        .ok();
  });
  writer.join();
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer.value().headers.get("content-type"), "text/event-stream");
  EXPECT_EQ(seen, 200);
  EXPECT_EQ(client.request("GET", "/hello").value().body, "hello") << "the connection is kept";
  EXPECT_EQ(server->counters().connections_accepted, 1U);
  EXPECT_EQ(server->counters().streams_open, 0U);
}

TEST(HttpStreamTest, RequestsPipelinedBehindAStreamWaitForItsEnd) {
  StreamRoute route;
  const auto server = start_server(route.router());
  RawSocket socket(server->address());
  socket.send(std::string(kAsk) + "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  Stream stream = route.wait_for(0);
  stream.write("one");
  EXPECT_NE(socket.read_until("one\r\n").find("3\r\none"), std::string::npos);
  socket.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  stream.write("two");
  stream.close();
  const std::string rest = socket.read_until("hello");
  EXPECT_EQ(rest.find("3\r\ntwo\r\n0\r\n\r\nHTTP/1.1 200 OK"), 0U) << rest;
  EXPECT_NE(socket.read_until("hello").find("200 OK"), std::string::npos);
}

TEST(HttpStreamTest, Http10GetsTheBareBytes) {
  StreamRoute route;
  const auto server = start_server(route.router());
  RawSocket socket(server->address());
  socket.send("GET /stream HTTP/1.0\r\n\r\n");
  Stream stream = route.wait_for(0);
  stream.write("one");
  stream.close();
  const std::string text = socket.read_to_end();
  EXPECT_EQ(text.find("Transfer-Encoding"), std::string::npos);
  EXPECT_EQ(text.substr(text.find("\r\n\r\n")), "\r\n\r\none");
}

TEST(HttpStreamTest, AWriterLearnsThatItsReaderLeft) {
  StreamRoute route;
  const auto server = start_server(route.router());
  RawSocket socket(server->address());
  socket.send(kAsk);
  Stream stream = route.wait_for(0);
  std::atomic<bool> told{false};
  stream.on_closed([&] { told = true; });
  EXPECT_FALSE(stream.closed());
  socket.close();
  EXPECT_TRUE(eventually([&] { return stream.closed() && told; })) << "without a write";
  EXPECT_FALSE(stream.write("nobody"));
  EXPECT_FALSE(stream.wait_room(seconds(5)));
  bool told_at_once = false;
  stream.on_closed([&] { told_at_once = true; });
  EXPECT_TRUE(told_at_once);
  EXPECT_EQ(server->counters().slow_readers_dropped, 0U);
}

TEST(HttpStreamTest, ASlowReaderIsDroppedAtTheLimitAndHoldsUpNobody) {
  StreamRoute route;
  const auto server = start_server(route.router(), {.stream_buffer_bytes_max = 64 * 1024});
  RawSocket slow(server->address(), 4096);
  slow.send(kAsk);
  Stream stream = route.wait_for(0);
  HttpClient other(server->address());
  const std::string piece(16 * 1024, 'x');
  bool still_read = true;
  EXPECT_TRUE(eventually([&] {
    still_read = stream.write(piece);
    EXPECT_LE(stream.buffered_bytes(), 64U * 1024);
    return !still_read;
  }));
  EXPECT_TRUE(stream.closed());
  EXPECT_TRUE(eventually([&] { return server->counters().slow_readers_dropped == 1; }));
  EXPECT_TRUE(eventually([&] { return server->counters().streams_open == 0; }));
  EXPECT_EQ(other.request("GET", "/hello").value().body, "hello");
}

TEST(HttpStreamTest, AFastWriterMayWaitForRoomInstead) {
  StreamRoute route;
  const auto server = start_server(route.router(), {.stream_buffer_bytes_max = 64 * 1024});
  constexpr std::size_t kPieces = 2000;
  std::thread writer([&] {
    Stream stream = route.wait_for(0);
    for (std::size_t i = 0; i < kPieces; ++i) {
      ASSERT_TRUE(stream.wait_room(seconds(10)));
      ASSERT_TRUE(stream.write(std::string(8192, static_cast<char>('a' + i % 26))));
    }
    stream.close();
  });
  HttpClient client(server->address());
  std::size_t bytes = 0;
  const auto answer = client.follow({.target = "/stream"}, [&](std::string_view piece) {
    bytes += piece.size();
    return true;
  });
  writer.join();
  EXPECT_TRUE(answer.ok());
  EXPECT_EQ(bytes, kPieces * 8192);
}

TEST(HttpStreamTest, AReaderThatStallsOnLittleIsDroppedInTime) {
  StreamRoute route;
  const auto server = start_server(route.router(), {.stream_buffer_bytes_max = 64 * 1024 * 1024,
                                                    .write_stall_max = Milliseconds(100)});
  RawSocket slow(server->address(), 4096);
  slow.send(kAsk);
  Stream stream = route.wait_for(0);
  EXPECT_TRUE(stream.write(std::string(32 * 1024 * 1024, 'x')));
  EXPECT_TRUE(eventually([&] { return server->counters().slow_readers_dropped == 1; }));
}

TEST(HttpStreamTest, AStreamThatNobodyClosedLooksIncomplete) {
  StreamRoute route;
  const auto server = start_server(route.router());
  HttpClient client(server->address());
  std::string got;
  std::thread writer([&] {
    route.wait_for(0).write("half");
    route.forget_all();
  });
  const auto answer = client.follow({.target = "/stream"}, [&](std::string_view bytes) {
    got += bytes;
    return true;
  });
  writer.join();
  EXPECT_EQ(got, "half");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(answer.error().outcome_unknown);
}

TEST(HttpStreamTest, HeadOfAStreamHasNoBody) {
  StreamRoute route;
  const auto server = start_server(route.router());
  HttpClient client(server->address());
  const auto answer = client.request("HEAD", "/stream");
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer.value().status, 200);
  EXPECT_TRUE(eventually([&] { return route.wait_for(0).closed(); }));
  EXPECT_EQ(client.request("GET", "/hello").value().body, "hello");
}

TEST(HttpStopTest, RequestsUnderWayFinishAndNothingNewBegins) {
  Router router;
  std::mutex mutex;
  std::vector<Responder> waiting;
  std::atomic<int> arrived{0};
  router.add("GET", "/wait", [&](const auto&, Responder responder) {
    const std::lock_guard<std::mutex> lock(mutex);
    waiting.push_back(std::move(responder));
    ++arrived;
  });
  auto server = start_server(std::move(router), {.linger_max = Milliseconds(50)});
  const Address address = server->address();
  RawSocket idle(address);
  RawSocket busy(address);
  busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\nGET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return arrived == 1 && server->counters().connections_open == 2; }));
  std::thread stopper([&] { server->stop(seconds(30)); });
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_TRUE(idle.ended());
  HttpClient late(address);
  EXPECT_EQ(late.request("GET", "/wait").error().code, ErrorCode::kUnavailable);
  {
    const std::lock_guard<std::mutex> lock(mutex);
    waiting[0].send(text_response(200, "done"));
  }
  const std::string answer = busy.read_to_end();
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  EXPECT_NE(answer.find("done"), std::string::npos);
  stopper.join();
  EXPECT_EQ(arrived, 1) << "the pipelined request was not begun";
  EXPECT_EQ(server->counters().connections_open, 0U);
  server->stop(seconds(1));
}

TEST(HttpStopTest, TheGraceIsALimit) {
  Router router;
  std::vector<Responder> waiting;
  std::atomic<int> arrived{0};
  router.add("GET", "/wait", [&](const auto&, Responder responder) {
    waiting.push_back(std::move(responder));
    ++arrived;
  });
  auto server = start_server(std::move(router));
  RawSocket socket(server->address());
  socket.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return arrived == 1; }));
  server->stop(Milliseconds(50));
  EXPECT_EQ(socket.read_to_end(), "");
  EXPECT_TRUE(socket.ended());
}

TEST(HttpStopTest, StreamsSendWhatTheyHoldAndEndWithoutTheirFinalChunk) {
  StreamRoute route;
  auto server = start_server(route.router());
  RawSocket socket(server->address());
  socket.send(kAsk);
  Stream stream = route.wait_for(0);
  std::atomic<bool> told{false};
  stream.on_closed([&] { told = true; });
  stream.write("last words");
  server->stop(seconds(10));
  const std::string text = socket.read_to_end();
  EXPECT_NE(text.find("a\r\nlast words\r\n"), std::string::npos);
  EXPECT_EQ(text.find("0\r\n\r\n"), std::string::npos);
  EXPECT_TRUE(stream.closed());
  EXPECT_TRUE(told);
  EXPECT_FALSE(stream.write("more"));
}

}  // namespace
}  // namespace duru::http
