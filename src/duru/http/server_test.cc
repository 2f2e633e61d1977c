// What every request may rely on: routing, keep-alive, pipelining, answers from other threads,
// files, uploads. Limits, streams and stopping have tests of their own.
#include "duru/http/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "duru/http/test_support.h"

namespace duru::http {
namespace {

std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Router example_router() {
  Router router;
  router.add("GET", "/hello", answer_hello);
  router.add("POST", "/echo", answer_body);
  router.add("GET", "/jobs/{id}", [](const auto& request, Responder responder) {
    responder.send(json_response(200, request->method + " " + request->route + " " +
                                          request->parameter("id") + " " +
                                          request->query.get("q")));
  });
  router.add("DELETE", "/jobs/{id}", [](const auto&, Responder responder) {
    Response response;
    response.status = 204;
    responder.send(std::move(response));
  });
  return router;
}

TEST(HttpServerTest, AnswersARouteWithItsParameters) {
  const auto server = start_server(example_router());
  HttpClient client(server->address());
  const auto answer = client.request("GET", "/jobs/a%20b?q=1");
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer.value().status, 200);
  EXPECT_EQ(answer.value().body, "GET /jobs/{id} a b 1");
  EXPECT_EQ(answer.value().headers.get("content-type"), "application/json");
  EXPECT_EQ(answer.value().headers.get("date").size(), 29U);
}

TEST(HttpServerTest, UnknownPathsAndMethodsAreProblems) {
  const auto server = start_server(example_router());
  HttpClient client(server->address());
  const auto unknown = client.request("GET", "/nothing/\"here\"");
  EXPECT_EQ(unknown.value().status, 404);
  EXPECT_EQ(unknown.value().headers.get("content-type"), "application/problem+json");
  EXPECT_NE(unknown.value().body.find(R"("type":"not-found")"), std::string::npos);
  EXPECT_NE(unknown.value().body.find(R"(\"here\")"), std::string::npos);
  const auto other = client.request("PATCH", "/jobs/1");
  EXPECT_EQ(other.value().status, 405);
  EXPECT_EQ(other.value().headers.get("allow"), "DELETE, GET, HEAD");
  EXPECT_EQ(client.request("GET", "/jobs/%zz").value().status, 400);
  EXPECT_EQ(server->counters().connections_accepted, 1U) << "problems must keep the connection";
}

TEST(HttpServerTest, HeadAndNoContentHaveNoBody) {
  const auto server = start_server(example_router());
  RawSocket socket(server->address());
  socket.send(
      "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\nDELETE /jobs/1 HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string head = socket.read_until("\r\n\r\n");
  EXPECT_NE(head.find("200 OK"), std::string::npos);
  EXPECT_NE(head.find("Content-Length: 5"), std::string::npos);
  const std::string none = socket.read_until("\r\n\r\n");
  EXPECT_EQ(none.find("HTTP/1.1 204 No Content"), 0U);
  EXPECT_EQ(none.find("Content-Length"), std::string::npos);
  EXPECT_EQ(socket.read_until("hello").find("HTTP/1.1 200"), 0U);
}

TEST(HttpServerTest, PipelinedRequestsAreAnsweredInOrderThoughHandlersAreNot) {
  Router router;
  std::vector<std::thread> threads;
  router.add("GET", "/{n}", [&threads](const auto& request, Responder responder) {
    threads.emplace_back([request, responder]() mutable {
      responder.send(text_response(200, "[" + request->parameter("n") + "]"));
    });
  });
  auto server = start_server(std::move(router));
  RawSocket socket(server->address());
  std::string requests;
  for (int i = 0; i < 100; ++i) {
    requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  }
  socket.send(requests);
  for (int i = 0; i < 100; ++i) {
    const std::string expected = "[" + std::to_string(i) + "]";
    const std::string text = socket.read_until("]");
    ASSERT_EQ(text.substr(text.size() - expected.size()), expected);
  }
  server->stop(seconds(5));
  for (auto& thread : threads) thread.join();
}

TEST(HttpServerTest, ARequestMayComeByteByByte) {
  const auto server = start_server(example_router());
  RawSocket socket(server->address());
  const std::string request =
      "\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  for (const char c : request) ASSERT_TRUE(socket.send(std::string(1, c)));
  EXPECT_NE(socket.read_until("abcde").find("\r\n\r\nabcde"), std::string::npos);
}

TEST(HttpServerTest, ManyConnectionsShareTheServer) {
  const auto server = start_server(example_router());
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      HttpClient client(server->address());
      for (int i = 0; i < 50; ++i) {
        const std::string body = std::to_string(t * 1000 + i);
        const auto answer = client.request("POST", "/echo", {}, body);
        if (answer.ok() && answer.value().body == body) ++right;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 16 * 50);
  EXPECT_EQ(server->counters().connections_accepted, 16U);
  EXPECT_EQ(server->counters().requests, 800U);
}

TEST(HttpServerTest, Http10ClosesUnlessAskedNotTo) {
  const auto server = start_server(example_router());
  RawSocket closing(server->address());
  closing.send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_NE(closing.read_to_end().find("\r\n\r\nhello"), std::string::npos);
  EXPECT_TRUE(closing.ended());
  RawSocket keeping(server->address());
  keeping.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(keeping.read_until("hello").find("Connection: keep-alive"), std::string::npos);
  keeping.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_NE(keeping.read_to_end().find("Connection: close"), std::string::npos);
  EXPECT_TRUE(keeping.ended());
}

TEST(HttpServerTest, ACallerThatEndsItsSideStillGetsItsAnswer) {
  const auto server = start_server(example_router());
  RawSocket socket(server->address());
  socket.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  socket.end_sending();
  EXPECT_NE(socket.read_to_end().find("hello"), std::string::npos);
  EXPECT_TRUE(socket.ended());
}

TEST(HttpServerTest, ExpectContinueIsInvitedOrRefusedBeforeTheBody) {
  const auto server = start_server(example_router());
  RawSocket socket(server->address());
  socket.send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(socket.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.send("body");
  EXPECT_NE(socket.read_until("\r\n\r\nbody").find("200 OK"), std::string::npos);
  socket.send(
      "POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(socket.read_until("\r\n").find("HTTP/1.1 404"), 0U);
}

TEST(HttpServerTest, TheFirstAnswerCountsAndADroppedOneIsA500) {
  Router router;
  std::atomic<bool> second_was_taken{true};
  router.add("GET", "/twice", [&](const auto&, Responder responder) {
    responder.send(text_response(200, "first"));
    second_was_taken = responder.send(text_response(200, "second"));
    EXPECT_TRUE(responder.stream({}).closed());
  });
  router.add("GET", "/never", [](const auto&, const Responder&) {});
  router.add("GET", "/throws",
             [](const auto&, const Responder&) { throw std::runtime_error("a bug"); });
  const auto server = start_server(std::move(router));
  HttpClient client(server->address());
  EXPECT_EQ(client.request("GET", "/twice").value().body, "first");
  EXPECT_FALSE(second_was_taken);
  const auto never = client.request("GET", "/never");
  EXPECT_EQ(never.value().status, 500);
  EXPECT_NE(never.value().body.find("no-answer"), std::string::npos);
  EXPECT_EQ(client.request("GET", "/throws").value().status, 500);
  EXPECT_EQ(client.request("GET", "/twice").value().body, "first");
}

TEST(HttpServerTest, AnAnswerForACallerWhoLeftOrAServerThatStoppedDoesNoHarm) {
  Router router;
  std::vector<Responder> waiting;
  std::atomic<int> arrived{0};
  router.add("GET", "/wait", [&](const auto&, Responder responder) {
    waiting.push_back(std::move(responder));
    ++arrived;
  });
  auto server = start_server(std::move(router));
  RawSocket leaver(server->address());
  leaver.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  RawSocket stayer(server->address());
  stayer.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return arrived == 2; }));
  leaver.close();
  waiting[0].send(text_response(200, "nobody"));
  server->stop(Milliseconds(0));
  EXPECT_TRUE(waiting[1].send(text_response(200, "too late")));
  server.reset();
  waiting.clear();
}

TEST(HttpServerTest, TheGateSeesEveryRequestBeforeRoutingAndBody) {
  const Gate gate = [](Request& request) -> std::optional<Response> {
    if (request.headers.get("authorization") != "Bearer right") {
      return problem_response({.status = 401, .type = "unauthorized"});
    }
    request.caller = std::make_shared<const std::string>("alice");
    return std::nullopt;
  };
  Router router;
  router.add("POST", "/who", [](const auto& request, Responder responder) {
    responder.send(text_response(200, *static_cast<const std::string*>(request->caller.get())));
  });
  const auto server = start_server(std::move(router), {}, gate);
  HttpClient stranger(server->address());
  EXPECT_EQ(stranger.request("POST", "/who", {}, "x").value().status, 401);
  EXPECT_EQ(stranger.request("GET", "/unknown").value().status, 401);
  HttpClient friend_of_ours(server->address(), {.headers = {{"Authorization", "Bearer right"}}});
  EXPECT_EQ(friend_of_ours.request("POST", "/who", {}, "x").value().body, "alice");
}

TEST(HttpServerTest, AFileIsSentWholeThoughItIsRemovedMeanwhile) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/artifact";
  std::string content;
  for (int i = 0; content.size() < 3'000'000; ++i) content += std::to_string(i);
  std::ofstream(path) << content;
  Router router;
  router.add("GET", "/file", [path](const auto&, Responder responder) {
    auto response = file_response(path, "application/octet-stream");
    if (!response.ok()) return void(responder.send(problem_response({.status = 404})));
    std::filesystem::remove(path);
    responder.send(std::move(response.value()));
  });
  const auto server = start_server(std::move(router));
  HttpClient client(server->address());
  const auto answer = client.request("GET", "/file");
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_TRUE(answer.value().body == content);
  EXPECT_EQ(answer.value().headers.get("content-length"), std::to_string(content.size()));
  EXPECT_EQ(client.request("GET", "/file").value().status, 404);
}

TEST(HttpServerTest, AFileThatShrinksBreaksTheConnectionInsteadOfLying) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/log";
  std::ofstream(path) << "0123456789";
  Router router;
  router.add("GET", "/file", [path](const auto&, Responder responder) {
    auto response = file_response(path, "text/plain");
    std::filesystem::resize_file(path, 4);
    responder.send(std::move(response.value()));
  });
  const auto server = start_server(std::move(router));
  HttpClient client(server->address());
  const auto answer = client.request("GET", "/file");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
}

TEST(HttpServerTest, AnUploadGoesToAFileOfItsOwn) {
  const TemporaryFolder folder;
  Router router;
  const std::string kept = folder.path() + "/kept";
  router.add("PUT", "/artifact/{keep}",
             [kept](const auto& request, Responder responder) {
               const std::string size = std::to_string(request->upload.size_bytes());
               if (request->parameter("keep") == "yes") {
                 std::filesystem::rename(request->upload.release(), kept);
               }
               responder.send(text_response(201, size));
             },
             {.upload_folder = folder.path()});
  const auto server = start_server(std::move(router), {.body_bytes_max = 100});
  HttpClient client(server->address());
  std::string content(1'500'000, 'x');
  content[700'000] = '\0';
  const auto kept_answer = client.request("PUT", "/artifact/yes", {}, content);
  ASSERT_TRUE(kept_answer.ok()) << kept_answer.error().message;
  EXPECT_EQ(kept_answer.value().body, "1500000");
  EXPECT_TRUE(file_text(kept) == content);
  EXPECT_EQ(client.request("PUT", "/artifact/no", {}, content).value().status, 201);
  std::filesystem::remove(kept);
  EXPECT_TRUE(eventually([&] { return folder.is_empty(); })) << "an upload nobody took must go";
}

TEST(HttpServerTest, ABrokenUploadLeavesNoFile) {
  const TemporaryFolder folder;
  Router router;
  router.add("PUT", "/a", answer_hello, {.upload_folder = folder.path(), .body_bytes_max = 2000});
  router.add("PUT", "/missing", answer_hello, {.upload_folder = folder.path() + "/none"});
  const auto server = start_server(std::move(router));
  RawSocket socket(server->address());
  socket.send("PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nsome");
  ASSERT_TRUE(eventually([&] { return !folder.is_empty(); }));
  socket.close();
  EXPECT_TRUE(eventually([&] { return folder.is_empty(); }));

  RawSocket chunks(server->address());
  chunks.send("PUT /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" +
              std::string(2000, 'x') + "\r\n1\r\nx\r\n");
  EXPECT_NE(chunks.read_until("}").find("body-too-large"), std::string::npos);
  EXPECT_TRUE(eventually([&] { return folder.is_empty(); }));

  HttpClient client(server->address());
  EXPECT_EQ(client.request("PUT", "/missing", {}, "x").value().status, 500);
}

TEST(HttpServerTest, ListenSaysWhyItCannot) {
  const auto server = start_server({});
  const auto taken = HttpServer::listen({.address = server->address()}, {});
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().code, ErrorCode::kConflict);
  EXPECT_EQ(HttpServer::listen({.address = {"no.such.host", 0}}, {}).error().code,
            ErrorCode::kInvalid);
  EXPECT_FALSE(HttpServer::listen({.address = {"203.0.113.1", 0}}, {}).ok());
}

}  // namespace
}  // namespace duru::http
