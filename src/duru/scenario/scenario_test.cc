#include "duru/scenario/scenario.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "duru/scenario/virtual_run.h"

namespace duru {
namespace {

std::vector<std::string> scenario_files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(DURU_SCENARIO_FOLDER)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string slurp(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

std::string message_of(const std::string& text) {
  const Result<Scenario> scenario = read_scenario("a.yaml", text);
  return scenario.ok() ? "" : scenario.error().message;
}

class ScenarioFile : public testing::TestWithParam<std::string> {};

TEST_P(ScenarioFile, HoldsInVirtualTimeAndHidesNothing) {
  const Result<Scenario> scenario = read_scenario(GetParam(), slurp(GetParam()));
  ASSERT_TRUE(scenario.ok()) << scenario.error().message;
  const Result<ScenarioRun> run = run_virtually(scenario.value());
  ASSERT_TRUE(run.ok()) << run.error().message;
  EXPECT_EQ(joined(differences(scenario.value(), run.value())), "") << GetParam();
  EXPECT_EQ(joined(check_determinism(scenario.value(), run.value())), "") << GetParam();
}

std::string stem_of(const testing::TestParamInfo<std::string>& file) {
  return std::filesystem::path(file.param).stem().string();
}

INSTANTIATE_TEST_SUITE_P(All, ScenarioFile, testing::ValuesIn(scenario_files()), stem_of);

std::vector<Scenario> all_scenarios() {
  std::vector<Scenario> scenarios;
  for (const std::string& file : scenario_files()) {
    Result<Scenario> scenario = read_scenario(file, slurp(file));
    if (scenario.ok()) scenarios.push_back(std::move(scenario.value()));
  }
  return scenarios;
}

TEST(Scenarios, ShowEachStateReasonAndVerb) {
  std::set<std::string> states;
  std::set<std::string> reasons;
  std::set<std::string> verbs;
  std::size_t real_count = 0;
  for (const Scenario& scenario : all_scenarios()) {
    real_count += scenario.real ? 1U : 0U;
    for (const auto& [job, steps] : scenario.expect.jobs) {
      for (const ExpectedStep& step : steps) states.insert(step.state);
    }
    for (const ExpectedReason& reason : scenario.expect.reasons) reasons.insert(reason.reason);
    for (const ScenarioInput& input : scenario.inputs) {
      for (const Field& field : type_of<ScenarioInput>().fields) {
        const Type& type = field.type();
        if (type.kind == TypeKind::kOptional && type.size(field.get(&input)) > 0) {
          verbs.insert(std::string(field.name));
        }
      }
    }
  }
  EXPECT_GE(all_scenarios().size(), 25U);
  EXPECT_GE(real_count, 10U);
  for (const EnumName& state : type_of<JobState>().enum_names) {
    EXPECT_EQ(states.count(std::string(state.name)), 1U) << state.name;
  }
  // Those that core/explain gives today.
  for (const char* reason : {"dependency", "priority", "no_capacity", "node_draining",
                             "starting_backoff", "infeasible", "site_unreachable"}) {
    EXPECT_EQ(reasons.count(reason), 1U) << reason;
  }
  for (const Field& field : type_of<ScenarioInput>().fields) {
    if (field.name == "at") continue;
    EXPECT_EQ(verbs.count(std::string(field.name)), 1U) << field.name;
  }
}

constexpr char kMinimal[] = R"(
about: x
fleet: {n1: {cpu: 4, memory: 8GiB}}
inputs:
- {at: 0ms, submit: [{name: a, command: ["true"]}]}
expect:
  jobs:
    a:
    - {state: queued}
    - {state: starting}
    - {state: running, at: 11ms}
    - {state: ending}
    - {state: succeeded}
)";

TEST(Scenario, TellsEachStepThatIsNotAsExpected) {
  const Result<Scenario> scenario = read_scenario("a.yaml", kMinimal);
  ASSERT_TRUE(scenario.ok()) << scenario.error().message;
  const Result<ScenarioRun> run = run_virtually(scenario.value());
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(joined(differences(scenario.value(), run.value())),
            "job a, step 3 (a running attempt 1 on n1, at 10ms): at is 10ms, not 11ms\n");
}

TEST(Scenario, SaysThatTwoRunsDisagree) {
  const Result<Scenario> scenario = read_scenario("a.yaml", kMinimal);
  const Result<ScenarioRun> run = run_virtually(scenario.value());
  ScenarioRun other = run.value();
  EXPECT_EQ(joined(disagreements(run.value(), other)), "");
  other.steps.back().exit = "exit 1";
  EXPECT_NE(joined(disagreements(run.value(), other)), "");
  other.steps.pop_back();
  EXPECT_NE(joined(disagreements(run.value(), other)), "");
}

TEST(Scenario, NamesTheLineOfAFieldThatIsUnknownOrWrong) {
  EXPECT_EQ(message_of("about: x\nfleet:\n  n1: {cpus: 4}\n").substr(0, 38),
            "a.yaml:3: /fleet/n1/cpus: unknown fiel");
  EXPECT_EQ(message_of("about: x\nuntil: soon\n"),
            "a.yaml:2: /until: expected duration like 90s or 1h30m, got string \"soon\"");
}

TEST(Scenario, NamesTheLineOfBrokenYaml) {
  EXPECT_EQ(message_of("about: x\nfleet: [\n").substr(0, 9), "a.yaml:3:");
  EXPECT_EQ(message_of("about: x\nabout: y\n"), "a.yaml:2: the key about stands twice");
}

TEST(Scenario, RefusesAnInputThatDoesNothingOrTwoThings) {
  std::string text = kMinimal;
  const std::size_t at = text.find("submit");
  EXPECT_NE(message_of(text.insert(at, "cancel: a, ")).find("exactly one thing"),
            std::string::npos);
}

TEST(Scenario, TellsWhatOfTheFieldIsNotAsExpected) {
  const Result<Scenario> scenario = read_scenario("a.yaml", R"(
about: x
until: 2m
field: {agents: {cam-1: {labels: {site: ridge}, chip: dx-m1}}}
inputs:
- at: 0ms
  apply:
    fleets: [{name: ridge, selector: {site: ridge}}]
    releases: [smoke-1]
    rollouts: [{name: first, fleet: ridge, release: smoke-1}]
- {at: 80s, event: cam-1}
expect:
  agents: [{at: 100s, node: cam-1, serving: smoke-2, known: smoke-1, phase: starting, lost: true}]
  rollouts: [{at: 100s, rollout: first, state: paused, waves: 2, reason: nobody}]
  events: {cam-1: 2}
)");
  ASSERT_TRUE(scenario.ok()) << scenario.error().message;
  const Result<ScenarioRun> run = run_virtually(scenario.value());
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(joined(differences(scenario.value(), run.value())),
            "at 1m40s rollout first is running, not paused\n"
            "at 1m40s rollout first: waves that began is 1, not 2\n"
            "at 1m40s rollout first: reason is , not nobody\n"
            "at 1m40s node cam-1: what serves is smoke-1, not smoke-2\n"
            "at 1m40s node cam-1: phase is serving, not starting\n"
            "at 1m40s node cam-1: lost is false, not true\n"
            "at 2m events of cam-1 is 1, not 2\n");
}

TEST(Scenario, SaysWhatAScenarioWithAFieldNeeds) {
  EXPECT_NE(message_of("about: x\nfield: {}\nexpect: {rollouts: [{at: 1s, rollout: r}]}\n")
                .find("says until when"),
            std::string::npos);
  std::string text = kMinimal;
  text.insert(text.find("expect:"), "- {at: 1s, reboot: n1}\n");
  EXPECT_NE(message_of(text).find("only a scenario with a field"), std::string::npos);
}

}  // namespace
}  // namespace duru
