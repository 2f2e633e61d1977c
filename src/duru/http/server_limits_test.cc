// Every limit of HttpLimits, from the caller's side.
#include <gtest/gtest.h>

#include "duru/http/test_support.h"

namespace duru::http {
namespace {

Router small_router() {
  Router router;
  router.add("GET", "/hello", answer_hello);
  router.add("POST", "/echo", answer_body);
  router.add("POST", "/large", answer_body, {.body_bytes_max = 5000});
  return router;
}

// Sends `bytes` on a connection of its own and expects one problem, after which the server closes.
void expect_refusal(const HttpServer& server, std::string_view bytes, int status,
                    const std::string& type) {
  RawSocket socket(server.address());
  socket.send(bytes);
  const std::string answer = socket.read_to_end();
  EXPECT_EQ(answer.find("HTTP/1.1 " + std::to_string(status) + " "), 0U) << answer;
  EXPECT_NE(answer.find("\"type\":\"" + type + "\""), std::string::npos) << answer;
  EXPECT_NE(answer.find("application/problem+json"), std::string::npos);
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(socket.ended());
}

TEST(HttpLimitsTest, BodiesOverTheLimitAre413HoweverTheyAreFramed) {
  const auto server =
      start_server(small_router(), {.body_bytes_max = 1000, .linger_max = Milliseconds(50)});
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\n";
  expect_refusal(*server, head + "Content-Length: 1001\r\n\r\n", 413, "body-too-large");
  expect_refusal(*server, head + "Content-Length: 18446744073709551615\r\n\r\n", 413,
                 "body-too-large");
  expect_refusal(*server,
                 head + "Transfer-Encoding: chunked\r\n\r\n3e8\r\n" + std::string(1000, 'x') +
                     "\r\n1\r\nx\r\n",
                 413, "body-too-large");
  HttpClient client(server->address());
  EXPECT_EQ(client.request("POST", "/echo", {}, std::string(1000, 'x')).value().status, 200);
  EXPECT_EQ(client.request("POST", "/large", {}, std::string(5000, 'x')).value().status, 200);
  EXPECT_EQ(client.request("POST", "/large", {}, std::string(5001, 'x')).value().status, 413);
}

TEST(HttpLimitsTest, BodiesThatAreStillComingInShareOneLimit) {
  const auto server =
      start_server(small_router(), {.bodies_bytes_max = 1000, .linger_max = Milliseconds(50)});
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n";
  RawSocket first(server->address());
  first.send(head + std::string(600, 'x'));
  HttpClient client(server->address());
  EXPECT_TRUE(eventually([&] {
    return client.request("POST", "/echo", {}, std::string(600, 'y')).value().status == 503;
  }));
  first.send(std::string(300, 'x'));
  EXPECT_NE(first.read_until(std::string(900, 'x')).find("200 OK"), std::string::npos);
  EXPECT_EQ(client.request("POST", "/echo", {}, std::string(600, 'y')).value().status, 200);
  expect_refusal(
      *server,
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1500\r\n\r\n" + std::string(1001, 'x'),
      503, "too-busy");
}

TEST(HttpLimitsTest, ARefusedLargeBodyStillGetsItsAnswer) {
  const auto server = start_server(small_router());
  HttpClient client(server->address());
  const auto answer = client.request("POST", "/echo", {}, std::string(40 * 1024 * 1024, 'x'));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer.value().status, 413);
  EXPECT_EQ(client.request("GET", "/hello").value().status, 200);
}

TEST(HttpLimitsTest, LongTargetsAndLargeHeadersHaveStatusesOfTheirOwn) {
  const auto server = start_server(small_router(), {.linger_max = Milliseconds(50)});
  expect_refusal(*server, "GET /" + std::string(8192, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414,
                 "target-too-long");
  expect_refusal(*server, "GET /" + std::string(20000, 'a'), 414, "target-too-long");
  expect_refusal(*server,
                 "GET /hello HTTP/1.1\r\nHost: a\r\nX: " + std::string(17000, 'a') + "\r\n\r\n",
                 431, "headers-too-large");
  std::string many = "GET /hello HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 3000; ++i) many += "X: a\r\n";
  expect_refusal(*server, many + "\r\n", 431, "headers-too-large");
  HttpClient client(server->address());
  EXPECT_EQ(client.request("GET", "/" + std::string(8000, 'a')).value().status, 404);
  EXPECT_EQ(client.request("GET", "/hello", {{"X", std::string(15000, 'a')}}).value().status, 200);
}

TEST(HttpLimitsTest, GarbageIsRefusedAndTheServerLivesOn) {
  const auto server = start_server(small_router(), {.linger_max = Milliseconds(50)});
  expect_refusal(*server, "\x16\x03\x01\x02\x00\x01", 400, "malformed-request");
  expect_refusal(*server, "GET /hello HTTP/1.1\nHost: a\n\n", 505, "http-version");
  expect_refusal(*server, "GET /hello HTTP/3.0\r\n\r\n", 505, "http-version");
  expect_refusal(*server, "GET /hello HTTP/1.1\r\n\r\n", 400, "bad-host");
  expect_refusal(*server,
                 "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 400, "ambiguous-length");
  expect_refusal(*server, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501,
                 "unknown-transfer-coding");
  expect_refusal(*server,
                 "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400,
                 "malformed-request");
  expect_refusal(*server,
                 "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
                     std::string(40000, 'e'),
                 400, "malformed-request");
  HttpClient client(server->address());
  EXPECT_EQ(client.request("GET", "/hello").value().status, 200);
  EXPECT_GE(server->counters().requests_refused, 8U);
}

TEST(HttpLimitsTest, ASlowRequestIs408HoweverItDripsIn) {
  const auto server = start_server(
      small_router(), {.request_read_max = Milliseconds(100), .linger_max = Milliseconds(50)});
  expect_refusal(*server, "GET /hel", 408, "request-timeout");
  expect_refusal(*server, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc", 408,
                 "request-timeout");
  RawSocket dripping(server->address());
  ASSERT_TRUE(dripping.send("GET /hello HTTP/1.1\r\nX: "));
  // Each byte comes well within the limit, the whole does not.
  EXPECT_TRUE(eventually([&] { return !dripping.send("a"); }));
}

TEST(HttpLimitsTest, AnUploadMayTakeLongButNotBeSilentLong) {
  const TemporaryFolder folder;
  Router router;
  router.add("PUT", "/a",
             [](const auto& request, Responder responder) {
               responder.send(text_response(200, std::to_string(request->upload.size_bytes())));
             },
             {.upload_folder = folder.path()});
  const auto server = start_server(
      std::move(router), {.request_read_max = Milliseconds(150), .linger_max = Milliseconds(50)});
  RawSocket socket(server->address());
  socket.send("PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n\r\n");
  const auto start = std::chrono::steady_clock::now();
  for (int i = 1; i <= 60; ++i) {
    ASSERT_TRUE(eventually([&] {
      return std::chrono::steady_clock::now() - start > std::chrono::milliseconds(10 * i);
    }));
    ASSERT_TRUE(socket.send("x"));
  }
  EXPECT_NE(socket.read_until("\r\n\r\n60").find("200 OK"), std::string::npos);
  expect_refusal(*server, "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n\r\nx", 408,
                 "request-timeout");
  EXPECT_TRUE(eventually([&] { return folder.is_empty(); }));
}

TEST(HttpLimitsTest, IdleConnectionsAreClosedWithoutAWord) {
  const auto server = start_server(small_router(), {.idle_max = Milliseconds(100)});
  RawSocket silent(server->address());
  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_TRUE(silent.ended());
  HttpClient client(server->address());
  EXPECT_EQ(client.request("GET", "/hello").value().status, 200);
  ASSERT_TRUE(eventually([&] { return server->counters().connections_open == 0; }));
  EXPECT_EQ(client.request("POST", "/echo", {}, "again").value().body, "again");
}

TEST(HttpLimitsTest, AReaderThatTakesNothingOfALargeAnswerIsDropped) {
  Router router;
  router.add("GET", "/large", [](const auto&, Responder responder) {
    responder.send(text_response(200, std::string(64 * 1024 * 1024, 'x')));
  });
  const auto server = start_server(std::move(router), {.write_stall_max = Milliseconds(100)});
  RawSocket socket(server->address(), 4096);
  socket.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return server->counters().slow_readers_dropped == 1; }));
  EXPECT_TRUE(eventually([&] { return server->counters().connections_open == 0; }));
}

}  // namespace
}  // namespace duru::http
