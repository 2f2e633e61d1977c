#include "duru/http/client.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "duru/http/test_support.h"

namespace duru::http {
namespace {

// A server of one connection that says exactly what it is told, for answers that ours never gives.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::string> answers) {
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(at);
    EXPECT_EQ(::bind(listening_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(listening_, 8), 0);
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&at), &size);
    address_ = {"127.0.0.1", ntohs(at.sin_port)};
    thread_ = std::thread([this, answers] { serve(answers); });
  }
  ~ScriptedServer() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }
  const Address& address() const { return address_; }
  int connections() const { return connections_; }

 private:
  // One connection for each answer: read something, say it, close. "(silence)" keeps it open;
  // "(reads on)" at its end reads one more request and closes without a word.
  void serve(const std::vector<std::string>& answers) {
    for (const std::string& answer : answers) {
      const int fd = ::accept(listening_, nullptr, nullptr);
      if (fd < 0) return;
      ++connections_;
      char bytes[4096];
      while (::recv(fd, bytes, sizeof(bytes), 0) == sizeof(bytes)) {
      }
      if (answer == "(silence)") {
        while (::recv(fd, bytes, sizeof(bytes), 0) > 0) {
        }
      } else {
        const bool reads_on = answer.ends_with(kReadsOn);
        const std::size_t size = answer.size() - (reads_on ? kReadsOn.size() : 0);
        ::send(fd, answer.data(), size, MSG_NOSIGNAL);
        if (reads_on) (void)!::recv(fd, bytes, sizeof(bytes), 0);
      }
      ::close(fd);
    }
  }

  static constexpr std::string_view kReadsOn = "(reads on)";
  int listening_ = -1;
  Address address_;
  std::atomic<int> connections_{0};
  std::thread thread_;
};

Address unused_address() {
  return start_server({})->address();  // free again once the server has gone
}

TEST(HttpClientTest, ARefusedConnectionHasAKnownOutcome) {
  HttpClient client(unused_address());
  const auto answer = client.request("POST", "/v1/jobs", {}, "{}");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(answer.error().retryable);
  EXPECT_FALSE(answer.error().outcome_unknown);
  EXPECT_NE(answer.error().message.find("POST http://127.0.0.1:"), std::string::npos);
}

TEST(HttpClientTest, ANameThatMeansNothingIsInvalidOrUnavailable) {
  HttpClient client({"no-such-host.invalid", 80});
  EXPECT_FALSE(client.request("GET", "/").ok());
}

TEST(HttpClientTest, ARequestThatWasSentButNotAnsweredHasAnUnknownOutcome) {
  const ScriptedServer server({"", "", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal"});
  HttpClient client(server.address());
  const auto post = client.request("POST", "/v1/jobs", {}, "{}");
  ASSERT_FALSE(post.ok());
  EXPECT_EQ(post.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(post.error().outcome_unknown);
  const auto get = client.request("GET", "/v1/jobs");
  ASSERT_FALSE(get.ok());
  EXPECT_FALSE(get.error().outcome_unknown) << "a GET changes nothing";
  EXPECT_TRUE(client.request("POST", "/v1/jobs", {}, "{}").error().outcome_unknown);
}

TEST(HttpClientTest, SilenceEndsInTimeAndItsOutcomeIsUnknown) {
  const ScriptedServer server({"(silence)", "(silence)"});
  HttpClient impatient(server.address(), {.silence_max = Milliseconds(50)});
  const auto answer = impatient.request("POST", "/", {}, "x");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kTimeout);
  EXPECT_TRUE(answer.error().outcome_unknown);
  HttpClient bounded(server.address(), {.total_max = Milliseconds(50)});
  EXPECT_EQ(bounded.request("GET", "/").error().code, ErrorCode::kTimeout);
}

TEST(HttpClientTest, WhatIsNotHttpIsAnError) {
  const ScriptedServer server({"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 abc\r\n\r\n"});
  HttpClient client(server.address());
  EXPECT_EQ(client.request("GET", "/").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(client.request("GET", "/").error().code, ErrorCode::kInvalid);
}

TEST(HttpClientTest, InterimAnswersAreSkippedAndBodiesMayLastUntilTheEnd) {
  const ScriptedServer server(
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n"
       "HTTP/1.1 200 OK\r\n\r\nuntil the end",
       "HTTP/1.1 204 No Content\r\n\r\n"});
  HttpClient client(server.address());
  const auto answer = client.request("GET", "/");
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer.value().status, 200);
  EXPECT_EQ(answer.value().body, "until the end");
  EXPECT_EQ(client.request("GET", "/").value().status, 204);
}

TEST(HttpClientTest, AnAnswerLargerThanItsLimitIsRefused) {
  const ScriptedServer server(
      {"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n01234567890123456789"});
  HttpClient client(server.address(), {.answer_bytes_max = 10});
  EXPECT_EQ(client.request("GET", "/").error().code, ErrorCode::kExhausted);
}

TEST(HttpClientTest, AConnectionIsUsedAgainAndReplacedWhenItWentStale) {
  Router router;
  router.add("POST", "/echo", answer_body);
  auto server = start_server(std::move(router));
  HttpClient client(server->address());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.request("POST", "/echo", {}, "a").value().body, "a");
  EXPECT_EQ(server->counters().connections_accepted, 1U);
  const Address address = server->address();
  server.reset();
  Router again;
  again.add("POST", "/echo", answer_body);
  const auto restarted = HttpServer::listen({.address = address}, std::move(again));
  ASSERT_TRUE(restarted.ok()) << restarted.error().message;
  EXPECT_EQ(client.request("POST", "/echo", {}, "b").value().body, "b");
}

TEST(HttpClientTest, ARequestThatFailedOnAKeptConnectionSaysSo) {
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  const ScriptedServer server({ok + "(reads on)", "", ok});
  HttpClient client(server.address());
  const auto ask = [&] { return client.request("POST", "/", {}, "x"); };
  EXPECT_EQ(ask().value().body, "ok");
  EXPECT_FALSE(client.used_kept());
  EXPECT_TRUE(ask().error().outcome_unknown);
  EXPECT_TRUE(client.used_kept());
  EXPECT_TRUE(ask().error().outcome_unknown);
  EXPECT_FALSE(client.used_kept()) << "the server ended this one although it was new";
  EXPECT_EQ(ask().value().body, "ok");
}

TEST(HttpClientTest, AFileGoesUpAndComesDown) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/model";
  std::string content;
  for (int i = 0; content.size() < 2'000'000; ++i) content += std::to_string(i);
  std::ofstream(path) << content;
  Router router;
  router.add("PUT", "/echo", answer_body);
  router.add("PUT", "/fail", [](const auto&, Responder responder) {
    responder.send(problem_response({.status = 409, .type = "exists"}));
  });
  const auto server = start_server(std::move(router));
  HttpClient client(server->address());
  const std::string copy = folder.path() + "/copy";
  const int fd = ::open(copy.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  const auto answer = client.download({.method = "PUT", .target = "/echo", .body_file = path}, fd);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer.value().body, "");
  std::ifstream in(copy, std::ios::binary);
  EXPECT_TRUE(std::string(std::istreambuf_iterator<char>(in), {}) == content);
  const auto refused = client.download({.method = "PUT", .target = "/fail", .body = "x"}, fd);
  EXPECT_EQ(refused.value().status, 409);
  EXPECT_NE(refused.value().body.find("exists"), std::string::npos) << "a problem is not data";
  ::close(fd);
  EXPECT_EQ(
      client.send({.method = "PUT", .target = "/echo", .body_file = path + "-none"}).error().code,
      ErrorCode::kNotFound);
}

TEST(HttpClientTest, LinesComeOneByOneUntilTheCallSaysStop) {
  Router router;
  router.add("GET", "/lines", [](const auto&, Responder responder) {
    Stream stream = responder.stream({});
    for (const char* piece : {"on", "e\ntwo\n", "\nfour"}) stream.write(piece);
    stream.close();
  });
  router.add("GET", "/problem", [](const auto&, Responder responder) {
    responder.send(problem_response({.status = 404, .type = "no_such_job"}));
  });
  const auto server = start_server(std::move(router));
  HttpClient client(server->address());
  std::vector<std::string> lines;
  const auto keep = [&lines](std::string_view line) {
    lines.emplace_back(line);
    return lines.back() != "two";
  };
  EXPECT_TRUE(client.follow_lines({.target = "/lines"}, keep).ok());
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two"}));
  lines.clear();
  EXPECT_TRUE(client
                  .follow_lines({.target = "/lines"},
                                [&](std::string_view line) {
                                  lines.emplace_back(line);
                                  return true;
                                })
                  .ok());
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", "", "four"}));
  lines.clear();
  const auto problem = client.follow_lines({.target = "/problem"}, keep);
  EXPECT_EQ(problem.value().status, 404);
  EXPECT_TRUE(lines.empty());
}

}  // namespace
}  // namespace duru::http
