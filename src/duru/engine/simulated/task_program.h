// What a task's command would do, for the engine that runs none. Known are the task program and a
// few of everybody's:
//
//   duru task --for 200ms --exit 3 --ignore-term --output NAME     sleep N | infinity     true,
//   false
//
// Anything else is not there to be executed (the run fails to start). Wrong arguments end with code
// 2 at once, as the real program does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "duru/base/units.h"

namespace duru {

struct TaskProgram {
  std::optional<Milliseconds> duration;  // not set: it runs until it is stopped
  std::int32_t exit_code = 0;
  bool ignores_term = false;
  std::vector<std::string> outputs;  // files that it writes into $DURU_OUTPUTS
};

// Nothing when there is no such program.
std::optional<TaskProgram> read_task_program(const std::vector<std::string>& argv);

}  // namespace duru
