// TLS between this folder's server and client: what is believed, what is refused, and in which
// words.
#include "duru/http/tls.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <fstream>

#include "duru/base/clock.h"
#include "duru/http/certificate.h"
#include "duru/http/client_socket.h"
#include "duru/http/test_support.h"

namespace duru::http {
namespace {

constexpr Milliseconds kDay = hours(24);

Validity around_now() { return {wall_time() - kDay, wall_time() + kDay}; }
Validity long_ago() { return {Timestamp(0), Timestamp(0) + kDay}; }

CertifiedKey new_ca() { return make_ca("a test's ca", around_now()).value(); }

TlsIdentity identity_of(const CertifiedKey& ca, const std::vector<std::string>& names,
                        const Validity& validity = around_now()) {
  const CertifiedKey mine = issue(ca, names, validity).value();
  return {mine.certificate_pem + ca.certificate_pem, mine.key_pem};
}

Router small_router() {
  Router router;
  router.add("GET", "/hello", answer_hello);
  router.add("PUT", "/echo", answer_body);
  router.add("GET", "/lines", [](const auto&, Responder responder) {
    Stream stream = responder.stream({});
    for (const char* piece : {"on", "e\ntwo\n", "\nfour"}) stream.write(piece);
    stream.close();
  });
  return router;
}

std::unique_ptr<HttpServer> start_tls(TlsIdentity identity, HttpLimits limits = {},
                                      Router router = small_router()) {
  auto server = HttpServer::listen(
      {.address = {"127.0.0.1", 0}, .limits = limits, .tls = std::move(identity)},
      std::move(router));
  EXPECT_TRUE(server.ok()) << server.error().message;
  return std::move(server.value());
}

HttpClient client_of(Address address, const CertifiedKey& ca) {
  return HttpClient(std::move(address), {.trust = {.ca_pem = ca.certificate_pem}});
}

// What a client with this trust says of the server; "" if it got its answer.
std::string complaint(const Address& address, TlsTrust trust) {
  HttpClient client(address, {.trust = std::move(trust)});
  const auto answer = client.request("POST", "/hello");
  if (answer.ok()) return "";
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable) << answer.error().message;
  EXPECT_FALSE(answer.error().outcome_unknown) << "nothing was asked of a stranger";
  return answer.error().message;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(TlsTest, RequestsUploadsDownloadsAndStreamsAreThoseOfAServerInClear) {
  const CertifiedKey ca = new_ca();
  Router router = small_router();
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/model";
  std::string content;
  for (int i = 0; content.size() < 3'000'000; ++i) content += std::to_string(i);
  std::ofstream(path) << content;
  router.add("GET", "/file", [path](const auto&, Responder responder) {
    responder.send(file_response(path, "application/octet-stream").value());
  });
  const auto server = start_tls(identity_of(ca, {"127.0.0.1"}), {}, std::move(router));
  EXPECT_EQ(server->address().url().rfind("https://127.0.0.1:", 0), 0U);
  HttpClient client = client_of(server->address(), ca);
  EXPECT_EQ(client.request("GET", "/hello").value().body, "hello");
  const auto echoed = client.send({.method = "PUT", .target = "/echo", .body_file = path});
  ASSERT_TRUE(echoed.ok()) << echoed.error().message;
  EXPECT_TRUE(echoed.value().body == content);
  EXPECT_TRUE(client.request("GET", "/file").value().body == content);
  std::vector<std::string> lines;
  const auto streamed = client.follow_lines({.target = "/lines"}, [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  });
  EXPECT_TRUE(streamed.ok());
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", "", "four"}));
  EXPECT_EQ(server->counters().connections_accepted, 1U) << "one connection, one handshake";
  EXPECT_EQ(server->counters().tls_handshakes_failed, 0U);
}

TEST(TlsTest, AConnectionThatWentStaleIsReplaced) {
  const CertifiedKey ca = new_ca();
  const auto server = start_tls(identity_of(ca, {"127.0.0.1"}), {.idle_max = Milliseconds(50)});
  HttpClient client = client_of(server->address(), ca);
  EXPECT_EQ(client.request("PUT", "/echo", {}, "a").value().body, "a");
  ASSERT_TRUE(eventually([&] { return server->counters().connections_open == 0; }));
  EXPECT_EQ(client.request("PUT", "/echo", {}, "b").value().body, "b");
}

TEST(TlsTest, AServerIsBelievedOnlyWithACertificateOfTheTrustedCa) {
  const CertifiedKey ca = new_ca();
  const CertifiedKey other = new_ca();
  const auto server = start_tls(identity_of(ca, {"127.0.0.1"}));
  EXPECT_EQ(complaint(server->address(), {.ca_pem = ca.certificate_pem}), "");
  EXPECT_TRUE(has(complaint(server->address(), {.ca_pem = other.certificate_pem}),
                  "not signed by the CA that is trusted here"));
  EXPECT_TRUE(has(complaint(server->address(), {}), "not signed by the CA that is trusted here"));
  HttpClient careless(server->address(), {.trust = {.ca_pem = "no certificate"}});
  EXPECT_EQ(careless.request("GET", "/hello").error().code, ErrorCode::kInvalid);
}

TEST(TlsTest, TheCertificateMustBeForTheHostUnlessOnlyTheCaCounts) {
  const CertifiedKey ca = new_ca();
  const auto server = start_tls(identity_of(ca, {"localhost", "192.0.2.7"}));
  const Address by_ip = server->address();
  Address by_name = by_ip;
  by_name.host = "localhost";
  EXPECT_EQ(complaint(by_name, {.ca_pem = ca.certificate_pem}), "");
  EXPECT_TRUE(has(complaint(by_ip, {.ca_pem = ca.certificate_pem}),
                  "the server's certificate is not for 127.0.0.1"));
  EXPECT_EQ(complaint(by_ip, {.ca_pem = ca.certificate_pem, .checks_name = false}), "");
}

TEST(TlsTest, DatesCountUnlessTheClockIsNotTrusted) {
  const CertifiedKey ca = make_ca("old", long_ago()).value();
  const auto server = start_tls(identity_of(ca, {"127.0.0.1"}, long_ago()));
  EXPECT_TRUE(has(complaint(server->address(), {.ca_pem = ca.certificate_pem}), "has expired"));
  EXPECT_EQ(complaint(server->address(), {.ca_pem = ca.certificate_pem, .checks_dates = false}),
            "");
}

TEST(TlsTest, AServerThatSpeaksInClearIsToldFromOneThatIsNotBelieved) {
  const auto server = start_server(small_router());
  Address address = server->address();
  address.is_tls = true;
  EXPECT_TRUE(has(complaint(address, {}), "does not speak TLS"));
  EXPECT_EQ(fetch_ca(address, "x", seconds(5)).error().code, ErrorCode::kUnavailable);
}

TEST(TlsTest, ACallerInClearIsToldToUseHttpsAndNothingElse) {
  const CertifiedKey ca = new_ca();
  const auto server = start_tls(identity_of(ca, {"127.0.0.1"}), {.linger_max = Milliseconds(50)});
  RawSocket plain(server->address());
  plain.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string answer = plain.read_to_end();
  EXPECT_EQ(answer.find("HTTP/1.1 400 "), 0U) << answer;
  EXPECT_TRUE(has(answer, "\"type\":\"tls-needed\"")) << answer;
  EXPECT_TRUE(plain.ended());
  EXPECT_EQ(server->counters().tls_handshakes_failed, 1U);
  EXPECT_EQ(client_of(server->address(), ca).request("GET", "/hello").value().status, 200);
}

TEST(TlsTest, AHandshakeThatIsSlowOrGarbageEndsAndIsCounted) {
  const CertifiedKey ca = new_ca();
  const auto server =
      start_tls(identity_of(ca, {"127.0.0.1"}), {.request_read_max = Milliseconds(100)});
  RawSocket silent(server->address());
  RawSocket slow(server->address());
  slow.send("\x16\x03\x01");
  RawSocket garbage(server->address());
  garbage.send("\x16" + std::string(600, '\xff'));
  garbage.read_to_end();
  for (RawSocket* one : {&silent, &slow}) EXPECT_EQ(one->read_to_end(), "");
  EXPECT_TRUE(silent.ended() && slow.ended() && garbage.ended());
  RawSocket leaving(server->address());
  leaving.send("\x16\x03");
  leaving.close();
  EXPECT_TRUE(eventually([&] { return server->counters().tls_handshakes_failed == 4; }));
  EXPECT_TRUE(eventually([&] { return server->counters().connections_open == 0; }));
  EXPECT_EQ(client_of(server->address(), ca).request("GET", "/hello").value().status, 200);
}

TEST(TlsTest, OneConnectionTooManyIsToldSoInTls) {
  const CertifiedKey ca = new_ca();
  const auto server =
      start_tls(identity_of(ca, {"127.0.0.1"}),
                {.connections_max = 1, .silence_max = minutes(1), .linger_max = Milliseconds(50)});
  RawSocket first(server->address());
  ASSERT_TRUE(eventually([&] { return server->counters().connections_open == 1; }));
  HttpClient second = client_of(server->address(), ca);
  EXPECT_EQ(second.request("GET", "/hello").value().status, 503);
  first.close();
  ASSERT_TRUE(eventually([&] { return server->counters().connections_open == 0; }));
  EXPECT_EQ(second.request("GET", "/hello").value().status, 200);
}

TEST(TlsTest, ManyCallersAtOnceAreAllServed) {
  const CertifiedKey ca = new_ca();
  const auto server = start_tls(identity_of(ca, {"127.0.0.1"}));
  constexpr int kCallers = 64;
  std::atomic<int> served{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&, i] {
      HttpClient client = client_of(server->address(), ca);
      const std::string body(static_cast<std::size_t>(1000 * i), 'x');
      for (int again = 0; again < 3; ++again) {
        const auto answer = client.request("PUT", "/echo", {}, body);
        if (answer.ok() && answer.value().body == body) ++served;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(served, 3 * kCallers);
  EXPECT_EQ(server->counters().connections_accepted, std::uint64_t{kCallers});
}

TEST(TlsTest, ARequestThatCameTogetherWithTheOneBeforeIsAnswered) {
  const CertifiedKey ca = new_ca();
  const auto server = start_tls(identity_of(ca, {"127.0.0.1"}));
  RawSocket socket(server->address());
  ::fcntl(socket.fd(), F_SETFL, O_NONBLOCK);
  const auto context = TlsContext::for_onlooker();
  TlsSession session = TlsSession::connect(context.value(), socket.fd(), "127.0.0.1");
  ASSERT_TRUE(eventually([&] { return session.handshake().end == TlsSession::Step::End::kDone; }));
  int corked = 1;  // both requests, each in a record of its own, are one piece for the server
  ::setsockopt(socket.fd(), IPPROTO_TCP, TCP_CORK, &corked, sizeof(corked));
  for (int i = 0; i < 2; ++i) session.write("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  corked = 0;
  ::setsockopt(socket.fd(), IPPROTO_TCP, TCP_CORK, &corked, sizeof(corked));
  std::string answers;
  EXPECT_TRUE(eventually([&] {
    char bytes[4096];
    const TlsSession::Step step = session.read(bytes, sizeof(bytes));
    if (step.end == TlsSession::Step::End::kDone) answers.append(bytes, step.bytes);
    const std::size_t first = answers.find("hello");
    return first != std::string::npos && answers.find("hello", first + 1) != std::string::npos;
  })) << answers;
}

TEST(TlsTest, AReaderThatTakesNothingOfALargeAnswerIsDropped) {
  const CertifiedKey ca = new_ca();
  Router router;
  router.add("GET", "/large", [](const auto&, Responder responder) {
    responder.send(text_response(200, std::string(64 * 1024 * 1024, 'x')));
  });
  const auto server = start_tls(identity_of(ca, {"127.0.0.1"}),
                                {.write_stall_max = Milliseconds(100)}, std::move(router));
  auto context = TlsContext::for_client({.ca_pem = ca.certificate_pem});
  ASSERT_TRUE(context.ok());
  auto socket = ClientSocket::connect(server->address(), seconds(5), context.value());
  ASSERT_TRUE(socket.ok()) << socket.error().message;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  ASSERT_TRUE(socket.value().send_some("GET /large HTTP/1.1\r\nHost: a\r\n\r\n", deadline).ok());
  EXPECT_TRUE(eventually([&] { return server->counters().slow_readers_dropped == 1; }));
  EXPECT_TRUE(eventually([&] { return server->counters().connections_open == 0; }));
}

TEST(TlsTest, TheCaOfAServerIsFetchedByItsFingerprintAlone) {
  const CertifiedKey ca = new_ca();
  const auto server = start_tls(identity_of(ca, {"127.0.0.1"}));
  const std::string told = fingerprint_of(ca.certificate_pem).value();
  EXPECT_EQ(told.size(), 32U);
  const auto fetched = fetch_ca(server->address(), told, seconds(5));
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_EQ(fetched.value(), ca.certificate_pem);
  const auto other =
      fetch_ca(server->address(), fingerprint_of(new_ca().certificate_pem).value(), seconds(5));
  EXPECT_EQ(other.error().code, ErrorCode::kDenied);
  EXPECT_EQ(server->counters().requests, 0U) << "nothing was asked";
}

TEST(CertificateTest, SaysItsNamesItsEndAndWhoSignedIt) {
  const CertifiedKey ca = new_ca();
  const Validity validity{wall_time(), wall_time() + kDay};
  const CertifiedKey mine = issue(ca, {"gateway", "::1", "10.0.0.1"}, validity).value();
  const CertificateFacts facts = read_certificate(mine.certificate_pem).value();
  EXPECT_EQ(facts.names, (std::vector<std::string>{"10.0.0.1", "::1", "gateway"}));
  EXPECT_EQ(facts.until.value / 1000, validity.until.value / 1000);
  EXPECT_EQ(facts.signer_id, read_certificate(ca.certificate_pem).value().key_id);
  EXPECT_TRUE(check_key(mine).ok());
  EXPECT_EQ(check_key({mine.certificate_pem, ca.key_pem}).error().code, ErrorCode::kInvalid);
  EXPECT_FALSE(issue(ca, {"a,IP:192.0.2.1"}, validity).ok());
  EXPECT_FALSE(issue({ca.certificate_pem, mine.key_pem}, {"a"}, validity).ok());
  EXPECT_FALSE(read_certificate("-----BEGIN CERTIFICATE-----\nnone\n").ok());
}

TEST(CertificateTest, AServerDoesNotListenWithAKeyThatIsNotItsOwn) {
  const CertifiedKey ca = new_ca();
  TlsIdentity mixed = identity_of(ca, {"127.0.0.1"});
  mixed.key_pem = ca.key_pem;
  const auto server =
      HttpServer::listen({.address = {"127.0.0.1", 0}, .tls = mixed}, small_router());
  ASSERT_FALSE(server.ok());
  EXPECT_EQ(server.error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace duru::http
