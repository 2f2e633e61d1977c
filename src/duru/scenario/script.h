// A scenario as what is done at which time: its inputs as commands, its reasons as questions.
// Shared by the virtual and the real run.
#pragma once

#include <functional>

#include "duru/core/state/state.h"
#include "duru/domain/commands.h"
#include "duru/scenario/scenario.h"

namespace duru {

// One thing to do. Exactly one is set.
struct ScriptItem {
  Milliseconds at;
  const ScenarioInput* input = nullptr;
  const ExpectedReason* reason = nullptr;
  const ExpectedRollout* rollout = nullptr;
  const ExpectedAgent* agent = nullptr;
};

// By time; at one time inputs go first, in their order.
std::vector<ScriptItem> script_of(const Scenario& scenario);

// The chips that the scenario names, from the built-in catalogue; the nodes are emulated. Devices
// are numbered by the chips' names in the file.
Result<DefineFleet> define_fleet(const std::map<std::string, ScenarioNode>& nodes, Site site);

// A chip of the built-in catalogue, by its name or an alias.
Result<Chip> chip_named(const std::string& alias);

// The command of an input that is one (not `engine`, `restart`, `join`, or a thing that happens to
// nodes of the field). Names are looked up in
// the state; one that is not there becomes an id that no job has, and the core says so.
Message command_of(const ScenarioInput& input, const State& state,
                   const std::function<JobId()>& draw_id);

// What differs from the expected reason; "" when nothing does.
std::string reason_difference(const ExpectedReason& expected, const State& state, Timestamp now,
                              Timestamp started_at);

}  // namespace duru
