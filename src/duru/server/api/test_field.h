// For the tests of this folder: a field of nodes around a TestServer, each a few words.
//
//   TestField field(server);
//   const std::string credential = field.enrol("cam-1");
//   field.apply_release("smoke-1");
//   SyncReply told = field.sync(credential, field.serving(1, "smoke-1"));
#pragma once

#include "duru/base/json.h"
#include "duru/field/protocol.h"
#include "duru/server/api/test_server.h"

namespace duru {

class TestField {
 public:
  explicit TestField(TestServer& server) : server_(server) {}

  std::string code() {
    return TestServer::field(server_.post("/v1/enrolments", R"({"labels":{"site":"ridge"}})").body,
                             "code");
  }
  EnrolRequest request(const std::string& node, const std::string& code) {
    EnrolRequest request;
    request.code = code;
    request.node = node;
    request.credential = sha256(node).hex();
    request.chip = ChipName("aries-mla100");
    request.accelerators = 1;
    request.emulated = true;
    request.cpu = MilliCpu(4000);
    request.memory = Bytes(1 << 30);
    return request;
  }
  http::ClientResponse enrol(const EnrolRequest& request) {
    return server_.request_as("", "POST", "/v1/field/enrol", to_json(request));
  }
  // Gives its credential.
  std::string enrol(const std::string& node) {
    const EnrolRequest made = request(node, code());
    const auto answer = enrol(made);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return made.credential;
  }

  SyncRequest says(std::int64_t revision, FieldPhase phase, const std::string& serving) {
    SyncRequest request;
    request.boot_id = "boot-1";
    request.uptime = seconds(++uptime_s_);
    request.revision = revision;
    request.phase = phase;
    request.serving = serving;
    return request;
  }
  SyncRequest serving(std::int64_t revision, const std::string& release) {
    return says(revision, FieldPhase::kServing, release);
  }
  http::ClientResponse try_sync(const std::string& credential, const SyncRequest& request) {
    return server_.request_as(credential, "POST", "/v1/field/sync", to_json(request));
  }
  SyncReply sync(const std::string& credential, const SyncRequest& request) {
    const auto answer = try_sync(credential, request);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return from_json<SyncReply>(answer.body).value;
  }

  std::string upload(const std::string& text) {
    return TestServer::field(server_.post("/v1/projects/default/artifacts", text).body, "digest");
  }
  std::string fleet_json() {
    return R"({"name":"cams","selector":{"site":"ridge"},"cpu":"1","heartbeat":"10s"})";
  }
  std::string release_json(const std::string& name) {
    return R"({"name":")" + name +
           R"(","command":["sh","run.sh"],"files":[{"path":"run.sh","digest":")" +
           upload("echo " + name) + R"(","executable":true}],"probe":{"command":["true"]},)" +
           R"("chips":["aries"]})";
  }
  std::string rollout_json(const std::string& release) {
    return R"({"name":"to-)" + release + R"(","fleet":"cams","release":")" + release +
           R"(","bake":"0ms"})";
  }
  http::ClientResponse apply(const std::string& fleets, const std::string& releases,
                             const std::string& rollouts, http::Headers headers = {}) {
    return server_.post("/v1/apply",
                        "{\"fleets\":[" + fleets + "],\"releases\":[" + releases +
                            "],\"rollouts\":[" + rollouts + "]}",
                        std::move(headers));
  }
  // The fleet, a release, and its rollout to all of it at once.
  void apply_release(const std::string& name) {
    const auto answer = apply(fleet_json(), release_json(name), rollout_json(name));
    EXPECT_EQ(answer.status, 200) << answer.body;
  }

 private:
  TestServer& server_;
  std::int64_t uptime_s_ = 0;
};

}  // namespace duru
