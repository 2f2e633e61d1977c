#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "duru/core/testing/chance.h"
#include "duru/domain/observations.h"
#include "duru/edge/testing/edge_rig.h"

// Random fields. The rig asks after every fact: the invariants, no release before its wave,
// revisions that rise by one; a failure names its seed.
namespace duru::testing {
namespace {

constexpr int kSteps = 120;
constexpr int kNodes = 8;

// DURU_SEEDS=10000 makes a long run of it.
std::uint64_t seeds() {
  const char* given = std::getenv("DURU_SEEDS");
  return given == nullptr ? 60 : std::strtoull(given, nullptr, 10);
}

class Field {
 public:
  explicit Field(std::uint64_t seed) : chance_(seed) {}

  Milliseconds span() { return Milliseconds(chance_.between(0, 4 * 60'000)); }
  Chance& chance() { return chance_; }

  Message next(const EdgeRig& rig) {
    switch (chance_.below(18)) {
      case 0:
        return enrolment(rig);
      case 1:
        return applied();
      case 2:
        return steered();
      case 3:
        return RevokeNode{node(), "chance", chance_.one_in(2)};
      case 4:
        if (chance_.one_in(2)) return Tick{};
        return RemoveRelease{ReleaseName("release-" + std::to_string(chance_.below(4)))};
      case 5:
      case 6:
        return NodeObserved{node(), chance_.one_in(2), "not heard for long"};
      default:
        return report(rig);
    }
  }

  Message code() {
    ++codes_;
    return MakeEnrolment{sha256(last_code()),
                         {{"fleet", chance_.one_in(4) ? "b" : "a"}},
                         minutes(chance_.between(1, 10))};
  }

 private:
  std::string last_code() const { return "code-" + std::to_string(codes_); }
  NodeName node() { return NodeName("cam-" + std::to_string(chance_.below(kNodes))); }

  Message enrolment(const EdgeRig& rig) {
    if (codes_ == 0 || chance_.one_in(2)) return code();
    return rig.enrolment(node().str(), last_code());
  }

  Message applied() {
    ApplyField command;
    for (const char* name : {"a", "b"}) {
      Fleet fleet;
      fleet.name = FleetName(name);
      fleet.selector = {{"fleet", name}};
      fleet.report_every = minutes(3);
      command.fleets.push_back(fleet);
    }
    const std::string name = "release-" + std::to_string(chance_.below(4));
    command.releases = {release(name)};
    Rollout made =
        rollout("rollout-" + std::to_string(++rollouts_), chance_.one_in(4) ? "b" : "a", name);
    if (chance_.one_in(2)) made.waves = {count(1), share(40), share(100)};
    if (chance_.one_in(2)) made.success_ppm = chance_.between(1, 1'000'000);
    if (chance_.one_in(2)) made.failure_ppm = chance_.between(0, 600'000);
    made.bake = chance_.one_in(3) ? Milliseconds(0) : minutes(chance_.between(1, 6));
    if (chance_.one_in(2)) made.wave_timeout = minutes(chance_.between(1, 20));
    made.pause_on_failure = chance_.one_in(2);
    if (chance_.one_in(3)) made.silence_fails_after = minutes(chance_.between(1, 10));
    command.rollouts = {made};
    return command;
  }

  Message steered() {
    const std::int64_t number = chance_.between(std::max(1, rollouts_ - 2), rollouts_ + 1);
    // A stop ends what the others have to survive.
    const SteerAction action = chance_.one_in(6)   ? SteerAction::kStop
                               : chance_.one_in(3) ? SteerAction::kPause
                                                   : SteerAction::kResume;
    return SteerRollout{RolloutName("rollout-" + std::to_string(number)), action};
  }

  Message report(const EdgeRig& rig) {
    const NodeName name = node();
    const FieldNodeRecord* record = rig.state().node(name);
    ReportField said;
    said.node = name;
    if (record == nullptr) return said;
    said = rig.report(name.str());
    if (chance_.one_in(6)) said.revision -= 1;
    const FieldGiven& given = record->given;
    switch (chance_.below(8)) {
      case 0:
        said.phase = FieldPhase::kFetching;
        said.serving = given.previous.str();
        break;
      case 1:
        said.phase = given.previous.empty() ? FieldPhase::kFailed : FieldPhase::kReturned;
        said.serving = given.previous.str();
        said.detail = "the probe says no";
        break;
      case 2:
        said.phase = FieldPhase::kStarting;
        said.serving = "";
        break;
      default:
        said.phase = given.current.empty() ? FieldPhase::kNone : FieldPhase::kServing;
        said.serving = given.current.str();
    }
    said.counters.inferences += chance_.between(-5, 100);
    if (chance_.one_in(10)) said.counters.events_dropped += 1;
    std::int64_t number = record->reported.last_event + chance_.between(-1, 2);
    for (std::size_t i = chance_.below(4); i > 0; --i) {
      said.events.push_back({++number, "{}", rig.now(), {}});
    }
    return said;
  }

  Chance chance_;
  int codes_ = 0;
  int rollouts_ = 0;
};

// `each` sees every input before and after it was applied to the rig.
template <class Before, class After>
void run(std::uint64_t seed, EdgeRig& rig, Before before, After after) {
  Field field(seed);
  const auto apply = [&](const Message& input) {
    before(input);
    const Outcome outcome = rig.apply(input);
    after(input, outcome);
  };
  for (int i = 0; i < kNodes; ++i) {
    apply(field.code());
    apply(rig.enrolment("cam-" + std::to_string(i), "code-" + std::to_string(i + 1)));
  }
  for (int step = 0; step < kSteps && rig.problems().empty(); ++step) {
    const Timestamp then = rig.now() + field.span();
    while (rig.module().next_deadline(rig.now()).value_or(then + Milliseconds(1)) <= then) {
      rig.advance(
          std::max(Milliseconds(0), since(*rig.module().next_deadline(rig.now()), rig.now())));
      apply(Tick{});
      ASSERT_NE(rig.fact_names(), "") << "a deadline that stays due, seed " << seed;
    }
    rig.advance(since(then, rig.now()));
    if (field.chance().one_in(30)) {
      const Timestamp alive_at = rig.now();
      rig.advance(hours(field.chance().between(0, 5)));
      rig.restart(alive_at);
    }
    apply(field.next(rig));
  }
  ASSERT_EQ(rig.problems(), "") << "seed " << seed;
}

// Anything that a random field does not make is not tested by it.
TEST(Property, WhatMustHoldHoldsAfterEveryFactAndEveryFactEndAndRejectionComesUp) {
  std::set<std::string> facts, rejections;
  std::set<RolloutOutcome> outcomes;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    EdgeRig rig;
    run(
        seed, rig, [](const Message&) {},
        [&](const Message&, const Outcome& outcome) {
          for (const Message& fact : rig.facts()) {
            facts.insert(std::string(fact.kind().name));
            if (const auto* ended = fact.as<RolloutEnded>()) outcomes.insert(ended->outcome);
          }
          if (const auto* rejection = std::get_if<Rejection>(&outcome)) {
            rejections.insert(rejection->type);
          }
        });
    if (HasFatalFailure()) return;
  }
  for (const Kind* kind : all_kinds(Family::kFact)) {
    if (kind->module != "edge") continue;
    EXPECT_EQ(facts.count(std::string(kind->name)), 1U) << kind->name;
  }
  EXPECT_EQ(outcomes.size(), 3U);
  for (const char* type : {"not-found", "name-taken", "rollout-in-flight", "already-ended",
                           "enrolment-invalid", "enrolment-expired", "revoked", "release-in-use"}) {
    EXPECT_EQ(rejections.count(type), 1U) << type;
  }
}

TEST(Property, EveryRolloutEndsOnceItsNodesServeOrIsPausedWithAReason) {
  for (std::uint64_t seed = 500; seed < 500 + seeds(); ++seed) {
    EdgeRig rig;
    run(
        seed, rig, [](const Message&) {}, [](const Message&, const Outcome&) {});
    if (HasFatalFailure()) return;
    for (int wave = 0; wave < 4; ++wave) {
      std::vector<std::string> names;
      for (const auto& [name, node] : rig.state().nodes) {
        if (!node.revoked && !node.given.current.empty()) names.push_back(name.str());
      }
      for (const std::string& name : names) {
        if (rig.node(name).given.current.empty()) continue;
        rig.hear(name);
        rig.serve(name);
      }
      rig.run_until(rig.now() + hours(1));
    }
    for (const auto& [name, rollout] : rig.state().rollouts) {
      EXPECT_TRUE(rollout.outcome != RolloutOutcome::kNone || rollout.paused)
          << name.str() << " seed " << seed;
    }
    ASSERT_EQ(rig.problems(), "") << "seed " << seed;
  }
}

// Hidden state would show: a module restored from a snapshot before every input decides the same,
// and the same causes give the same facts.
TEST(Property, AModuleRestoredBeforeEveryInputGivesTheSameFacts) {
  for (std::uint64_t seed = 1000; seed < 1000 + seeds() / 2; ++seed) {
    EdgeRig rig, twin;
    const auto restore = [&](const Message&) { twin.continue_from(rig); };
    run(seed, rig, restore, [&](const Message& input, const Outcome&) {
      twin.apply(input);
      ASSERT_EQ(twin.fact_texts(), rig.fact_texts()) << "seed " << seed;
      ASSERT_EQ(twin.module().snapshot(), rig.module().snapshot()) << "seed " << seed;
    });
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace duru::testing
