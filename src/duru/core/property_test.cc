#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "duru/base/wire.h"
#include "duru/core/core.h"
#include "duru/core/testing/rig.h"
#include "duru/core/testing/world.h"

// Random worlds. The rig asks after every fact: capacity, one holder, all tasks or none, legal
// moves, one live attempt, indexes equal to those of a rebuilt state, and the ledger's balance; a
// failure names its seed.
namespace duru::testing {
namespace {

constexpr int kSteps = 250;

// DURU_SEEDS=10000 makes a long run of it.
std::uint64_t seeds() {
  const char* given = std::getenv("DURU_SEEDS");
  return given == nullptr ? 60 : std::strtoull(given, nullptr, 10);
}

// Runs a world; `each` sees every input before it is applied, and what came of it.
template <class Before, class After>
void run(std::uint64_t seed, Rig& rig, Before before, After after) {
  World world(seed);
  const Message fleet = world.first();
  before(fleet);
  after(fleet, rig.apply(fleet));
  for (int step = 0; step < kSteps && rig.problems().empty(); ++step) {
    const Timestamp then = rig.now() + world.step();
    if (step % 3 == 0) {
      rig.run_until(then);
    } else {
      rig.set_now(then);
    }
    const Message input = world.next(rig.state(), rig.now());
    before(input);
    const Outcome outcome = rig.apply(input);
    after(input, outcome);
  }
  ASSERT_EQ(rig.problems(), "") << "seed " << seed;
}

// A core without anything beside it.
struct BareCore : FactSink {
  void decide_only(const Message& input) {
    facts.clear();
    Tx tx(state, *this, "operator");
    decide(tx, input);
  }
  void emit(Message fact) override {
    const auto* started = fact.as<TermStarted>();
    evolve(state, fact,
           {state.last_seq + 1, started != nullptr ? started->term : state.term, time});
    facts.push_back(std::move(fact));
  }
  Timestamp now() const override { return time; }
  std::size_t fact_count() const override { return facts.size(); }
  std::string fact_texts() const {
    std::string text;
    for (const Message& fact : facts) text += to_text(fact) + "\n";
    return text;
  }

  State state;
  Timestamp time;
  std::vector<Message> facts;
};

// Anything that a random world does not make is not tested by it.
TEST(Property, WhatMustHoldHoldsAfterEveryFactAndEveryFactEndAndRejectionComesUp) {
  std::set<std::string> facts, ends, rejections;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    Rig rig;
    run(
        seed, rig, [](const Message&) {},
        [&](const Message&, const Outcome& outcome) {
          for (const Message& fact : rig.facts()) {
            facts.insert(std::string(fact.kind().name));
            const auto* ended = fact.as<JobEnded>();
            if (ended != nullptr) ends.insert(ended->reason);
          }
          if (const auto* rejection = std::get_if<Rejection>(&outcome)) {
            rejections.insert(rejection->type);
          }
        });
    if (HasFatalFailure()) return;
  }
  for (const Kind* kind : all_kinds(Family::kFact)) {
    if (kind->module != "core") continue;
    EXPECT_EQ(facts.count(std::string(kind->name)), 1U) << kind->name;
  }
  for (const char* end : {"", "dependency", "cancelled", "time_limit", "lease_ended", "exit_code",
                          "signal", "failed_to_start", "output_missing"}) {
    EXPECT_EQ(ends.count(end), 1U) << end;
  }
  for (const char* type :
       {"invalid", "infeasible", "name-taken", "not-found", "unknown-job", "already-ended",
        "not-a-session", "dependency-failed", "node-in-use", "invalid-service", "service-ending"}) {
    EXPECT_EQ(rejections.count(type), 1U) << type;
  }
}

// Hidden state would show: a state restored from its record goes on with the same facts.
TEST(Property, ARestoredStateDecidesLikeTheOneThatWasNeverStopped) {
  for (std::uint64_t seed = 1000; seed < 1000 + seeds() / 2; ++seed) {
    Rig rig;
    BareCore twin;
    const auto restore = [&](const Message&) {
      const Result<StateRecord> record = decode<StateRecord>(encode(rig.state().record()));
      ASSERT_TRUE(record.ok());
      twin.state = State::from_record(record.value());
      twin.time = rig.now();
    };
    run(seed, rig, restore, [&](const Message& input, const Outcome&) {
      twin.decide_only(input);
      ASSERT_EQ(twin.fact_texts(), rig.fact_texts()) << "seed " << seed;
      ASSERT_EQ(twin.state.digest(), rig.state().digest()) << "seed " << seed;
    });
    if (HasFatalFailure()) return;
  }
}

// P4: the facts alone give the state.
TEST(Property, FactsReplayedGiveTheSameState) {
  for (std::uint64_t seed = 200; seed < 210; ++seed) {
    Rig rig;
    State replayed;
    std::int64_t term = 0;
    const auto replay = [&] {
      for (const Message& fact : rig.facts()) {
        const Result<Message> stored = load(Family::kFact, store(fact));
        ASSERT_TRUE(stored.ok());
        if (const auto* started = fact.as<TermStarted>()) term = started->term;
        evolve(replayed, stored.value(), {replayed.last_seq + 1, term, rig.now()});
      }
    };
    replay();
    World world(seed);
    rig.apply(world.first());
    replay();
    for (int step = 0; step < kSteps; ++step) {
      rig.advance(world.step());
      rig.apply(world.next(rig.state(), rig.now()));
      replay();
      ASSERT_EQ(replayed.digest(), rig.state().digest()) << "seed " << seed << " step " << step;
    }
  }
}

}  // namespace
}  // namespace duru::testing
