#include <gtest/gtest.h>

#include "duru/server/api/metrics.h"
#include "duru/server/api/test_server.h"

namespace duru {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Fleet, ListsNodesAcceleratorsChipsAndSitesInPages) {
  TestServer server;
  const auto nodes = server.get("/v1/nodes");
  EXPECT_TRUE(has(nodes.body, R"("chips":"1 × aries-mla100 (emulated), 2 × h100)")) << nodes.body;
  EXPECT_TRUE(has(nodes.body, R"("continue":null)"));
  const auto first = server.get("/v1/accelerators?limit=2");
  EXPECT_EQ(TestServer::field(first.body, "continue"), "n1/1");
  const auto second = server.get("/v1/accelerators?limit=2&continue=n1%2F1");
  EXPECT_TRUE(has(second.body, R"("name":"n1/2")"));
  EXPECT_FALSE(has(second.body, R"("name":"n1/1")"));
  EXPECT_TRUE(has(second.body, R"("continue":null)"));
  const auto chips = server.get("/v1/chips?limit=1");
  EXPECT_EQ(TestServer::field(chips.body, "continue"), "aries-mla100");
  EXPECT_TRUE(has(chips.body, R"("watts":null)"));
  EXPECT_TRUE(has(server.get("/v1/chips?continue=aries-mla100").body, R"("watts":"700")"));
  EXPECT_TRUE(has(server.get("/v1/sites").body, R"("node_count":1,"accelerator_count":3)"));
  EXPECT_EQ(server.get("/v1/nodes/n1").status, 200);
  EXPECT_EQ(server.get("/v1/nodes/n2").status, 404);
  EXPECT_EQ(server.get("/v1/accelerators/n1/2").status, 200);
  for (const char* none : {"/v1/accelerators/n1/3", "/v1/accelerators/n1/x"}) {
    EXPECT_EQ(server.get(none).status, 404);
  }
}

TEST(Fleet, NodeVerbsAnswerWithTheNode) {
  TestServer server;
  const auto cordoned = server.post("/v1/nodes/n1/cordon", R"({"reason":"new fan"})");
  EXPECT_EQ(cordoned.status, 200);
  EXPECT_EQ(TestServer::field(cordoned.body, "state"), "cordoned");
  EXPECT_EQ(TestServer::field(cordoned.body, "reason"), "new fan");
  EXPECT_EQ(TestServer::field(server.get("/v1/accelerators/n1/0").body, "state"), "cordoned");
  const auto drained = server.post("/v1/nodes/n1/drain", R"({"grace":"5m"})");
  EXPECT_EQ(TestServer::field(drained.body, "state"), "drained") << "nothing runs on it";
  EXPECT_EQ(TestServer::field(drained.body, "reason"), "new fan");
  EXPECT_EQ(TestServer::field(server.post("/v1/nodes/n1/uncordon").body, "state"), "ready");
  EXPECT_EQ(server.post("/v1/nodes/n2/cordon").status, 404);
  EXPECT_EQ(server.post("/v1/nodes/n1/drain", R"({"grace":5})").status, 400);
  server.submit("a");
  EXPECT_EQ(server.request("DELETE", "/v1/nodes/n1").status, 409);
  EXPECT_EQ(server.request("DELETE", "/v1/nodes/n2").status, 404);
}

TEST(Fleet, ANodeIsDrainingUntilTheLastOfItsWorkHasEnded) {
  TestServer server;
  const std::string run = server.run_of(server.submit("a"));
  const auto state = [&] { return TestServer::field(server.get("/v1/nodes/n1").body, "state"); };
  server.post("/v1/nodes/n1/drain", R"({"grace":"5m"})");
  EXPECT_EQ(state(), "draining");
  server.engine().exit_run(run, 0);
  EXPECT_TRUE(eventually([&] { return state() == "drained"; }));
}

TEST(Fleet, ADrainTellsWhenItStopsWhatRunsAndACordonedNodeHasNothingFree) {
  TestServer server;
  server.run_of(server.submit("a"));
  EXPECT_TRUE(has(server.get("/v1/nodes/n1").body, R"("accelerator_free_count":2)"));
  const auto drained = server.post("/v1/nodes/n1/drain", R"({"grace":"5m"})");
  const std::string stop_at = TestServer::field(drained.body, "stop_at");
  EXPECT_EQ(stop_at.size(), std::string("2026-11-24T22:51:32.123Z").size()) << drained.body;
  EXPECT_TRUE(has(drained.body, R"("accelerator_free_count":0)")) << drained.body;
  const auto longer = server.post("/v1/nodes/n1/drain", R"({"grace":"1h"})");
  EXPECT_EQ(TestServer::field(longer.body, "stop_at"), stop_at) << "the earlier end stays";
  EXPECT_TRUE(has(server.post("/v1/nodes/n1/uncordon").body, R"("stop_at":null)"));
}

TEST(Fleet, ANodeThatTakesWorkIsNotRemovedUnlessThatIsForced) {
  TestServer server;
  const auto refused = server.request("DELETE", "/v1/nodes/n1");
  EXPECT_EQ(refused.status, 409);
  EXPECT_TRUE(has(refused.body, "duru drain n1 first, or remove it with --force")) << refused.body;
  EXPECT_EQ(server.request("DELETE", "/v1/nodes/n1?force=perhaps").status, 400);
  EXPECT_EQ(server.request("DELETE", "/v1/nodes/n1?force=true").status, 204);
}

TEST(Fleet, AnEmptyNodeIsRemoved) {
  TestServer server;
  server.post("/v1/nodes/n1/cordon");
  const auto removed = server.request("DELETE", "/v1/nodes/n1");
  EXPECT_EQ(removed.status, 204);
  EXPECT_EQ(removed.body, "");
  EXPECT_EQ(server.get("/v1/nodes/n1").status, 404);
}

TEST(Fleet, AnAcceleratorIsMarked) {
  TestServer server;
  const std::string mark = "/v1/accelerators/n1/2/mark";
  const auto marked = server.post(mark, R"({"healthy":false,"reason":"ECC"})");
  EXPECT_EQ(TestServer::field(marked.body, "state"), "unhealthy");
  EXPECT_EQ(TestServer::field(marked.body, "reason"), "ECC");
  EXPECT_EQ(server.post(mark, R"({"healthy":false})").status, 422);
  EXPECT_EQ(server.post(mark, R"({"reason":"ECC"})").status, 400);
  EXPECT_EQ(server.post("/v1/accelerators/n1/7/mark", R"({"healthy":true})").status, 404);
  EXPECT_EQ(TestServer::field(server.post(mark, R"({"healthy":true})").body, "state"), "free");
}

TEST(Gate, LetsNobodyInWithoutTheToken) {
  TestServer server;
  http::HttpClient stranger(server.address());
  for (const char* target : {"/v1/version", "/v1/nodes", "/metrics", "/nothing"}) {
    const auto answer = stranger.request("GET", target);
    EXPECT_EQ(answer.value().status, 401) << target;
    EXPECT_EQ(answer.value().headers.get("WWW-Authenticate"), "Bearer");
  }
  for (const char* wrong :
       {"Bearer secre", "Bearer secret2", "Basic secret", "secret", "Bearer "}) {
    EXPECT_EQ(stranger.request("GET", "/v1/nodes", {{"Authorization", wrong}}).value().status, 401);
  }
  EXPECT_EQ(
      stranger.request("GET", "/v1/nodes", {{"Authorization", "bearer secret"}}).value().status,
      200);
  for (const char* open : {"/healthz", "/readyz"}) {
    EXPECT_EQ(stranger.request("GET", open).value().status, 200);
  }
}

TEST(System, TellsItsVersionAndItsMetrics) {
  TestServer server;
  const auto version = server.get("/v1/version");
  EXPECT_TRUE(has(version.body, R"("version":"0.1.0","installation":"testtest","term":1)"));
  server.submit("a");
  const auto metrics = server.get("/metrics");
  EXPECT_EQ(metrics.headers.get("Content-Type"), MetricsText::kContentType);
  for (const char* line :
       {"duru_build_info{version=\"0.1.0\"} 1\n", "duru_jobs{state=\"starting\"} 1\n",
        "duru_jobs{state=\"failed\"} 0\n",
        "duru_accelerators{chip=\"h100-sxm5-80gb\",state=\"used\",emulated=\"true\"} 1\n",
        "duru_commits_total ", "duru_facts_total ", "# TYPE duru_http_requests_total counter\n",
        "duru_http_slow_readers_dropped_total 0\n"}) {
    EXPECT_TRUE(has(metrics.body, line)) << line << metrics.body;
  }
}

TEST(MetricsText, EscapesWhatLabelsHold) {
  MetricsText text;
  text.begin("x", "gauge", "X.");
  text.add({{"a", "1\"2\\3\n"}}, -4);
  EXPECT_EQ(text.take(), "# HELP x X.\n# TYPE x gauge\nx{a=\"1\\\"2\\\\3\\n\"} -4\n");
}

}  // namespace
}  // namespace duru
