#include "duru/core/ledger/usage.h"

#include <gtest/gtest.h>

#include "duru/base/json.h"
#include "duru/server/api/test_field.h"

namespace duru {
namespace {

Usage usage_of(TestServer& server, const std::string& query = "") {
  const auto answer = server.get("/v1/usage" + query);
  EXPECT_EQ(answer.status, 200) << answer.body;
  JsonResult<Usage> usage = from_json<Usage>(answer.body, {.skips_unknown = true});
  EXPECT_TRUE(usage.ok()) << answer.body;
  return usage.value;
}

std::int64_t milliseconds(const std::string& seconds) {
  std::int64_t ms = -1;
  EXPECT_TRUE(parse_decimal(seconds, 3, ms)) << seconds;
  return ms;
}

// The five classes sum to the capacity, and the bill to what was used: exactly (P8).
void expect_balance(const Usage& usage, std::int64_t accelerators) {
  const std::int64_t capacity = milliseconds(usage.capacity_accelerator_seconds);
  const std::int64_t used = milliseconds(usage.used_accelerator_seconds);
  EXPECT_EQ(capacity, used + milliseconds(usage.idle_accelerator_seconds) +
                          milliseconds(usage.maintenance_accelerator_seconds) +
                          milliseconds(usage.failed_accelerator_seconds) +
                          milliseconds(usage.foreign_accelerator_seconds));
  EXPECT_EQ(capacity, accelerators * since(usage.to, usage.from).value);
  std::int64_t billed = 0;
  for (const UsageItem& item : usage.items) billed += milliseconds(item.accelerator_seconds);
  EXPECT_EQ(billed, used);
}

TEST(UsageRoute, BalancesWhileWorkRunsAfterItEndedAndOverARestart) {
  TestServer server;
  const std::string ended = server.submit("a");
  const std::string run = server.run_of(ended);
  server.engine().start_run(run);
  server.engine().exit_run(run, 0);
  ASSERT_TRUE(eventually([&] { return server.state_of(ended) == "succeeded"; }));
  server.submit("b");
  server.post("/v1/accelerators/n1/2/mark", R"({"healthy":false,"reason":"ECC"})");
  Timestamp last_to;
  for (int i = 0; i < 3; ++i) {
    const Usage usage = usage_of(server);  // at once: it waits for what was seen before
    EXPECT_EQ(usage.items.size(), 2U);
    expect_balance(usage, 3);
    EXPECT_GE(usage.to, last_to);
    last_to = usage.to;
    // The same span again gives the same account, whatever happened since.
    const std::string span =
        "?from=" + format_timestamp(usage.from) + "&to=" + format_timestamp(usage.to);
    EXPECT_EQ(to_json(usage_of(server, span)), to_json(usage));
    if (i == 1) server.restart();
  }
}

TEST(UsageRoute, CutsTheAccountAtTheMarkAndSaysSo) {
  TestServer server;
  server.submit("a");
  const Usage usage = usage_of(server, "?to=2999-01-01T00:00:00.000Z");
  EXPECT_LT(usage.to, Timestamp(32'472'144'000'000));
  expect_balance(usage, 3);
  const Usage before = usage_of(server, "?to=2001-01-01T00:00:00.000Z");
  EXPECT_EQ(before.capacity_accelerator_seconds, "0");
  EXPECT_TRUE(before.items.empty());
}

TEST(UsageRoute, BillsOneProjectAndRefusesWhatItDoesNotKnow) {
  TestServer server;
  server.submit("a");
  EXPECT_TRUE(usage_of(server, "?project=other").items.empty());
  EXPECT_EQ(usage_of(server, "?project=default").items.size(), 1U);
  for (const char* bad : {"?from=yesterday", "?since=1",
                          "?from=2027-01-02T00:00:00.000Z&to=2027-01-01T00:00:00.000Z"}) {
    EXPECT_EQ(server.get(std::string("/v1/usage") + bad).status, 400) << bad;
  }
}

TEST(UsageRoute, TellsWhatTheNodesOfAFleetDid) {
  TestServer server;
  TestField field(server);
  EXPECT_NE(server.get("/v1/usage").body.find(R"("field":[])"), std::string::npos);
  const std::string credential = field.enrol("cam-1");
  field.apply_release("smoke-1");
  field.sync(credential, field.says(0, FieldPhase::kNone, ""));
  SyncRequest request = field.serving(1, "smoke-1");
  request.counters.up = seconds(90);
  request.counters.inferences = 30;
  field.sync(credential, request);
  const auto usage = server.get("/v1/usage");
  const std::string line =
      R"({"fleet":"cams","chip":"aries-mla100","emulated":true,"node_count":1,)"
      R"("up_seconds":"90","inferences":30,"restarts":0,"events_dropped":0,)"
      R"("joules_per_inference":null})";
  EXPECT_NE(usage.body.find(line), std::string::npos) << usage.body;
}

TEST(UsageRoute, DoesNotShrinkWhenANodeIsRemoved) {
  TestServer server;
  TestField field(server);
  field.apply_release("smoke-1");
  for (const char* node : {"cam-1", "cam-2"}) {
    SyncRequest request = field.serving(1, "smoke-1");
    request.counters.up = seconds(90);
    request.counters.inferences = 30;
    field.sync(field.enrol(node), request);
  }
  EXPECT_EQ(server.post("/v1/nodes/cam-1/revoke", R"({"reason":"sold","remove":true})").status,
            204);
  const auto usage = server.get("/v1/usage");
  const std::string line = R"("node_count":1,"up_seconds":"180","inferences":60,)";
  EXPECT_NE(usage.body.find(line), std::string::npos) << usage.body;
}

}  // namespace
}  // namespace duru
