// Run: what the local engine knows of one task run and what is wanted of it. Pure: it looks at what
// was read and says what to do next (next_step) and what to report (describe); local_engine.cc does
// both. Looking twice changes nothing.
//
//   Run run;
//   run.state = folder.state().value();
//   switch (next_step(run)) ...
//   TaskObserved report = describe(run, clock);
#pragma once

#include <optional>
#include <string>

#include "duru/base/clock.h"
#include "duru/engine/local/run_files.h"
#include "duru/supervisor/run_folder.h"

namespace duru::local {

struct Run {
  TaskRunName name;
  RunIdentity identity;

  // Read from the run folder.
  supervisor::RunState state;
  std::optional<TaskRunSpec> launch;
  std::optional<Refusal> refusal;
  std::optional<Outputs> outputs;

  // Wanted.
  bool run_wanted = false;
  std::optional<Milliseconds> stop_wanted;  // with this grace
  bool forget_wanted = false;

  // Ours alone.
  std::optional<Milliseconds> stop_sent;
  std::optional<Timestamp> lost_at;  // when we found the supervisor gone
  bool busy = false;                 // a worker has a step of it in hand
  Timestamp next_step_at;            // after a step that failed
  bool forgotten = false;
  bool vanished = false;     // somebody deleted the folder of a run that was under way
  bool stepped = false;      // a step was taken since we last reported
  bool report_again = true;  // although nothing may have changed
  TaskObserved reported;
  int watch = -1;

  bool succeeded() const;
  bool wants_outputs_stored() const;
};

enum class Step {
  kNone,
  kLaunch,
  kRestore,  // put back what says where the tree can be found
  kStop,     // ask the supervisor
  kClose,    // no supervisor was, and none shall be
  kProve,    // the supervisor was lost
  kStoreOutputs,
  kForget,
};

Step next_step(const Run& run);

// All that is known. Times of an earlier boot are those of the wall clock.
TaskObserved describe(const Run& run, const Clock& clock);

// Nothing will happen any more unless somebody asks: no need to look at its folder.
bool is_settled(const Run& run);

}  // namespace duru::local
