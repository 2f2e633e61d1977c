#include <gtest/gtest.h>

#include <algorithm>

#include "duru/http/sse.h"
#include "duru/server/api/test_field.h"

namespace duru {
namespace {

const std::string kJobs = "/v1/projects/default/jobs";

// Reads a watch stream in a thread of its own, until the server or the test ends it.
class Watcher {
 public:
  Watcher(TestServer& server, const std::string& query, const std::string& last_id = "")
      : thread_([this, query, last_id, address = server.address()] {
          http::HttpClient client(address, {.headers = {{"Authorization", "Bearer secret"}}});
          http::ClientRequest request;
          request.target = "/v1/watch?" + query;
          if (!last_id.empty()) request.headers.add("Last-Event-ID", last_id);
          http::SseParser parser;
          static_cast<void>(client.follow(request, [&](std::string_view bytes) {
            const std::lock_guard lock(mutex_);
            static_cast<void>(parser.feed(bytes, [&](const http::SseEvent& event) {
              events_.push_back(event);
              return true;
            }));
            bytes_ += bytes.size();
            last_id_ = parser.last_event_id();
            return !leaving_;
          }));
          const std::lock_guard lock(mutex_);
          ended_ = true;
        }) {}
  ~Watcher() { leave(); }

  std::vector<http::SseEvent> events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  // "jobs:starting", "nodes:ready", "deleted:": the event and the state that it shows.
  std::vector<std::string> short_events() const {
    std::vector<std::string> texts;
    for (const http::SseEvent& event : events()) {
      texts.push_back(event.event + ":" + TestServer::field(event.data, "state"));
    }
    return texts;
  }
  std::string last_id() const {
    const std::lock_guard lock(mutex_);
    return last_id_;
  }
  bool listening() const {
    const std::lock_guard lock(mutex_);
    return bytes_ > 0;
  }
  bool ended() const {
    const std::lock_guard lock(mutex_);
    return ended_;
  }
  // At the latest with the next heartbeat.
  void leave() {
    {
      const std::lock_guard lock(mutex_);
      leaving_ = true;
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<http::SseEvent> events_;
  std::string last_id_;
  std::size_t bytes_ = 0;
  bool leaving_ = false;
  bool ended_ = false;
  std::thread thread_;
};

constexpr Milliseconds kHeartbeat(20);

void run_to_success(TestServer& server, const std::string& id) {
  const std::string run = server.run_of(id);
  server.engine().start_run(run);
  ASSERT_TRUE(eventually([&] { return server.state_of(id) == "running"; }));
  server.engine().exit_run(run, 0);
  ASSERT_TRUE(eventually([&] { return server.state_of(id) == "succeeded"; }));
}

TEST(Watch, TellsEachChangeOnceACommitAsTheListShowsIt) {
  TestServer server(kHeartbeat);
  Watcher watcher(server, "kind=jobs");
  ASSERT_TRUE(eventually([&] { return watcher.listening(); }));
  const std::string id = server.submit("a");
  run_to_success(server, id);
  EXPECT_TRUE(eventually([&] {
    return watcher.short_events() ==
           std::vector<std::string>{"jobs:starting", "jobs:running", "jobs:succeeded"};
  }));
  const std::string list = server.get(kJobs).body;
  EXPECT_NE(list.find(watcher.events().back().data), std::string::npos);
}

TEST(Watch, ShowsWhatAnAttemptHoldsAndOnlyTheKindsAskedFor) {
  TestServer server(kHeartbeat);
  Watcher watcher(server, "kind=nodes,accelerators");
  ASSERT_TRUE(eventually([&] { return watcher.listening(); }));
  const std::string id = server.submit("a");
  ASSERT_TRUE(eventually([&] { return watcher.events().size() == 2; }));
  EXPECT_EQ(watcher.short_events(), (std::vector<std::string>{"nodes:ready", "accelerators:used"}));
  run_to_success(server, id);
  EXPECT_TRUE(eventually([&] { return watcher.short_events().back() == "accelerators:free"; }));
  EXPECT_EQ(server.request("DELETE", "/v1/nodes/n1?force=true").status, 204);
  EXPECT_TRUE(eventually([&] { return watcher.short_events().back() == "deleted:"; }));
  EXPECT_EQ(watcher.events().back().data, R"({"kind":"accelerators","name":"n1/2","id":"n1/2"})");
}

TEST(Watch, GoesOnWhereAListEndedAlsoAfterARestart) {
  TestServer server(kHeartbeat);
  const std::string first = server.submit("a");
  const std::string as_of = TestServer::field(server.get(kJobs).body, "as_of");
  const std::string second = server.submit("b");
  run_to_success(server, first);
  for (int i = 0; i < 2; ++i) {
    Watcher watcher(server, "kind=jobs&project=default", as_of);
    // Each once, merged, in the order of their last change.
    EXPECT_TRUE(eventually([&] { return watcher.events().size() == 2; }));
    EXPECT_EQ(watcher.short_events(),
              (std::vector<std::string>{"jobs:starting", "jobs:succeeded"}));
    EXPECT_NE(watcher.events().back().id, "");
    Watcher later(server, "kind=jobs", watcher.events().front().id);
    EXPECT_TRUE(eventually([&] { return later.events().size() == 1; }));
    Watcher other(server, "kind=jobs&project=other", as_of);
    ASSERT_TRUE(eventually([&] { return other.listening(); }));
    EXPECT_TRUE(other.events().empty());
    watcher.leave();
    later.leave();
    other.leave();
    if (i == 0) server.restart();
  }
}

TEST(Watch, SaysGoneToAPositionThatIsUnknownOrTooOld) {
  TestServer server(kHeartbeat);
  const std::string id = server.submit("a");
  const std::string old = TestServer::field(server.get(kJobs).body, "as_of");
  run_to_success(server, id);
  server.retire(id);
  for (const std::string& position :
       {old, std::string("nonsense"), std::string("testtest.1.999999"), std::string("elsewher.1.1"),
        std::string("testtest.7.3"), std::string("testtest.1.-1")}) {
    Watcher watcher(server, "kind=jobs", position);
    EXPECT_TRUE(eventually([&] { return watcher.ended(); })) << position;
    EXPECT_EQ(watcher.short_events(), std::vector<std::string>{"gone:"}) << position;
  }
  Watcher nodes(server, "kind=nodes", old);
  EXPECT_TRUE(
      eventually([&] { return nodes.short_events() == std::vector<std::string>{"nodes:ready"}; }));
}

TEST(Watch, ARetiredJobTakesItsAttemptsWithIt) {
  TestServer server(kHeartbeat);
  const std::string id = server.submit("a");
  run_to_success(server, id);
  const std::string as_of = TestServer::field(server.get(kJobs).body, "as_of");
  server.retire(id);
  Watcher watcher(server, "kind=attempts", as_of);
  ASSERT_TRUE(eventually([&] { return watcher.events().size() == 1; }));
  EXPECT_EQ(watcher.events()[0].event, "deleted");
  EXPECT_EQ(watcher.events()[0].data, R"({"kind":"attempts","name":"a","id":")" + id + R"(/1"})");
}

TEST(Watch, AHeartbeatMovesAQuietWatcherForward) {
  TestServer server(kHeartbeat);
  Watcher watcher(server, "kind=nodes&project=x");
  ASSERT_TRUE(eventually([&] { return watcher.listening(); }));
  const std::string id = server.submit("a");
  run_to_success(server, id);
  const std::string as_of = TestServer::field(server.get(kJobs).body, "as_of");
  EXPECT_TRUE(eventually([&] { return watcher.last_id() == as_of; }));
}

TEST(Watch, TellsThatAFleetServesOtherwiseAndThatItsNodeIsRevoked) {
  TestServer server(kHeartbeat);
  TestField field(server);
  const std::string credential = field.enrol("cam-1");
  field.enrol("cam-2");
  Watcher watcher(server, "kind=fleets&kind=accelerators");
  ASSERT_TRUE(eventually([&] { return watcher.listening(); }));
  const auto tells = [&](const std::string& part) {
    return eventually([&] {
      const std::vector<http::SseEvent> events = watcher.events();
      return std::any_of(events.begin(), events.end(), [&](const http::SseEvent& event) {
        return event.data.find(part) != std::string::npos;
      });
    });
  };
  server.post("/v1/nodes/cam-2/revoke", "{}");
  EXPECT_TRUE(tells(R"("name":"cam-2/0")")) << "an accelerator";
  EXPECT_TRUE(tells(R"("state":"revoked")"));
  field.apply_release("smoke-1");
  field.sync(credential, field.says(1, FieldPhase::kReturned, "smoke-0"));
  EXPECT_TRUE(tells(R"("serving":[{"release":"smoke-0","node_count":1}])"));
}

TEST(Watch, CatchesUpOverManyObjects) {
  TestServer server(kHeartbeat);
  const std::string as_of = TestServer::field(server.get(kJobs).body, "as_of");
  constexpr std::size_t kMany = 1000;
  std::string body = R"({"items":[)";
  for (std::size_t i = 0; i < kMany; ++i) {
    body += (i > 0 ? "," : "") + std::string(R"({"command":["true"],"cpu":"8"})");
  }
  ASSERT_EQ(server.post(kJobs, body + "]}").status, 201);
  Watcher watcher(server, "kind=jobs", as_of);
  EXPECT_TRUE(eventually([&] { return watcher.events().size() == kMany; }));
  Watcher live(server, "kind=jobs");
  ASSERT_TRUE(eventually([&] { return live.listening(); }));
  EXPECT_EQ(server.post("/v1/end_all", R"({"reason":"x"})").status, 200);
  EXPECT_TRUE(eventually([&] { return live.events().size() >= kMany - 1; }));
}

TEST(Watch, DropsAReaderThatFallsTooFarBehindAndCountsIt) {
  http::HttpLimits limits;
  limits.stream_buffer_bytes_max = 1024;
  TestServer server(kHeartbeat, limits);
  Watcher watcher(server, "kind=jobs,attempts,nodes,accelerators");
  ASSERT_TRUE(eventually([&] { return watcher.listening(); }));
  std::string body = R"({"items":[)";
  for (int i = 0; i < 200; ++i) {
    body += (i > 0 ? "," : "") + std::string(R"({"command":["true"],"cpu":"8"})");
  }
  ASSERT_EQ(server.post(kJobs, body + "]}").status, 201);
  EXPECT_TRUE(eventually([&] {
    server.post("/v1/nodes/n1/cordon");
    server.post("/v1/nodes/n1/uncordon");
    const std::string metrics = server.get("/metrics").body;
    return metrics.find("duru_http_slow_readers_dropped_total 0\n") == std::string::npos ||
           watcher.events().size() > 5000;
  }));
}

TEST(Watch, AsksForAKindThatThereIs) {
  TestServer server;
  for (const char* bad : {"", "?kind=", "?kind=chips", "?kind=jobs&since=1"}) {
    EXPECT_EQ(server.get(std::string("/v1/watch") + bad).status, 400) << bad;
  }
}

// Node and number of each event of the field, as they came.
std::vector<std::string> events_of(const Watcher& watcher) {
  std::vector<std::string> texts;
  for (const http::SseEvent& event : watcher.events()) {
    const std::size_t at = event.data.find("\"number\":");
    texts.push_back(TestServer::field(event.data, "node") + "/" +
                    event.data.substr(at + 9, event.data.find(',', at) - at - 9));
  }
  return texts;
}

TEST(Watch, TellsTheFieldsEventsInTheirOrderAndGoesOnWhereItBrokeOff) {
  TestServer server(kHeartbeat);
  TestField field(server);
  const std::string first = field.enrol("cam-1");
  const std::string second = field.enrol("cam-2");
  const auto raise = [&](const std::string& credential, std::int64_t from, std::int64_t to) {
    SyncRequest request = field.says(0, FieldPhase::kNone, "");
    for (std::int64_t n = from; n <= to; ++n) {
      request.events.push_back({n, R"({"alarm":true})", seconds(1), std::nullopt});
    }
    field.sync(credential, request);
  };
  std::string position;
  {
    Watcher all(server, "kind=events");
    Watcher one(server, "kind=events&node=cam-2");
    ASSERT_TRUE(eventually([&] { return all.listening() && one.listening(); }));
    raise(first, 1, 2);
    raise(second, 1, 1);
    EXPECT_TRUE(eventually([&] {
      return events_of(all) == std::vector<std::string>{"cam-1/1", "cam-1/2", "cam-2/1"} &&
             events_of(one) == std::vector<std::string>{"cam-2/1"};
    }));
    EXPECT_NE(server.get("/v1/events").body.find(all.events().back().data), std::string::npos);
    position = all.last_id();
  }
  raise(first, 3, 12);
  Watcher again(server, "kind=events", position);
  EXPECT_TRUE(eventually([&] { return events_of(again).size() == 10; }));
  EXPECT_EQ(events_of(again).front(), "cam-1/3");
  EXPECT_EQ(events_of(again).back(), "cam-1/12");
}

}  // namespace
}  // namespace duru
