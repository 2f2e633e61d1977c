// What callers are shown of a fleet: who serves what, whose credential is revoked, what an apply
// changed.
#include "duru/server/api/test_field.h"

namespace duru {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(FieldStanding, AFleetCountsWhatItsNodesServe) {
  TestServer server;
  TestField field(server);
  const std::string first = field.enrol("cam-1");
  field.enrol("cam-2");
  field.apply_release("smoke-1");
  const auto fleets = [&] { return server.get("/v1/fleets").body; };
  EXPECT_TRUE(has(fleets(), R"("node_count":2,"serving":[{"release":"","node_count":2}],)"
                            R"("differing_count":0)"))
      << fleets();
  field.sync(first, field.serving(1, "smoke-1"));
  EXPECT_TRUE(has(fleets(), R"("serving":[{"release":"","node_count":1},)"
                            R"({"release":"smoke-1","node_count":1}],"differing_count":1)"))
      << fleets();
}

TEST(FieldStanding, NodesAreListedByTheirFleetPageByPage) {
  TestServer server;
  TestField field(server);
  for (const char* name : {"cam-1", "cam-2", "n0"}) field.enrol(name);
  const std::string fleet = field.fleet_json();
  EXPECT_EQ(field.apply(fleet, "", "").status, 200);
  const auto first = server.get("/v1/nodes?fleet=cams&limit=2");
  EXPECT_TRUE(has(first.body, R"("name":"cam-1")")) << first.body;
  EXPECT_TRUE(has(first.body, R"("name":"cam-2")"));
  EXPECT_FALSE(has(first.body, R"("name":"n0")"));
  const std::string next = TestServer::field(first.body, "continue");
  const auto rest = server.get("/v1/nodes?fleet=cams&limit=2&continue=" + next);
  EXPECT_TRUE(has(rest.body, R"("name":"n0")")) << rest.body;
  EXPECT_FALSE(has(rest.body, R"("name":"n1")")) << "this machine's node is of no fleet";
  EXPECT_TRUE(has(rest.body, R"("continue":null)")) << "nothing of the fleet is left";
  EXPECT_TRUE(has(server.get("/v1/nodes?fleet=none").body, R"("items":[])"));
  EXPECT_EQ(server.get("/v1/chips?fleet=cams").status, 400);
}

TEST(FieldStanding, ARevokedNodeSaysSoAndWhyAndHasNothingFree) {
  TestServer server;
  TestField field(server);
  field.enrol("cam-1");
  EXPECT_EQ(server.post("/v1/nodes/cam-1/revoke", R"({"reason":"stolen"})").status, 204);
  const auto node = server.get("/v1/nodes/cam-1");
  EXPECT_EQ(TestServer::field(node.body, "state"), "revoked");
  EXPECT_EQ(TestServer::field(node.body, "reason"), "stolen");
  EXPECT_TRUE(has(node.body, R"("accelerator_free_count":0)")) << node.body;
  const auto accelerator = server.get("/v1/accelerators/cam-1/0");
  EXPECT_EQ(TestServer::field(accelerator.body, "state"), "revoked");
  EXPECT_EQ(TestServer::field(accelerator.body, "reason"), "stolen");
  EXPECT_TRUE(has(server.get("/v1/accelerators").body, R"("state":"revoked")"));
  EXPECT_TRUE(has(server.get("/metrics").body, R"(state="revoked")"));
}

TEST(FieldStanding, AnApplyTellsWhatItMadeAndChanged) {
  TestServer server;
  TestField field(server);
  const auto first =
      field.apply(field.fleet_json(), field.release_json("smoke-1"), field.rollout_json("smoke-1"));
  EXPECT_TRUE(has(first.body, R"("created":["fleet/cams","release/smoke-1","rollout/to-smoke-1"],)"
                              R"("changed":[]})"))
      << first.body;
  const std::string slower = R"({"name":"cams","selector":{"site":"ridge"},"heartbeat":"20s"})";
  const auto second = field.apply(slower, field.release_json("smoke-1"), "");
  EXPECT_TRUE(has(second.body, R"("created":[],"changed":["fleet/cams"]})")) << second.body;
}

TEST(FieldStanding, AWaveNamesItsNodesAndOneThatNeverBeganIsSkipped) {
  TestServer server;
  TestField field(server);
  field.enrol("cam-1");
  field.enrol("cam-2");
  const std::string rollout =
      R"({"name":"r","fleet":"cams","release":"smoke-1","waves":[{"count":1},{"count":1}]})";
  EXPECT_EQ(field.apply(field.fleet_json(), field.release_json("smoke-1"), rollout).status, 200);
  const auto waves = [&] { return server.get("/v1/rollouts/r").body; };
  EXPECT_TRUE(has(waves(), R"({"wave":1,"state":"running")")) << waves();
  EXPECT_TRUE(has(waves(), R"("nodes":["cam-1"]},{"wave":2,"state":"waiting")")) << waves();
  EXPECT_TRUE(has(waves(), R"("nodes":["cam-2"]}])")) << waves();
  server.post("/v1/rollouts/r/stop");
  EXPECT_TRUE(has(waves(), R"({"wave":1,"state":"stopped")")) << waves();
  EXPECT_TRUE(has(waves(), R"("nodes":[]},{"wave":2,"state":"skipped")")) << waves();
}

}  // namespace
}  // namespace duru
