// For the tests of this folder: an engine with a clock of its own, and one node's syncs.
#pragma once

#include <gtest/gtest.h>

#include "duru/engine/agent/agent_engine.h"

namespace duru {

inline constexpr Timestamp kStart(1'800'000'000'000);
inline const InstallationId kHere("testtest");
inline const NodeName kNode("cam-1");

inline ReleaseRef release(const std::string& name) {
  return {name, sha256(name), std::string(128, 'a')};
}

class AgentEngineTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(engine_.start([this](Message m) { seen_.push_back(std::move(m)); }).ok());
  }

  TaskRunSpec spec(std::int64_t revision, std::int32_t attempt = 1) {
    TaskRunSpec made;
    made.workload = {"aaaaaaaaaaaaaaaa", 0};
    made.attempt = attempt;
    made.name = task_run_name(kHere, made.workload, attempt, 0);
    made.term = 1;
    made.allocation.node = kNode;
    Revision& given = made.revision.emplace();
    given.number = revision;
    given.current = release("smoke-" + std::to_string(revision));
    if (revision > 1) given.previous = release("smoke-" + std::to_string(revision - 1));
    return made;
  }
  SyncRequest sync(std::int64_t revision, FieldPhase phase, const std::string& serving) {
    SyncRequest request;
    request.boot_id = "boot-1";
    request.uptime = since(clock_.now(), kStart) + minutes(10);
    request.revision = revision;
    request.phase = phase;
    request.serving = serving;
    return request;
  }
  SyncRequest empty() { return sync(0, FieldPhase::kNone, ""); }
  SyncRequest serving(std::int64_t revision) {
    return sync(revision, FieldPhase::kServing, "smoke-" + std::to_string(revision));
  }
  void know(std::int64_t revision) {
    known_.revision = revision;
    known_.phase = FieldPhase::kServing;
    known_.serving = "smoke-" + std::to_string(revision);
  }
  void pass(Milliseconds span) {
    clock_.advance_to(clock_.now() + span);
    engine_.check();
  }
  template <class T>
  std::vector<T> of_kind() const {
    std::vector<T> found;
    for (const Message& message : seen_) {
      if (const T* body = message.as<T>()) found.push_back(*body);
    }
    return found;
  }

  VirtualClock clock_{kStart};
  bool revoked_ = false;
  std::vector<Message> seen_;
  FieldKnown known_;
  AgentEngine engine_{{kHere, [this](const NodeName&) { return revoked_; }, Milliseconds(0)},
                      clock_};
};

}  // namespace duru
