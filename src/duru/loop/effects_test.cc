#include "duru/loop/effects.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "duru/core/testing/rig.h"
#include "duru/loop/testing.h"

namespace duru::testing {
namespace {

class EffectsTest : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(rig.problems(), ""); }
  // Applies, and gives the projection its facts. (One fact an input, so that the state is that
  // fact's.)
  void apply(const Message& input) {
    rig.apply(input);
    ASSERT_LE(rig.facts().size(), 1U) << rig.fact_names();
    for (const Message& fact : rig.facts()) {
      effects.on_fact(rig.state(), fact, {rig.state().last_seq, rig.state().term, rig.now()});
    }
  }
  void begin() { effects.begin({{SiteName("here"), &engine}}, rig.state()); }
  std::string run_of(const JobId& id, int attempt = 1, int task = 0) const {
    return "duru-abcdefgh-" + id.str() + "-0-" + std::to_string(attempt) + "-" +
           std::to_string(task);
  }
  Rig rig{{node("a", kH100, 4)}};
  RecordingEngine engine;
  Effects effects;
};

TEST_F(EffectsTest, NothingIsSentBeforeItBegins) {
  const JobId id = rig.submit(gpu_job("j"));
  effects.on_fact(rig.state(), AttemptStarted{workload_of(id), 1, -1, {}, {}, false}, {});
  EXPECT_TRUE(engine.calls.empty());
  begin();
  EXPECT_EQ(engine.calls,
            (std::vector<std::string>{"run " + run_of(id), "reconcile " + run_of(id)}));
}

TEST_F(EffectsTest, TheFullSetStopsBeforeItRuns) {
  const JobId stopping = rig.submit(gpu_job("stopping"));
  rig.apply(CancelJob{stopping});
  const JobId gang = rig.submit(gpu_job("gang", 1, 2));
  begin();
  EXPECT_EQ(engine.calls,
            (std::vector<std::string>{
                "stop " + run_of(stopping) + " 10s", "run " + run_of(stopping),
                "run " + run_of(gang), "run " + run_of(gang, 1, 1),
                "reconcile " + run_of(stopping) + " " + run_of(gang) + " " + run_of(gang, 1, 1)}));
}

TEST_F(EffectsTest, WhatBeginsWhileTheFullSetIsBeingSaidIsNoOrphan) {
  const JobId first = rig.submit(gpu_job("first", 4));
  const JobId second = rig.submit(gpu_job("second", 4));
  for (int i = 0; i < 600; ++i) rig.submit(gpu_job("later-" + std::to_string(i), 4));
  begin();
  engine.calls.clear();
  EXPECT_FALSE(effects.resend_step(rig.state()));
  EXPECT_EQ(engine.calls, std::vector<std::string>{"run " + run_of(first)});
  rig.finish(first, 0);
  effects.on_fact(rig.state(), AttemptStarted{workload_of(second), 1, -1, {}, {}, false}, {});
  EXPECT_TRUE(effects.resend_step(rig.state()));
  EXPECT_EQ(engine.calls.back(), "reconcile " + run_of(first) + " " + run_of(second));
}

TEST_F(EffectsTest, WithoutWorkTheFullSetIsEmptyAndStillSent) {
  begin();
  EXPECT_EQ(engine.calls, std::vector<std::string>{"reconcile"});
}

TEST_F(EffectsTest, AStopGoesToEveryTask) {
  const JobId gang = rig.submit(gpu_job("gang", 1, 2));
  begin();
  engine.calls.clear();
  apply(DrainNode{NodeName("a"), minutes(1), ""});
  EXPECT_TRUE(engine.calls.empty());
  rig.advance(minutes(1));
  apply(Tick{});
  EXPECT_EQ(engine.calls, (std::vector<std::string>{"stop " + run_of(gang) + " 10s",
                                                    "stop " + run_of(gang, 1, 1) + " 10s"}));
}

TEST_F(EffectsTest, AnEndedAttemptIsForgotten) {
  const JobId id = rig.submit(gpu_job("j"));
  begin();
  engine.calls.clear();
  rig.finish(id, 0);
  effects.on_fact(
      rig.state(),
      *std::find_if(rig.facts().begin(), rig.facts().end(),
                    [](const Message& fact) { return fact.as<AttemptEnded>() != nullptr; }),
      {});
  EXPECT_EQ(engine.calls, std::vector<std::string>{"forget " + run_of(id)});
}

TEST_F(EffectsTest, ATaskRunIsWhatTheJobTheVariantAndTheAllocationSay) {
  JobSpec spec = job("j");
  spec.command = {"common"};
  spec.env = {{"A", "job"}, {"B", "job"}};
  spec.variants = {{ChipName("h100"), MilliDevices(2000), {"special"}, "", {{"B", "variant"}}}};
  spec.tasks = 2;
  spec.outputs = {"model"};
  spec.files = {{"x", sha256("x"), Bytes(1), false}};
  spec.inputs = {{"in", "sha256:" + sha256("in").hex()}};
  spec.time_limit = minutes(3);
  spec.grace = seconds(4);
  const JobId id = rig.submit(spec);
  const WorkloadRecord& workload = rig.state().workloads.at(workload_of(id));
  const TaskRunSpec first = task_run_spec(rig.state(), workload, 0);
  EXPECT_EQ(first.name.str(), run_of(id));
  EXPECT_EQ(first.tasks, 2);
  EXPECT_EQ(first.decided_seq, rig.attempt(id)->decided_seq);
  EXPECT_EQ(first.term, 1);
  EXPECT_EQ(first.command, std::vector<std::string>{"special"});
  EXPECT_EQ(first.env, (std::map<std::string, std::string>{{"A", "job"}, {"B", "variant"}}));
  EXPECT_EQ(first.track, Track::kGpu);
  EXPECT_TRUE(first.emulated);
  EXPECT_EQ(first.files.size(), 1U);
  EXPECT_EQ(first.inputs.at("in"), sha256("in"));
  EXPECT_EQ(first.outputs, std::vector<std::string>{"model"});
  EXPECT_EQ(first.time_limit, minutes(3));
  EXPECT_EQ(first.grace, seconds(4));
  EXPECT_EQ(first.allocation.devices, (std::vector<std::int32_t>{0, 1}));
  const TaskRunSpec second = task_run_spec(rig.state(), workload, 1);
  EXPECT_EQ(second.name.str(), run_of(id, 1, 1));
  EXPECT_TRUE(second.outputs.empty());
  EXPECT_EQ(second.allocation.devices, (std::vector<std::int32_t>{2, 3}));
}

TEST_F(EffectsTest, ASessionHasNoTimeLimitOfTheEngines) {
  const JobId id = rig.submit(session("s", minutes(3)));
  const auto& workload = rig.state().workloads.at(workload_of(id));
  EXPECT_EQ(task_run_spec(rig.state(), workload, 0).time_limit, Milliseconds(0));
}

TEST_F(EffectsTest, ALaunchCarriesTheTermOfTheServerThatAsks) {
  const JobId id = rig.submit(gpu_job("j"));
  rig.restart(rig.now());
  const auto& workload = rig.state().workloads.at(workload_of(id));
  EXPECT_EQ(task_run_spec(rig.state(), workload, 0).term, 2);
}

}  // namespace
}  // namespace duru::testing
