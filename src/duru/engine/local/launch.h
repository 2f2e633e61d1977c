// Launching one task run: its folders, files and environment, then its supervisor.
//
// The task gets the server's PATH, HOME, USER, LANG, LC_ALL and TZ, the job's environment over
// them, and over all: DURU_JOB, DURU_ATTEMPT, DURU_TASK, DURU_TASKS, DURU_NODE, DURU_CHIP,
// DURU_TRACK, DURU_DEVICES (indices, with commas), DURU_EMULATED (0 or 1), DURU_INPUTS and
// DURU_OUTPUTS (folders).
//
//   auto refusal = launch_run(folder, spec, options, artifacts);   // on a worker thread
#pragma once

#include <optional>
#include <string>

#include "duru/artifact/artifact_store.h"
#include "duru/engine/local/run_files.h"

namespace duru::local {

struct LaunchOptions {
  std::string supervise_program;
  Bytes log_cap;
  bool use_cgroup = true;
  std::optional<std::uint64_t> open_files;
};

// Level-triggered: may be repeated after a crash at any point; a run that has, or had, a supervisor
// is left as it is. Answers why the run cannot be, if so; then no supervisor was made.
std::optional<Refusal> launch_run(const std::string& folder, const TaskRunSpec& spec,
                                  const LaunchOptions& options, const ArtifactStore& artifacts);

// Puts the declared outputs into the store. Never retried by itself: the answer is final.
Outputs store_outputs(const std::string& folder, const TaskRunSpec& spec, ArtifactStore& artifacts);

}  // namespace duru::local
