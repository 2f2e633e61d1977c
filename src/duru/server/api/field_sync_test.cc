#include <gtest/gtest.h>

#include "duru/server/api/test_field.h"

namespace duru {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(FieldSync, ANodeThatCountsAnewIsToldWhatIsKnown) {
  TestServer server;
  TestField field(server);
  field.apply_release("smoke-1");
  const std::string credential = field.enrol("cam-1");
  SyncRequest request = field.serving(1, "smoke-1");
  request.counters = {hours(1), 30, 2, 0};
  EXPECT_FALSE(field.sync(credential, request).counters.has_value());
  SyncRequest anew = field.serving(1, "smoke-1");
  anew.counts_anew = true;
  for (int i = 0; i < 2; ++i) {
    anew.uptime = anew.uptime + seconds(1);
    const std::optional<FieldCounters> told = field.sync(credential, anew).counters;
    ASSERT_TRUE(told.has_value());
    EXPECT_EQ(told->inferences, 30);
    EXPECT_EQ(told->up, hours(1));
  }
  anew.counters.inferences = 1;
  anew.detail = "news";
  anew.uptime = anew.uptime + seconds(1);
  EXPECT_EQ(field.sync(credential, anew).counters->inferences, 30);
}

TEST(FieldSync, AGapBetweenEventsThatTheNodeExplainsIsTakenWhateverItsCountSays) {
  TestServer server;
  TestField field(server);
  const std::string credential = field.enrol("cam-1");
  SyncRequest request = field.says(0, FieldPhase::kNone, "");
  request.events = {{5, "{}", seconds(1), {}}};
  EXPECT_EQ(field.sync(credential, request).events_through, 0);
  request.uptime = request.uptime + seconds(1);
  request.events[0].dropped_before = 4;
  EXPECT_EQ(field.sync(credential, request).events_through, 5);
  request.events[0].dropped_before = -1;
  const auto answer = field.try_sync(credential, request);
  EXPECT_TRUE(has(answer.body, "/events/0/dropped_before")) << answer.body;
}

TEST(FieldSync, CountersBeyondAllReasonAreBoundedAndCutNoNodeOff) {
  TestServer server;
  TestField field(server);
  field.apply_release("smoke-1");
  for (const char* node : {"cam-1", "cam-2"}) {
    SyncRequest request = field.serving(1, "smoke-1");
    request.counters = {hours(1'000'000'000), INT64_MAX, INT64_MIN, 7};
    field.sync(field.enrol(node), request);
  }
  const auto node = server.get("/v1/nodes/cam-1");
  EXPECT_TRUE(has(node.body, R"("inferences":1000000000000000,"restarts":0,"events_dropped":7)"))
      << node.body;
  const auto usage = server.get("/v1/usage");
  EXPECT_TRUE(has(usage.body, R"("inferences":2000000000000000,"restarts":0,"events_dropped":14)"))
      << usage.body;
}

TEST(FieldVerbs, AReleaseIsRemovedOnceNothingHasUseForIt) {
  TestServer server;
  TestField field(server);
  EXPECT_EQ(server.request("DELETE", "/v1/releases/smoke-1").status, 404);
  field.apply_release("smoke-1");
  const auto refused = server.request("DELETE", "/v1/releases/smoke-1");
  EXPECT_EQ(refused.status, 409);
  EXPECT_TRUE(has(refused.body, "release-in-use")) << refused.body;
  field.apply_release("smoke-2");
  EXPECT_EQ(server.request("DELETE", "/v1/releases/smoke-1").status, 204);
  EXPECT_FALSE(has(server.get("/v1/releases").body, "smoke-1"));
  EXPECT_TRUE(has(server.get("/v1/releases").body, "smoke-2"));
}

TEST(FieldSync, AFloodOfEventsIsTakenAtARateAndTheRestWaitsWithoutHoldingUpOtherNews) {
  TestServer server;
  TestField field(server);
  field.apply_release("smoke-1");
  const std::string credential = field.enrol("cam-1");
  const std::string body = R"({"x":")" + std::string(4000, 'x') + R"("})";
  std::int64_t through = 0;
  for (int sync = 0; sync < 10; ++sync) {
    SyncRequest request = field.says(0, FieldPhase::kNone, "");
    for (std::int64_t n = 1; n <= 64; ++n) request.events.push_back({through + n, body, {}, {}});
    through = field.sync(credential, request).events_through;
  }
  EXPECT_GT(through, 200);
  EXPECT_LT(through, 300);
  SyncRequest request = field.serving(1, "smoke-1");
  for (std::int64_t n = 1; n <= 64; ++n) request.events.push_back({through + n, body, {}, {}});
  field.sync(credential, request);
  EXPECT_TRUE(has(server.get("/v1/nodes/cam-1").body, R"("phase":"serving")"));
}

}  // namespace
}  // namespace duru
