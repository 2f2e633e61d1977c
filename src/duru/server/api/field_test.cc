#include <gtest/gtest.h>

#include "duru/server/api/test_field.h"

namespace duru {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(FieldEnrolment, ANodeComesInWithItsCodeOnceAndGetsTheLabelsOfTheCode) {
  TestServer server;
  TestField field(server);
  const EnrolRequest request = field.request("cam-1", field.code());
  const auto answer = field.enrol(request);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(has(answer.body, R"("node":"cam-1","installation":"testtest")")) << answer.body;
  EXPECT_TRUE(has(answer.body, R"("heartbeat":"1m")"));
  const auto node = server.get("/v1/nodes/cam-1");
  EXPECT_TRUE(has(node.body, R"("labels":{"site":"ridge"})")) << node.body;
  EXPECT_TRUE(has(node.body, "1 × aries-mla100 (emulated)"));
  // A lost answer is asked for again; somebody else's use of the code is refused.
  EXPECT_EQ(field.enrol(request).body, answer.body);
  EnrolRequest other = request;
  other.credential = sha256("somebody").hex();
  EXPECT_EQ(field.enrol(other).status, 403);
  other.code = "nocode";
  const auto refused = field.enrol(other);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(TestServer::field(refused.body, "type"), "enrolment-invalid");
}

TEST(FieldEnrolment, AGuessedOrUsedCodeIsRefusedWithoutTheThreadThatDecides) {
  TestServer server;
  TestField field(server);
  const EnrolRequest used = field.request("cam-1", field.code());
  EXPECT_EQ(field.enrol(used).status, 200);
  server.stop_deciding();
  for (const std::string& code : {std::string("guess"), used.code}) {
    EnrolRequest request = used;
    request.code = code;
    request.credential = sha256("somebody").hex();
    const auto refused = field.enrol(request);
    EXPECT_EQ(refused.status, 403) << refused.body;
    EXPECT_EQ(TestServer::field(refused.body, "type"), "enrolment-invalid");
  }
}

TEST(FieldEnrolment, ANameThatIsTakenGetsANumberAndNoNameIsChosen) {
  TestServer server;
  TestField field(server);
  field.enrol("cam");
  EnrolRequest second = field.request("cam", field.code());
  second.credential = sha256("second").hex();
  EXPECT_EQ(TestServer::field(field.enrol(second).body, "node"), "cam-2");
  EnrolRequest third = field.request("", field.code());
  EXPECT_EQ(TestServer::field(field.enrol(third).body, "node").substr(0, 5), "node-");
}

TEST(FieldEnrolment, WhatIsWrongIsNamed) {
  TestServer server;
  TestField field(server);
  EnrolRequest request = field.request("cam-1", field.code());
  request.credential = "short";
  request.node = "../x";
  const auto answer = field.enrol(request);
  EXPECT_EQ(answer.status, 400);
  EXPECT_TRUE(has(answer.body, "/credential") && has(answer.body, "/node")) << answer.body;
  request = field.request("cam-1", field.code());
  request.chip = ChipName("no-such-chip");
  EXPECT_EQ(field.enrol(request).status, 422);
}

TEST(FieldEnrolment, ACodeIsAnsweredAgainForItsKeyAndLiesInNoJournal) {
  TestServer server;
  const http::Headers key{{"Idempotency-Key", "once"}};
  const auto first = server.post("/v1/enrolments", R"({"labels":{"a":"b"}})", key);
  EXPECT_EQ(first.status, 201);
  const std::string code = TestServer::field(first.body, "code");
  EXPECT_EQ(code.size(), 24U);
  const auto again = server.post("/v1/enrolments", R"({"labels":{"a":"b"}})", key);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.headers.get("Idempotent-Replayed"), "true");
  const auto another = server.post("/v1/enrolments", R"({"labels":{"a":"b"}})");
  EXPECT_NE(TestServer::field(another.body, "code"), code);
  EXPECT_FALSE(server.journal_holds(code));
  EXPECT_TRUE(server.journal_holds(sha256(code).hex()));
  EXPECT_EQ(server.post("/v1/enrolments", R"({"valid_for":"90d"})").status, 422);
}

TEST(FieldSync, OnlyTheNodesOwnCredentialOpensTheFieldAndNothingElse) {
  TestServer server;
  TestField field(server);
  const std::string credential = field.enrol("cam-1");
  const SyncRequest nothing = field.says(0, FieldPhase::kNone, "");
  EXPECT_EQ(field.try_sync(credential, nothing).status, 200);
  for (const char* wrong : {"secret", "", "ffff"}) {
    EXPECT_EQ(field.try_sync(wrong, nothing).status, 401) << wrong;
  }
  EXPECT_EQ(server.request_as(credential, "GET", "/v1/nodes").status, 401);
  EXPECT_EQ(server.post("/v1/nodes/cam-1/revoke", R"({"reason":"stolen"})").status, 204);
  const auto revoked = field.try_sync(credential, nothing);
  EXPECT_EQ(revoked.status, 401);
  EXPECT_EQ(TestServer::field(revoked.body, "type"), "revoked");
}

TEST(FieldSync, ARolloutReachesTheNodeWhichFetchesServesAndProvesIt) {
  TestServer server;
  TestField field(server);
  const std::string credential = field.enrol("cam-1");
  EXPECT_FALSE(field.sync(credential, field.says(0, FieldPhase::kNone, "")).revision.has_value());
  field.apply_release("smoke-1");
  EXPECT_EQ(TestServer::field(server.get("/v1/rollouts/to-smoke-1").body, "state"), "running");
  const SyncReply told = field.sync(credential, field.says(0, FieldPhase::kNone, ""));
  ASSERT_TRUE(told.revision.has_value());
  EXPECT_EQ(told.revision->current.name, "smoke-1");
  EXPECT_EQ(told.heartbeat, seconds(10));
  field.sync(credential, field.says(1, FieldPhase::kFetching, ""));
  const auto behind = server.get("/v1/rollouts/to-smoke-1");
  EXPECT_TRUE(has(behind.body, R"("why":"it fetches the release")")) << behind.body;
  field.sync(credential, field.serving(1, "smoke-1"));
  EXPECT_TRUE(eventually([&] {
    return TestServer::field(server.get("/v1/rollouts/to-smoke-1").body, "state") == "completed";
  })) << server.get("/v1/rollouts/to-smoke-1").body;
  const auto node = server.get("/v1/nodes/cam-1");
  EXPECT_TRUE(has(node.body, R"("link":"online","release":"smoke-1","wanted":"smoke-1")"))
      << node.body;
  EXPECT_EQ(TestServer::field(server.get("/v1/fleets").body, "release"), "smoke-1");
}

TEST(FieldSync, ANodeThatIsLostWhileItsWaveBakesIsBehindWithTheReason) {
  TestServer server;
  TestField field(server);
  const std::string credential = field.enrol("cam-1");
  EXPECT_EQ(field
                .apply(field.fleet_json(), field.release_json("smoke-1"),
                       R"({"name":"r","fleet":"cams","release":"smoke-1","bake":"10m"})")
                .status,
            200);
  field.sync(credential, field.serving(1, "smoke-1"));
  const auto baking = server.get("/v1/rollouts/r");
  EXPECT_TRUE(has(baking.body, R"("state":"baking")")) << baking.body;
  EXPECT_TRUE(has(baking.body, R"("silent_count":0)"));
  SyncRequest last = field.serving(1, "smoke-1");
  last.goodbye = true;
  field.sync(credential, last);
  EXPECT_TRUE(eventually([&] {
    return has(server.get("/v1/rollouts/r").body, R"("why":"it is lost: it said goodbye")");
  })) << server.get("/v1/rollouts/r").body;
  const auto lost = server.get("/v1/rollouts/r");
  EXPECT_TRUE(has(lost.body, R"("state":"running")")) << lost.body;
  EXPECT_TRUE(has(lost.body, R"("silent_count":1)"));
  field.sync(credential, field.serving(1, "smoke-1"));
  EXPECT_TRUE(
      eventually([&] { return has(server.get("/v1/rollouts/r").body, R"("state":"baking")"); }));
}

TEST(FieldSync, AnEventIsAcknowledgedOnceItIsDurableAndAHeartbeatReachesNoJournal) {
  TestServer server;
  TestField field(server);
  const std::string credential = field.enrol("cam-1");
  SyncRequest request = field.says(0, FieldPhase::kNone, "");
  request.events = {{1, R"({"kind":"smoke"})", seconds(3), std::nullopt},
                    {2, R"({"kind":"smoke"})", seconds(1), std::nullopt}};
  EXPECT_EQ(field.sync(credential, request).events_through, 2);
  const std::int64_t facts = server.fact_count();
  for (int i = 0; i < 3; ++i) {
    SyncRequest again = field.says(0, FieldPhase::kNone, "");
    again.events = request.events;
    EXPECT_EQ(field.sync(credential, again).events_through, 2);
  }
  EXPECT_EQ(server.fact_count(), facts);
}

TEST(FieldEvents, AreListedOnceEachWithTheirTimesInEitherOrder) {
  TestServer server;
  TestField field(server);
  const std::string credential = field.enrol("cam-1");
  SyncRequest request = field.says(0, FieldPhase::kNone, "");
  for (std::int64_t number = 1; number <= 3; ++number) {
    request.events.push_back(
        {number, "{\"n\":" + std::to_string(number) + "}", seconds(10), std::nullopt});
  }
  field.sync(credential, request);
  field.sync(credential, request);
  const auto newest = server.get("/v1/events?node=cam-1&limit=2");
  EXPECT_TRUE(has(newest.body, R"("number":3)") && has(newest.body, R"("body":{"n":2})"))
      << newest.body;
  EXPECT_TRUE(has(newest.body, R"("uncertainty":"1s")")) << newest.body;
  const std::string more = TestServer::field(newest.body, "continue");
  const auto rest = server.get("/v1/events?limit=2&continue=" + more);
  EXPECT_TRUE(has(rest.body, R"("number":1)") && has(rest.body, R"("continue":null)")) << rest.body;
  EXPECT_EQ(server.get("/v1/events?order=oldest").body.find("\"number\":3") >
                server.get("/v1/events?order=oldest").body.find("\"number\":1"),
            true);
  EXPECT_TRUE(has(server.get("/v1/events?node=cam-2").body, R"("items":[])"));
  EXPECT_EQ(server.get("/v1/events?order=random").status, 400);
  EXPECT_EQ(server.get("/v1/events?continue=x").status, 400);
}

TEST(FieldSync, WhatNoAgentSendsIsRefusedWithItsPlace) {
  TestServer server;
  TestField field(server);
  const std::string credential = field.enrol("cam-1");
  SyncRequest request = field.says(0, FieldPhase::kNone, "");
  request.events = {{2, "[]", seconds(3), std::nullopt}, {1, "{}", hours(24 * 4000), std::nullopt}};
  const auto answer = field.try_sync(credential, request);
  EXPECT_EQ(answer.status, 400);
  for (const char* place : {"/events/0/body", "/events/1/number", "/events/1/age"}) {
    EXPECT_TRUE(has(answer.body, place)) << place << answer.body;
  }
}

TEST(FieldVerbs, ANodeOfTheFieldIsRemovedByRevokingItAlone) {
  TestServer server;
  TestField field(server);
  field.enrol("cam-1");
  for (const char* how : {"", "?force=true"}) {
    const auto refused = server.request("DELETE", std::string("/v1/nodes/cam-1") + how);
    EXPECT_EQ(refused.status, 409) << how;
    EXPECT_TRUE(has(refused.body, "duru revoke node cam-1 --remove")) << refused.body;
  }
  EXPECT_EQ(server.get("/v1/nodes/cam-1").status, 200);
  EXPECT_EQ(server.post("/v1/nodes/cam-1/revoke", R"({"reason":"sold","remove":true})").status,
            204);
  EXPECT_EQ(server.get("/v1/nodes/cam-1").status, 404);
}

TEST(FieldSync, AfterARestartOfTheServerANodeIsToldTheSame) {
  TestServer server;
  TestField field(server);
  const std::string credential = field.enrol("cam-1");
  field.apply_release("smoke-1");
  field.sync(credential, field.serving(1, "smoke-1"));
  server.restart();
  const SyncReply told = field.sync(credential, field.serving(1, "smoke-1"));
  ASSERT_TRUE(told.revision.has_value());
  EXPECT_EQ(told.revision->number, 1);
}

TEST(FieldSync, EphemeralNodesLeaveWhenTheyAreAsked) {
  TestServer server;
  TestField field(server);
  const std::string credential = field.enrol("cam-1");
  SyncRequest request = field.says(0, FieldPhase::kNone, "");
  request.ephemeral = true;
  EXPECT_FALSE(field.sync(credential, request).leave);
  // Another, that was not started to end with the server.
  field.sync(field.enrol("cam-2"), field.says(0, FieldPhase::kNone, ""));
  EXPECT_EQ(server.post("/v1/end_nodes").body, R"({"node_count":1,"staying_count":1})");
  EXPECT_TRUE(field.sync(credential, request).leave);
  request.goodbye = true;
  field.sync(credential, request);
  EXPECT_EQ(server.post("/v1/end_nodes").body, R"({"node_count":0,"staying_count":1})");
}

TEST(FieldBlobs, ANodeReadsWhatItsRevisionNamesAndNothingElse) {
  TestServer server;
  TestField field(server);
  const std::string credential = field.enrol("cam-1");
  const std::string secret = field.upload("not for cameras");
  field.apply_release("smoke-1");
  const SyncReply told = field.sync(credential, field.says(0, FieldPhase::kNone, ""));
  const std::string blobs = "/v1/field/blobs/";
  const auto manifest =
      server.request_as(credential, "GET", blobs + told.revision->current.digest.hex());
  ASSERT_EQ(manifest.status, 200);
  EXPECT_EQ(sha256(manifest.body), told.revision->current.digest);
  const auto read = from_json<Manifest>(manifest.body);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read.value.chips, std::vector{ChipName("aries-mla100")});
  ASSERT_EQ(read.value.files.size(), 1U);
  EXPECT_TRUE(read.value.files[0].executable);
  const std::string file = blobs + read.value.files[0].digest.hex();
  EXPECT_EQ(server.request_as(credential, "GET", file).body, "echo smoke-1");
  for (const std::string& other : {secret, std::string(64, '0'), std::string("x")}) {
    EXPECT_EQ(server.request_as(credential, "GET", blobs + other).status, 403) << other;
  }
}

TEST(FieldBlobs, ADownloadIsResumed) {
  TestServer server;
  TestField field(server);
  const std::string credential = field.enrol("cam-1");
  field.apply_release("smoke-1");
  const SyncReply told = field.sync(credential, field.says(0, FieldPhase::kNone, ""));
  const std::string target = "/v1/field/blobs/" + told.revision->current.digest.hex();
  const std::string whole = server.request_as(credential, "GET", target).body;
  const auto rest = server.request_as(credential, "GET", target, "", {{"Range", "bytes=10-"}});
  EXPECT_EQ(rest.status, 206);
  EXPECT_EQ(rest.body, whole.substr(10));
  EXPECT_EQ(rest.headers.get("Content-Range"),
            "bytes 10-" + std::to_string(whole.size() - 1) + "/" + std::to_string(whole.size()));
  const std::string end = "bytes=" + std::to_string(whole.size()) + "-";
  EXPECT_EQ(server.request_as(credential, "GET", target, "", {{"Range", end}}).status, 416);
  // A range of another kind may be passed over.
  EXPECT_EQ(server.request_as(credential, "GET", target, "", {{"Range", "bytes=-5"}}).status, 200);
}

TEST(FieldApply, AllOfItIsTakenOrNone) {
  TestServer server;
  TestField field(server);
  const auto refused =
      field.apply(field.fleet_json(), "", R"({"name":"r","fleet":"cams","release":"none"})");
  EXPECT_EQ(refused.status, 422) << refused.body;
  EXPECT_EQ(TestServer::field(refused.body, "type"), "unknown-release");
  EXPECT_TRUE(has(server.get("/v1/fleets").body, R"("items":[])"));
  const auto taken = field.apply(field.fleet_json(), field.release_json("smoke-1"), "");
  EXPECT_EQ(taken.status, 200) << taken.body;
  EXPECT_TRUE(has(taken.body, R"("fleets":[{"name":"cams")")) << taken.body;
  EXPECT_TRUE(has(server.get("/v1/releases").body, R"("name":"smoke-1")"));
  // Again: nothing changes. Another content under the same name: no.
  const std::int64_t facts = server.fact_count();
  const auto again = field.apply(field.fleet_json(), field.release_json("smoke-1"), "");
  EXPECT_TRUE(has(again.body, R"("created":[],"changed":[]})")) << again.body;
  EXPECT_EQ(server.fact_count(), facts);
  const auto other =
      field.apply("", R"({"name":"smoke-1","command":["true"],"probe":{"command":["true"]}})", "");
  EXPECT_EQ(other.status, 409) << other.body;
}

TEST(FieldApply, AReleasesFaultsPointIntoTheBody) {
  TestServer server;
  TestField field(server);
  const auto no_probe = field.apply("", R"({"name":"a","command":["true"]})", "");
  EXPECT_EQ(no_probe.status, 422);
  EXPECT_TRUE(has(no_probe.body, R"("pointer":"/releases/0/probe)")) << no_probe.body;
  EXPECT_TRUE(has(no_probe.body, "a release needs a probe")) << no_probe.body;
  const auto no_file = field.apply(
      "",
      R"({"name":"a","command":["x"],"probe":{"command":["x"]},"files":[{"path":"x","digest":")" +
          std::string(64, '1') + "\"}]}",
      "");
  EXPECT_TRUE(has(no_file.body, R"("pointer":"/releases/0/files/0/digest")")) << no_file.body;
  const auto no_chip = field.apply(
      "", R"({"name":"a","command":["x"],"probe":{"command":["x"]},"chips":["q"]})", "");
  EXPECT_TRUE(has(no_chip.body, R"("pointer":"/releases/0/chips/0")")) << no_chip.body;
}

TEST(FieldRollouts, ArePausedResumedAndStopped) {
  TestServer server;
  TestField field(server);
  field.enrol("cam-1");
  field.apply_release("smoke-1");
  const std::string rollout = "/v1/rollouts/to-smoke-1";
  EXPECT_EQ(TestServer::field(server.post(rollout + "/pause").body, "state"), "paused");
  EXPECT_EQ(TestServer::field(server.post(rollout + "/resume").body, "state"), "running");
  EXPECT_EQ(TestServer::field(server.post(rollout + "/stop").body, "state"), "stopped");
  EXPECT_EQ(server.post(rollout + "/resume").status, 409);
  EXPECT_EQ(server.post("/v1/rollouts/none/stop").status, 404);
  EXPECT_EQ(server.get("/v1/rollouts/none").status, 404);
}

}  // namespace
}  // namespace duru
