#include <gtest/gtest.h>

#include <functional>

#include "duru/edge/testing/edge_rig.h"

namespace duru::testing {
namespace {

Fleet ridge() {
  Fleet fleet;
  fleet.name = FleetName("ridge");
  fleet.selector = {{"fleet", "ridge"}};
  fleet.cpu = MilliCpu(500);
  return fleet;
}

ApplyField good() { return {{ridge()}, {release("smoke-1")}, {rollout("r", "ridge", "smoke-1")}}; }

Manifest& manifest(ApplyField& c) { return c.releases.front().manifest; }

struct Bad {
  const char* what;
  std::function<void(ApplyField&)> spoil;
  std::string type;
  std::string pointer;
};

// One table of everything that may be wrong with what is applied. A spoiled manifest gets a digest
// that fits.
const Bad kBad[] = {
    {"a fleet without a name", [](auto& c) { c.fleets[0].name = FleetName(); }, "invalid",
     "/fleets/0/name"},
    {"an empty selector", [](auto& c) { c.fleets[0].selector.clear(); }, "invalid",
     "/fleets/0/selector"},
    {"a label with a space", [](auto& c) { c.fleets[0].selector["a b"] = "x"; }, "invalid",
     "/fleets/0/selector"},
    {"a label's value with a space", [](auto& c) { c.fleets[0].selector["a"] = "x y"; }, "invalid",
     "/fleets/0/selector"},
    {"negative cpu", [](auto& c) { c.fleets[0].cpu = MilliCpu(-1); }, "invalid", "/fleets/0/cpu"},
    {"negative memory", [](auto& c) { c.fleets[0].memory = Bytes(-1); }, "invalid",
     "/fleets/0/memory"},
    {"no heartbeat", [](auto& c) { c.fleets[0].heartbeat = Milliseconds(0); }, "invalid",
     "/fleets/0/heartbeat"},
    {"an endless report_every", [](auto& c) { c.fleets[0].report_every = Milliseconds(INT64_MAX); },
     "invalid", "/fleets/0/report_every"},
    {"a fleet twice", [](auto& c) { c.fleets.push_back(ridge()); }, "invalid", "/fleets/1"},
    {"a release with a space", [](auto& c) { c.releases[0].name = ReleaseName("a b"); }, "invalid",
     "/releases/0/name"},
    {"another name inside", [](auto& c) { c.releases[0].name = ReleaseName("other"); }, "invalid",
     "/releases/0/manifest/release"},
    {"another digest", [](auto& c) { c.releases[0].digest = sha256("x"); }, "invalid",
     "/releases/0/digest"},
    {"a short signature", [](auto& c) { c.releases[0].signature = "aa"; }, "invalid",
     "/releases/0/signature"},
    {"a signature of other letters",
     [](auto& c) { c.releases[0].signature = std::string(128, 'g'); }, "invalid",
     "/releases/0/signature"},
    {"a release twice", [](auto& c) { c.releases.push_back(c.releases[0]); }, "invalid",
     "/releases/1"},
    {"format 2", [](auto& c) { manifest(c).format = 2; }, "invalid", "/releases/0/manifest/format"},
    {"no command", [](auto& c) { manifest(c).command.clear(); }, "invalid",
     "/releases/0/manifest/command"},
    {"a NUL in the command",
     [](auto& c) {
       manifest(c).command = {"x", std::string("a\0b", 3)};
     },
     "invalid", "/releases/0/manifest/command"},
    {"a path that climbs",
     [](auto& c) {
       manifest(c).files = {{"a/../b", {}, {}, false}};
     },
     "invalid", "/releases/0/manifest/files/0/path"},
    {"a path from the root",
     [](auto& c) {
       manifest(c).files = {{"/etc/passwd", {}, {}, false}};
     },
     "invalid", "/releases/0/manifest/files/0/path"},
    {"a path twice",
     [](auto& c) {
       manifest(c).files = {{"a", {}, {}, false}, {"a", {}, {}, false}};
     },
     "invalid", "/releases/0/manifest/files/1/path"},
    {"a file that is a folder too",
     [](auto& c) {
       manifest(c).files = {{"a", {}, {}, false}, {"a-b", {}, {}, false}, {"a/b", {}, {}, false}};
     },
     "invalid", "/releases/0/manifest/files/2/path"},
    {"a negative size",
     [](auto& c) {
       manifest(c).files = {{"a", {}, Bytes(-1), false}};
     },
     "invalid", "/releases/0/manifest/files/0/size"},
    {"an environment of ours", [](auto& c) { manifest(c).env["DURU_NODE"] = "x"; }, "invalid",
     "/releases/0/manifest/env"},
    {"a chip without a name", [](auto& c) { manifest(c).chips = {ChipName()}; }, "invalid",
     "/releases/0/manifest/chips"},
    {"no probe", [](auto& c) { manifest(c).probe.command.clear(); }, "invalid",
     "/releases/0/manifest/probe/command"},
    {"a probe all the time", [](auto& c) { manifest(c).probe.every = Milliseconds(0); }, "invalid",
     "/releases/0/manifest/probe/every"},
    {"a probe without time", [](auto& c) { manifest(c).probe.timeout = Milliseconds(0); },
     "invalid", "/releases/0/manifest/probe/timeout"},
    {"a probe that may not fail", [](auto& c) { manifest(c).probe.failures = 0; }, "invalid",
     "/releases/0/manifest/probe/failures"},
    {"ready in no time", [](auto& c) { manifest(c).probe.ready_within = Milliseconds(0); },
     "invalid", "/releases/0/manifest/probe/ready_within"},
    {"a rollout without a name", [](auto& c) { c.rollouts[0].name = RolloutName(); }, "invalid",
     "/rollouts/0/name"},
    {"an unknown release", [](auto& c) { c.rollouts[0].release = ReleaseName("x"); }, "not-found",
     "/rollouts/0/release"},
    {"an unknown fleet", [](auto& c) { c.rollouts[0].fleet = FleetName("x"); }, "not-found",
     "/rollouts/0/fleet"},
    {"a wave of nothing", [](auto& c) { c.rollouts[0].waves = {Wave{}}; }, "invalid",
     "/rollouts/0/waves/0"},
    {"a wave that is both",
     [](auto& c) {
       c.rollouts[0].waves = {Wave{1, 1}};
     },
     "invalid", "/rollouts/0/waves/0"},
    {"a share of 101 %", [](auto& c) { c.rollouts[0].waves = {share(101)}; }, "invalid",
     "/rollouts/0/waves/0"},
    {"shares of 120 %",
     [](auto& c) {
       c.rollouts[0].waves = {share(60), share(60), share(1)};
     },
     "invalid", "/rollouts/0/waves"},
    {"101 waves", [](auto& c) { c.rollouts[0].waves.assign(101, count(1)); }, "invalid",
     "/rollouts/0/waves"},
    {"a success of nobody", [](auto& c) { c.rollouts[0].success_ppm = 0; }, "invalid",
     "/rollouts/0/success_ppm"},
    {"more failures than all", [](auto& c) { c.rollouts[0].failure_ppm = 1'000'001; }, "invalid",
     "/rollouts/0/failure_ppm"},
    {"a negative bake", [](auto& c) { c.rollouts[0].bake = Milliseconds(-1); }, "invalid",
     "/rollouts/0/bake"},
    {"an endless wave", [](auto& c) { c.rollouts[0].wave_timeout = Milliseconds(INT64_MAX); },
     "invalid", "/rollouts/0/wave_timeout"},
    {"silence that fails at once",
     [](auto& c) { c.rollouts[0].silence_fails_after = Milliseconds(0); }, "invalid",
     "/rollouts/0/silence_fails_after"},
    {"a rollout twice", [](auto& c) { c.rollouts.push_back(c.rollouts[0]); }, "invalid",
     "/rollouts/1"},
    {"11 rollouts", [](auto& c) { c.rollouts.assign(11, c.rollouts[0]); }, "invalid", "/rollouts"},
    {"two rollouts to one fleet",
     [](auto& c) { c.rollouts.push_back(rollout("s", "ridge", "smoke-1")); }, "rollout-in-flight",
     "/rollouts/1/fleet"},
    {"a release for another chip", [](auto& c) { manifest(c).chips = {ChipName("aries")}; },
     "unsuitable-chip", "/rollouts/0/release"},
};

TEST(Apply, EveryFaultIsRefusedWithItsPlaceAndNothingChanges) {
  for (const Bad& bad : kBad) {
    EdgeRig rig;
    rig.enrol("cam", {{"fleet", "ridge"}});
    const std::string before = rig.module().snapshot();
    ApplyField command = good();
    const Release untouched = command.releases.front();
    bad.spoil(command);
    Release& spoiled = command.releases.front();
    if (spoiled.digest == untouched.digest) spoiled.digest = release(spoiled.manifest).digest;
    const Outcome outcome = rig.apply(command);
    const auto* rejection = std::get_if<Rejection>(&outcome);
    ASSERT_NE(rejection, nullptr) << bad.what;
    EXPECT_EQ(rejection->type, bad.type) << bad.what;
    EXPECT_EQ(rejection->pointer, bad.pointer) << bad.what;
    EXPECT_FALSE(rejection->help.empty()) << bad.what;
    EXPECT_EQ(rig.module().snapshot(), before) << bad.what;
    EXPECT_EQ(rig.problems(), "") << bad.what;
  }
}

TEST(Apply, TheSameAgainChangesNothingAndAnotherContentIsRefused) {
  EdgeRig rig;
  rig.enrol("cam", {{"fleet", "ridge"}});
  rig.apply(good());
  EXPECT_EQ(rig.fact_names(),
            "fleet_defined release_defined rollout_defined wave_started node_revised");
  EXPECT_EQ(rig.rejection(good()), "");
  EXPECT_EQ(rig.fact_names(), "");
  ApplyField other = good();
  other.rollouts[0].bake = minutes(1);
  EXPECT_EQ(rig.rejection(other), "immutable");
  other = good();
  other.releases[0].manifest.command = {"./other"};
  other.releases[0] = release(other.releases[0].manifest);
  EXPECT_EQ(rig.rejection(other), "immutable");
  other = good();
  other.fleets[0].selector = {{"fleet", "shore"}};
  EXPECT_EQ(rig.rejection(other), "immutable");
  other = good();
  other.fleets[0].heartbeat = seconds(5);
  other.fleets[0].cpu = MilliCpu(700);
  EXPECT_EQ(rig.rejection(other), "");
  EXPECT_EQ(rig.fact_names(), "fleet_defined");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Apply, AFleetHasOneUnfinishedRolloutAtATime) {
  EdgeRig rig;
  rig.enrol("cam", {{"fleet", "ridge"}});
  rig.apply(good());
  const ApplyField second{{}, {}, {rollout("s", "ridge", "smoke-1")}};
  const Outcome outcome = rig.apply(second);
  EXPECT_EQ(std::get<Rejection>(outcome).type, "rollout-in-flight");
  EXPECT_NE(std::get<Rejection>(outcome).help.find("duru rollout stop r"), std::string::npos);
  rig.serve("cam");
  rig.run_until(rig.now() + minutes(10));
  EXPECT_EQ(rig.rejection(second), "");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Apply, ANodeThatAnotherNewFleetTakesFirstNeedsNoSuitableChip) {
  EdgeRig rig;
  rig.enrol("other", {{"fleet", "ridge"}}, "aries");
  ApplyField command = good();
  manifest(command).chips = {ChipName("dx-m1")};
  command.releases[0] = release(manifest(command));
  command.fleets.push_back(ridge());
  command.fleets.back().name = FleetName("first");
  EXPECT_EQ(rig.rejection(command), "");
  EXPECT_EQ(rig.node("other").fleet.str(), "first");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Apply, AServiceKeepsWhatItTookWhenTheFleetAsksForMore) {
  EdgeRig rig;
  rig.enrol("cam", {{"fleet", "ridge"}});
  rig.apply(good());
  rig.serve("cam");
  rig.run_until(rig.now() + minutes(10));
  Fleet larger = ridge();
  larger.cpu = MilliCpu(900);
  Rollout next = rollout("s", "ridge", "smoke-2");
  rig.apply(ApplyField{{larger}, {release("smoke-2")}, {next}});
  EXPECT_EQ(rig.handed().front().as<SetService>()->spec.cpu, MilliCpu(500));
  rig.enrol("late", {{"fleet", "ridge"}});
  EXPECT_EQ(rig.state().service_spec(rig.node("late")).cpu, MilliCpu(900));
  larger.cpu = MilliCpu(9000);
  rig.apply(ApplyField{{larger}, {}, {}});
  rig.enrol("small", {{"fleet", "ridge"}});
  EXPECT_EQ(rig.state().service_spec(rig.node("small")).cpu, MilliCpu(4000));
  EXPECT_EQ(rig.problems(), "");
}

TEST(Apply, AReleaseIsRemovedOnceNoFleetRolloutOrNodeHasUseForIt) {
  EdgeRig rig;
  rig.fleet("ridge", 1);
  const auto roll_out = [&](const std::string& name) {
    rig.apply(ApplyField{{}, {release(name)}, {rollout("to-" + name, "ridge", name)}});
  };
  const auto refusal = [&](const std::string& name) {
    const Outcome outcome = rig.apply(RemoveRelease{ReleaseName(name)});
    const auto* rejection = std::get_if<Rejection>(&outcome);
    if (rejection == nullptr) return std::string();
    return rejection->type + ": " + rejection->detail;
  };
  EXPECT_EQ(refusal("smoke-1"), "not-found: there is no release smoke-1");
  roll_out("smoke-1");
  EXPECT_EQ(refusal("smoke-1"), "release-in-use: release smoke-1 is what rollout to-smoke-1 gives");
  rig.serve_all();
  rig.run_until(rig.now() + hours(1));
  EXPECT_EQ(refusal("smoke-1"), "release-in-use: release smoke-1 is what fleet ridge runs");
  for (const char* next : {"smoke-2", "smoke-3"}) {
    roll_out(next);
    rig.serve_all();
    rig.run_until(rig.now() + hours(1));
  }
  EXPECT_EQ(refusal("smoke-2"),
            "release-in-use: release smoke-2 is what node cam-00 runs or goes back to");
  EXPECT_EQ(refusal("smoke-1"), "");
  EXPECT_EQ(rig.fact_names(), "release_removed");
  EXPECT_EQ(rig.state().releases.count(ReleaseName("smoke-1")), 0U);
  Manifest other = release("smoke-1").manifest;
  other.command = {"./other"};
  EXPECT_EQ(rig.rejection(ApplyField{{}, {release(other)}, {}}), "");
  EXPECT_EQ(rig.problems(), "");
}

}  // namespace
}  // namespace duru::testing
