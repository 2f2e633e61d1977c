// What the local engine itself keeps in a run folder, beside the supervisor's records:
//
//   launch     the launch as it was asked for, so that a restarted server can go on with the run
//   refused    why the run never got as far as a supervisor
//   stored     what became of the declared outputs
//   forgotten  the run is over for everybody; only its log is kept, for its retention
//   work/ inputs/ outputs/   the task's folders
#pragma once

#include <string>

#include "duru/engine/engine.h"

namespace duru::local {

struct Refusal {
  EndCause cause = EndCause::kNone;  // kFailedToStart: the job's own fault; kLost: ours
  std::string detail;
};

struct Outputs {
  OutputsPhase phase = OutputsPhase::kPending;
  std::map<std::string, StoredOutput> stored;
  std::string detail;
};

Status write_launch(int folder_fd, const TaskRunSpec& spec);
Status write_refusal(int folder_fd, const Refusal& refusal);
Status write_outputs(int folder_fd, const Outputs& outputs);
Status write_forgotten(int folder_fd, Timestamp wall);

// kNotFound where there is none.
Result<TaskRunSpec> read_launch(int folder_fd);
Result<Refusal> read_refusal(int folder_fd);
Result<Outputs> read_outputs(int folder_fd);
Result<Timestamp> read_forgotten(int folder_fd);

inline constexpr char kWorkFolder[] = "work";
inline constexpr char kInputsFolder[] = "inputs";
inline constexpr char kOutputsFolder[] = "outputs";

}  // namespace duru::local
