// Who gets a connection when there are many: the rule of server.h, from the callers' side.
#include <gtest/gtest.h>

#include <mutex>

#include "duru/http/test_support.h"

namespace duru::http {
namespace {

constexpr char kHello[] = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr char kHold[] = "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr char kHoldOfMany[] = "GET /hold HTTP/1.1\r\nHost: a\r\nMany: yes\r\n\r\n";
constexpr char kHelloOfNode[] = "GET /hello HTTP/1.1\r\nHost: a\r\nMany: yes\r\nNode: 1\r\n\r\n";
constexpr char kHelloOfOther[] = "GET /hello HTTP/1.1\r\nHost: a\r\nMany: yes\r\nNode: 2\r\n\r\n";

// A server whose /hold is answered when the test says so; who sends "Many" is one of many, known
// by its number if it also sends "Node", and refused if it sends "Revoked".
class PlacesTest : public testing::Test {
 protected:
  void start(HttpLimits limits) {
    limits.linger_max = Milliseconds(50);
    Router router;
    router.add("GET", "/hello", answer_hello);
    router.add("GET", "/hold", [this](const auto&, Responder responder) {
      const std::lock_guard lock(mutex_);
      held_.push_back(std::move(responder));
    });
    server_ = start_server(std::move(router), limits, [](Request& request) {
      request.is_one_of_many = request.headers.find("Many") != nullptr;
      if (request.headers.find("Revoked") != nullptr) {
        return std::optional<Response>(text_response(401, "revoked"));
      }
      if (const std::string* node = request.headers.find("Node"))
        request.many_id = std::stoull(*node);
      return std::optional<Response>();
    });
  }

  void TearDown() override { answer_held(); }

  // Connections that wait for the answers to these.
  std::vector<std::unique_ptr<RawSocket>> hold(std::size_t count, std::string_view request) {
    std::vector<std::unique_ptr<RawSocket>> sockets;
    const std::size_t before = held();
    for (std::size_t i = 0; i < count; ++i) {
      sockets.push_back(std::make_unique<RawSocket>(server_->address()));
      sockets.back()->send(request);
    }
    EXPECT_TRUE(eventually([&] { return held() == before + count; }));
    return sockets;
  }

  std::size_t held() {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }

  void answer_held() {
    const std::lock_guard lock(mutex_);
    for (Responder& one : held_) one.send(text_response(200, "held"));
    held_.clear();
  }

  // The answer on a connection of its own, which ends with it where it is a refusal.
  std::string ask(std::string_view request) {
    RawSocket socket(server_->address());
    socket.send(request);
    const std::string head = socket.read_until("\r\n\r\n");
    return head.find(" 503 ") == std::string::npos ? head : head + socket.read_to_end();
  }

  bool is_served(std::string_view request) { return ask(request).find(" 200 OK") == 8; }

  std::mutex mutex_;
  std::vector<Responder> held_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(PlacesTest, OneConnectionTooManyIsToldSoAndTheOthersGoOn) {
  start({.connections_max = 2});
  const auto busy = hold(2, kHold);
  const std::string refusal = ask(kHello);
  EXPECT_EQ(refusal.find("HTTP/1.1 503 "), 0U) << refusal;
  EXPECT_NE(refusal.find("\"type\":\"too-many-connections\""), std::string::npos) << refusal;
  EXPECT_NE(refusal.find("Connection: close"), std::string::npos);
  EXPECT_EQ(server_->counters().connections_refused, 1U);
  answer_held();
  for (const auto& socket : busy)
    EXPECT_NE(socket->read_until("held").find("200"), std::string::npos);
  EXPECT_EQ(server_->counters().connections_displaced, 0U);
}

TEST_F(PlacesTest, TheConnectionThatIsIdleLongestMakesRoom) {
  start({.connections_max = 2});
  RawSocket first(server_->address());
  first.send(kHello);
  EXPECT_NE(first.read_until("hello").find("200"), std::string::npos);
  RawSocket second(server_->address());
  second.send(kHello);
  EXPECT_NE(second.read_until("hello").find("200"), std::string::npos);
  EXPECT_TRUE(is_served(kHello));
  EXPECT_EQ(first.read_to_end(), "");
  EXPECT_TRUE(first.ended());
  second.send(kHello);
  EXPECT_NE(second.read_until("hello").find("200"), std::string::npos) << "it was idle for less";
  EXPECT_EQ(server_->counters().connections_displaced, 1U);
}

TEST_F(PlacesTest, ANewConnectionKeepsItsPlaceForAWhileThoughItSaysNothing) {
  start({.connections_max = 2, .silence_max = minutes(1)});
  RawSocket silent(server_->address());
  RawSocket slow(server_->address());
  slow.send("GET /hel");
  ASSERT_TRUE(eventually([&] { return server_->counters().connections_open == 2; }));
  EXPECT_FALSE(is_served(kHello));
  slow.send("lo HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(slow.read_until("hello").find("200"), std::string::npos);
}

TEST_F(PlacesTest, AConnectionThatComesToNoRequestMakesRoomAfterAWhile) {
  start({.connections_max = 2, .silence_max = Milliseconds(20)});
  RawSocket silent(server_->address());
  RawSocket slow(server_->address());
  slow.send("GET /hel");
  const auto both_are_in = [&] { return server_->counters().connections_open == 2; };
  ASSERT_TRUE(eventually(both_are_in));
  EXPECT_TRUE(eventually([&] { return is_served(kHello); }));
  const auto busy = hold(1, kHold);
  EXPECT_TRUE(eventually([&] { return is_served(kHello); })) << "and so does the other one";
  EXPECT_EQ(silent.read_to_end() + slow.read_to_end(), "");
  EXPECT_TRUE(silent.ended() && slow.ended());
}

TEST_F(PlacesTest, CallersOfWhichThereAreManyLeaveTheReservedPlacesToTheOthers) {
  start({.connections_max = 4, .connections_reserved = 2});
  const auto busy = hold(2, kHoldOfMany);
  const std::string refusal = ask(kHoldOfMany);
  EXPECT_NE(refusal.find("\"type\":\"too-many-connections\""), std::string::npos) << refusal;
  EXPECT_NE(refusal.find("All 2 connections"), std::string::npos) << refusal;
  EXPECT_NE(refusal.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(is_served(kHello));
  const auto others = hold(2, kHold);
  EXPECT_FALSE(is_served(kHello)) << "now every place is taken by a request under way";
}

TEST_F(PlacesTest, OneOfManyWhomTheGateDoesNotKnowLeavesItsPlaceWithItsAnswer) {
  start({.connections_max = 3, .connections_reserved = 2});
  for (int again = 0; again < 3; ++again) {
    const auto busy = hold(1, kHoldOfMany);
    EXPECT_FALSE(is_served(kHoldOfMany));
    answer_held();
    const std::string answer = busy[0]->read_to_end();
    EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
    EXPECT_TRUE(busy[0]->ended());
  }
  EXPECT_EQ(server_->counters().connections_displaced, 0U);
}

TEST_F(PlacesTest, KnownCallersOfWhichThereAreManyKeepPlacesBesideThoseOfTheOthers) {
  start({.connections_max = 2, .connections_reserved = 1, .kept_max = 2});
  RawSocket first(server_->address());
  RawSocket second(server_->address());
  for (RawSocket* node : {&first, &second}) {
    node->send(kHelloOfNode);
    const std::string answer = node->read_until("hello");
    EXPECT_EQ(answer.find("Connection: close"), std::string::npos) << answer;
  }
  EXPECT_EQ(server_->counters().connections_kept, 2U);
  const auto others = hold(2, kHold);
  EXPECT_FALSE(is_served(kHello)) << "the others have no more places than ever";
  for (RawSocket* node : {&first, &second}) {
    node->send(kHelloOfNode);
    EXPECT_NE(node->read_until("hello").find("200"), std::string::npos) << "nor take any of those";
  }
  EXPECT_EQ(server_->counters().connections_displaced, 0U);
}

TEST_F(PlacesTest, ANodeForWhichNoPlaceIsKeptIsServedAndItsConnectionEndsWithTheAnswer) {
  start({.connections_max = 2, .connections_reserved = 1, .kept_max = 1});
  auto kept = std::make_unique<RawSocket>(server_->address());
  kept->send(kHelloOfNode);
  EXPECT_NE(kept->read_until("hello").find("200"), std::string::npos);
  RawSocket further(server_->address());
  further.send(kHelloOfOther);
  const std::string answer = further.read_to_end();
  EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
  EXPECT_NE(answer.find("hello"), std::string::npos) << answer;
  kept.reset();
  ASSERT_TRUE(eventually([&] { return server_->counters().connections_kept == 0; }));
  RawSocket next(server_->address());
  next.send(kHelloOfOther);
  EXPECT_EQ(next.read_until("hello").find("Connection: close"), std::string::npos);
  EXPECT_EQ(server_->counters().connections_kept, 1U);
}

TEST_F(PlacesTest, ARefusedCallerOfTheManyHoldsNoConnection) {
  start({});
  RawSocket stranger(server_->address());
  stranger.send("GET /hello HTTP/1.1\r\nHost: a\r\nMany: yes\r\nRevoked: 1\r\n\r\n");
  EXPECT_NE(stranger.read_to_end().find("Connection: close"), std::string::npos);
  EXPECT_TRUE(stranger.ended());
}

TEST_F(PlacesTest, NoNodeKeepsMorePlacesThanItsShare) {
  start({.kept_each_max = 1});
  RawSocket first(server_->address());
  first.send(kHelloOfNode);
  EXPECT_NE(first.read_until("hello").find("200"), std::string::npos);
  RawSocket second(server_->address());
  second.send("GET /hold HTTP/1.1\r\nHost: a\r\nMany: yes\r\nNode: 1\r\n\r\n");
  EXPECT_EQ(first.read_to_end(), "") << "it rested, and may have been dead";
  EXPECT_TRUE(eventually([&] { return held() == 1; }));
  RawSocket third(server_->address());
  third.send(kHelloOfNode);
  EXPECT_NE(third.read_to_end().find("Connection: close"), std::string::npos);
  answer_held();
  EXPECT_EQ(second.read_until("held").find("Connection: close"), std::string::npos);
  RawSocket other(server_->address());
  other.send(kHelloOfOther);
  EXPECT_EQ(other.read_until("hello").find("Connection: close"), std::string::npos);
  EXPECT_EQ(server_->counters().connections_kept, 2U);
}

TEST_F(PlacesTest, AKeptPlaceEndsWithTheRightToIt) {
  start({});
  for (const char* request :
       {"GET /hello HTTP/1.1\r\nHost: a\r\nMany: 1\r\nRevoked: 1\r\n\r\n", kHello}) {
    RawSocket node(server_->address());
    node.send(kHelloOfNode);
    EXPECT_NE(node.read_until("hello").find("200"), std::string::npos);
    node.send(request);
    const std::string answer = node.read_to_end();
    EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
    EXPECT_TRUE(eventually([&] { return server_->counters().connections_kept == 0; }));
  }
}

TEST_F(PlacesTest, AKeptConnectionMayRestForLongerThanAnother) {
  start({.idle_max = Milliseconds(300), .kept_idle_max = minutes(1)});
  RawSocket node(server_->address());
  node.send(kHelloOfNode);
  EXPECT_NE(node.read_until("hello").find("200"), std::string::npos);
  RawSocket other(server_->address());
  other.send(kHello);
  EXPECT_NE(other.read_to_end().find("200"), std::string::npos);
  EXPECT_TRUE(other.ended());
  node.send(kHelloOfNode);
  EXPECT_NE(node.read_until("hello").find("200"), std::string::npos);
}

TEST_F(PlacesTest, AKeptConnectionThatIsSilentForTooLongIsClosed) {
  start({.request_read_max = Milliseconds(40), .kept_idle_max = Milliseconds(20)});
  std::vector<std::unique_ptr<RawSocket>> nodes;
  for (int i = 0; i < 3; ++i) {
    nodes.push_back(std::make_unique<RawSocket>(server_->address()));
    nodes.back()->send(kHelloOfNode);
    EXPECT_NE(nodes.back()->read_until("hello").find("200"), std::string::npos);
  }
  for (const auto& node : nodes) EXPECT_EQ(node->read_to_end(), "");
  EXPECT_TRUE(eventually([&] { return server_->counters().connections_open == 0; }));
  EXPECT_EQ(server_->counters().connections_kept, 0U);
}

TEST_F(PlacesTest, AStrangersBodyThatDoesNotComeMakesRoom) {
  start({.connections_max = 2, .silence_max = Milliseconds(20)});
  std::vector<std::unique_ptr<RawSocket>> silent;
  for (int i = 0; i < 2; ++i) {
    silent.push_back(std::make_unique<RawSocket>(server_->address()));
    silent.back()->send("GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n");
  }
  EXPECT_TRUE(eventually([&] { return is_served(kHello); }));
  EXPECT_GE(server_->counters().connections_displaced, 1U);
}

}  // namespace
}  // namespace duru::http
