// What a run of a scenario showed, in virtual or in real time, and how it compares.
//
//   Result<ScenarioRun> run = run_virtually(scenario);
//   for (const std::string& line : differences(scenario, run.value())) …   // empty: as expected
//   disagreements(virtual_run, real_run);                                   // empty: they agree
//
// Two runs agree when each job went through the same sequence of (state, attempt, nodes,
// accelerators, exit), and the same inputs were refused with the same types.
#pragma once

#include "duru/core/ledger/usage.h"
#include "duru/scenario/scenario.h"
#include "duru/simulation/replay.h"
#include "duru/simulation/trace.h"

namespace duru {

struct SeenRejection {
  Milliseconds at;  // of the input
  std::string type;
  std::string pointer;
  std::string detail;
};

struct ScenarioRun {
  bool exact_times = false;  // virtual
  Timestamp started_at;
  std::vector<TraceStep> steps;
  std::vector<SeenRejection> rejections;
  std::vector<std::string> wrong_answers;  // to what expect asks at a time, told as differences
  std::vector<std::string> violations;     // of the checkers
  Usage usage;
  std::vector<DurableCommit> commits;
  Digest chain;  // of the journal
};

std::vector<std::string> differences(const Scenario& scenario, const ScenarioRun& run);
std::vector<std::string> disagreements(const ScenarioRun& one, const ScenarioRun& other);

}  // namespace duru
