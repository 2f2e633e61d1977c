#include "duru/scenario/scenario.h"

#include <algorithm>

#include "duru/base/json.h"
#include "duru/base/record_macros.h"
#include "duru/scenario/yaml.h"

namespace duru {

DURU_ENUM(RestartFrom, {kJournal, "journal"}, {kSnapshot, "snapshot"})
DURU_RECORD(ScenarioNode, (1, cpu), (2, memory), (3, accelerators))
DURU_RECORD(ScenarioDelays, (1, start), (2, empty), (3, store))
DURU_RECORD(ScenarioExtend, (1, job), (2, by))
DURU_RECORD(ScenarioDrain, (1, node), (2, grace))
DURU_RECORD(ScenarioMark, (1, accelerator), (2, healthy), (3, reason))
DURU_RECORD(ScenarioReports, (1, doubled), (2, delay), (3, drop_next))
DURU_RECORD(ScenarioFault, (1, lose), (2, proof_after), (3, lose_exit), (4, cut_off),
            (5, power_off), (6, bring_back), (7, reports), (8, doubled_launches))
DURU_RECORD(ScenarioRestart, (1, from), (2, outage))
DURU_RECORD(ScenarioInput, (1, at), (2, submit), (3, cancel), (4, extend), (5, cordon),
            (6, uncordon), (7, drain), (8, remove), (9, mark), (10, join), (11, end_all),
            (12, engine), (13, restart), (14, enrol), (15, apply), (16, steer), (17, revoke),
            (18, link), (19, reboot), (20, probe), (21, slow), (22, event), (23, syncs))
DURU_RECORD(ExpectedStep, (1, state), (2, attempt), (3, nodes), (4, accelerators), (5, exit_code),
            (6, signal), (7, lost), (8, reason), (9, at), (10, after))
DURU_RECORD(ExpectedReason, (1, at), (2, job), (3, reason), (4, figures), (5, until))
DURU_RECORD(ExpectedRejection, (1, at), (2, type), (3, pointer))
DURU_RECORD(ExpectedUsage, (1, capacity), (2, used), (3, idle), (4, maintenance), (5, failed),
            (6, jobs))
DURU_RECORD(ScenarioExpect, (1, jobs), (2, reasons), (3, rejections), (4, usage), (5, rollouts),
            (6, agents), (7, events))
DURU_RECORD(Scenario, (1, about), (2, real), (3, within), (4, until), (5, delays), (6, fleet),
            (7, inputs), (8, expect), (9, field))

namespace {

// Its actions are its optional fields.
int count_actions(const ScenarioInput& input) {
  int count = 0;
  for (const Field& field : type_of<ScenarioInput>().fields) {
    const Type& type = field.type();
    const bool is_set = type.kind == TypeKind::kOptional && type.size(field.get(&input)) > 0;
    count += is_set ? 1 : 0;
  }
  return count;
}

bool is_of_field(const ScenarioInput& input) {
  return input.enrol || input.apply || input.steer || input.revoke || input.link || input.reboot ||
         input.probe || input.slow || input.event || input.syncs;
}

void check_field(const Scenario& scenario, std::vector<JsonProblem>& problems) {
  if (!scenario.field.has_value()) {
    for (std::size_t i = 0; i < scenario.inputs.size(); ++i) {
      if (!is_of_field(scenario.inputs[i])) continue;
      problems.push_back({"/inputs/" + std::to_string(i), "only a scenario with a field has that"});
    }
    return;
  }
  if (scenario.real) problems.push_back({"/real", "a field is simulated only"});
  if (!scenario.until.has_value()) {
    problems.push_back({"/field", "services do not end: a scenario with a field says until when"});
  }
}

// What the types of the fields do not say.
std::vector<JsonProblem> check(const Scenario& scenario) {
  std::vector<JsonProblem> problems;
  if (scenario.about.empty()) problems.push_back({"/about", "one sentence on what it shows"});
  if (scenario.fleet.empty() && !scenario.field.has_value()) {
    problems.push_back({"/fleet", "a fleet has at least one node"});
  }
  check_field(scenario, problems);
  if (scenario.real && !scenario.within.has_value()) {
    problems.push_back({"/real", "a real scenario says within which time it is over"});
  }
  Milliseconds last;
  for (std::size_t i = 0; i < scenario.inputs.size(); ++i) {
    const ScenarioInput& input = scenario.inputs[i];
    const std::string at = "/inputs/" + std::to_string(i);
    if (count_actions(input) != 1) {
      problems.push_back({at, "an input does exactly one thing, beside its time"});
    }
    if (input.at < last)
      problems.push_back({at + "/at", "inputs stand in the order of their times"});
    if (scenario.real && input.engine.has_value()) {
      problems.push_back({at + "/engine", "only a simulated engine takes faults"});
    }
    last = input.at;
  }
  const ScenarioExpect& expect = scenario.expect;
  if (expect.jobs.empty() && expect.rejections.empty() && expect.rollouts.empty() &&
      expect.agents.empty()) {
    problems.push_back({"/expect", "expects nothing of any job, rollout or agent"});
  }
  return problems;
}

}  // namespace

Result<Scenario> read_scenario(const std::string& file, const std::string& text) {
  Result<YamlText> yaml = read_yaml(file, text);
  if (!yaml.ok()) return yaml.error();
  JsonResult<Scenario> read = from_json<Scenario>(yaml.value().json);
  std::vector<JsonProblem> problems = std::move(read.problems);
  if (problems.empty()) problems = check(read.value);
  if (problems.empty()) return std::move(read.value);
  std::string message;
  for (const JsonProblem& problem : problems) {
    message += (message.empty() ? "" : "\n") + file + ":" +
               std::to_string(yaml.value().line_of(problem.pointer)) + ": " + problem.pointer +
               ": " + problem.detail;
  }
  return Error{ErrorCode::kInvalid, std::move(message), false, false};
}

}  // namespace duru
