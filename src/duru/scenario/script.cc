#include "duru/scenario/script.h"

#include <algorithm>

#include "duru/base/assert.h"
#include "duru/catalog/load.h"
#include "duru/core/explain/explain.h"

namespace duru {
namespace {

const ProjectName kProject("default");

JobId id_of(const State& state, const std::string& name) {
  const JobRecord* job = state.job_named(kProject, name);
  if (job != nullptr) return job->id;
  JobId nobody;
  nobody.parse("aaaaaaaaaaaaaaaa");
  return nobody;
}

std::string code_text(ReasonCode code) {
  for (const EnumName& entry : type_of<ReasonCode>().enum_names) {
    if (entry.value == static_cast<std::int64_t>(code)) return std::string(entry.name);
  }
  return "?";
}

AcceleratorId accelerator_of(const std::string& text) {
  AcceleratorId id;
  if (!parse_accelerator(text, id)) id = {NodeName(text), 0};
  return id;
}

}  // namespace

std::vector<ScriptItem> script_of(const Scenario& scenario) {
  std::vector<ScriptItem> items;
  for (const ScenarioInput& input : scenario.inputs) {
    items.push_back({.at = input.at, .input = &input});
  }
  for (const ExpectedReason& reason : scenario.expect.reasons) {
    items.push_back({.at = reason.at, .reason = &reason});
  }
  for (const ExpectedRollout& rollout : scenario.expect.rollouts) {
    items.push_back({.at = rollout.at, .rollout = &rollout});
  }
  for (const ExpectedAgent& agent : scenario.expect.agents) {
    items.push_back({.at = agent.at, .agent = &agent});
  }
  std::stable_sort(items.begin(), items.end(),
                   [](const ScriptItem& a, const ScriptItem& b) { return a.at < b.at; });
  return items;
}

Result<Chip> chip_named(const std::string& alias) {
  static const Result<Catalog> catalog = load_catalog("");
  if (!catalog.ok()) return catalog.error();
  const CatalogChip* chip = catalog.value().find(alias);
  if (chip == nullptr) return Error{ErrorCode::kNotFound, "no chip " + alias, false, false};
  return to_chip(*chip);
}

Result<DefineFleet> define_fleet(const std::map<std::string, ScenarioNode>& nodes, Site site) {
  DefineFleet fleet;
  std::set<ChipName> chips;
  for (const auto& [name, spec] : nodes) {
    Node node;
    node.name = NodeName(name);
    node.site = site.name;
    node.cpu = spec.cpu;
    node.memory = spec.memory;
    node.emulated = true;
    std::int32_t index = 0;
    for (const auto& [alias, count] : spec.accelerators) {
      Result<Chip> chip = chip_named(alias);
      if (!chip.ok()) return chip.error();
      for (std::int32_t i = 0; i < count; ++i) {
        node.accelerators.push_back({index++, chip.value().name, true, ""});
      }
      if (chips.insert(chip.value().name).second) fleet.chips.push_back(std::move(chip.value()));
    }
    fleet.nodes.push_back(std::move(node));
  }
  fleet.sites.push_back(std::move(site));
  return fleet;
}

Message command_of(const ScenarioInput& input, const State& state,
                   const std::function<JobId()>& draw_id) {
  if (input.submit) {
    SubmitJobs command;
    command.project = kProject;
    for (const JobSpec& spec : *input.submit) command.jobs.push_back({draw_id(), spec});
    return command;
  }
  if (input.cancel) return CancelJob{id_of(state, *input.cancel)};
  if (input.extend) return ExtendLease{id_of(state, input.extend->job), input.extend->by};
  if (input.cordon) return CordonNode{NodeName(*input.cordon), "scenario"};
  if (input.uncordon) return UncordonNode{NodeName(*input.uncordon)};
  if (input.drain) return DrainNode{NodeName(input.drain->node), input.drain->grace, "scenario"};
  if (input.remove) return RemoveNode{NodeName(*input.remove)};
  if (input.mark) {
    return MarkAccelerator{accelerator_of(input.mark->accelerator), input.mark->healthy,
                           input.mark->reason};
  }
  if (input.steer) return SteerRollout{RolloutName(input.steer->rollout), input.steer->action};
  if (input.revoke) return RevokeNode{NodeName(*input.revoke), "scenario", false};
  DURU_ASSERT(input.end_all.has_value());
  return EndAllWork{*input.end_all};
}

std::string reason_difference(const ExpectedReason& expected, const State& state, Timestamp now,
                              Timestamp started_at) {
  const std::string at =
      "at " + format_duration(expected.at) + " job " + expected.job + " waits for ";
  const JobRecord* job = state.job_named(kProject, expected.job);
  if (job == nullptr) return at + "nothing: there is no such job";
  const Reason reason = explain(state, *job, now);
  const std::string got = code_text(reason.code) + " (" + reason.detail + ")";
  if (code_text(reason.code) != expected.reason) return at + got + ", not " + expected.reason;
  for (const auto& [figure, value] : expected.figures) {
    const auto found = reason.figures.find(figure);
    if (found == reason.figures.end()) return at + got + " without a figure " + figure;
    if (found->second != value) {
      return at + got + ": " + figure + " is " + std::to_string(found->second) + ", not " +
             std::to_string(value);
    }
  }
  if (expected.until && reason.until != started_at + *expected.until) {
    return at + got + ", not until " + format_duration(*expected.until);
  }
  return "";
}

}  // namespace duru
