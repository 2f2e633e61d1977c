// Runs a scenario by the wall clock: real processes under real supervisors, a journal on disk, in a
// temporary folder that is gone afterwards.
//
//   Result<ScenarioRun> run = run_really(scenario, "build/release");
//
// `programs` is the folder that holds `duru` (the task program of scenarios) and `duru-supervise`.
#pragma once

#include "duru/scenario/run.h"

namespace duru {

Result<ScenarioRun> run_really(const Scenario& scenario, const std::string& programs);

}  // namespace duru
