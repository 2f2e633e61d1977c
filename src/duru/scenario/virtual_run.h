// Runs a scenario in virtual time, against the simulated engine, and shows that nothing is hidden:
// the same run again gives the same journal, its causes give the same facts, from the beginning and
// from a snapshot after every commit.
//
//   Result<ScenarioRun> run = run_virtually(scenario);
//   check_determinism(scenario, run.value());    // lines on what is wrong
#pragma once

#include "duru/scenario/run.h"

namespace duru {

Result<ScenarioRun> run_virtually(const Scenario& scenario);

std::vector<std::string> check_determinism(const Scenario& scenario, const ScenarioRun& run);

}  // namespace duru
