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
  for (const ScenarioInput& input : scenario.inputs) items.push_back({input.at, &input, nullptr});
  for (const ExpectedReason& reason : scenario.expect.reasons) {
    items.push_back({reason.at, nullptr, &reason});
  }
  std::stable_sort(items.begin(), items.end(),
                   [](const ScriptItem& a, const ScriptItem& b) { return a.at < b.at; });
  return items;
}

Result<DefineFleet> define_fleet(const std::map<std::string, ScenarioNode>& nodes, Site site) {
  static const Result<Catalog> catalog = load_catalog("");
  if (!catalog.ok()) return catalog.error();
  DefineFleet fleet;
  std::set<std::string> chips;
  for (const auto& [name, spec] : nodes) {
    Node node;
    node.name = NodeName(name);
    node.site = site.name;
    node.cpu = spec.cpu;
    node.memory = spec.memory;
    node.emulated = true;
    std::int32_t index = 0;
    for (const auto& [alias, count] : spec.accelerators) {
      const CatalogChip* chip = catalog.value().find(alias);
      if (chip == nullptr) {
        return Error{ErrorCode::kNotFound, "node " + name + ": no chip " + alias, false, false};
      }
      if (chips.insert(chip->id).second) fleet.chips.push_back(to_chip(*chip));
      for (std::int32_t i = 0; i < count; ++i) {
        node.accelerators.push_back({index++, ChipName(chip->id), true, ""});
      }
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
