#include "duru/simulation/random_world.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "duru/domain/message.h"

namespace duru {
namespace {

// DURU_SIMULATION_FIRST_SEED and DURU_SIMULATION_SEEDS choose others for a long run.
std::uint64_t number(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

TEST(RandomWorld, KeepsEveryInvariantUnderFaultsAndComesToRest) {
  const std::uint64_t first = number("DURU_SIMULATION_FIRST_SEED", 1);
  const std::uint64_t count = number("DURU_SIMULATION_SEEDS", 200);
  std::map<std::string, std::int64_t> hits;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const RandomReport report = run_random_world(seed);
    EXPECT_TRUE(report.violations.empty())
        << "again: DURU_SIMULATION_FIRST_SEED=" << seed << " DURU_SIMULATION_SEEDS=1\n"
        << joined(report.violations);
    if (testing::Test::HasFailure()) return;
    for (const auto& [what, times] : report.hits) hits[what] += times;
  }
  if (count < 200) return;
  // What the generator cannot produce is untested.
  for (const Kind* kind : all_kinds(Family::kFact)) {
    if (kind->name == "answer_kept") continue;    // of callers with an Idempotency-Key
    if (kind->name == "loss_accepted") continue;  // a person's act on a damaged journal
    EXPECT_GT(hits["fact " + std::string(kind->name)], 0) << kind->name;
  }
  for (const Kind* kind : all_kinds(Family::kCommand)) {
    // The world itself starts servers, and nodes report; a loss is accepted on a damaged journal
    // only; services are set and ended by the module inside its own commits.
    if (kind->name == "start_server" || kind->name == "accept_loss") continue;
    if (kind->name == "report_field" || kind->name == "set_service") continue;
    if (kind->name == "end_service") continue;
    EXPECT_GT(hits["command " + std::string(kind->name)], 0) << kind->name;
  }
}

TEST(RandomWorld, GivesTheSameJournalForTheSameSeed) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_EQ(run_random_world(seed).chain, run_random_world(seed).chain) << seed;
  }
}

}  // namespace
}  // namespace duru
