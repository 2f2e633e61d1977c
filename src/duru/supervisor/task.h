// The task's first process, born halted: it exists (and can be put into a cgroup), but runs the
// command only when released. Whoever dies in between takes it along.
//
//   auto task = HaltedTask::fork(spec, log_pipe_end);
//   cgroup.add(task.value().pid());
//   task.value().release();
//   auto failure = task.value().take_start_failure();  // when failure_fd() is readable
//
// The command gets: stdin /dev/null, stdout and stderr the log pipe, no other descriptor, a process
// group of its own, default signals, umask 022, exactly the spec's environment and the marker.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "duru/base/result.h"
#include "duru/supervisor/fd.h"
#include "duru/supervisor/protocol.h"

namespace duru::supervisor {

struct StartFailure {
  int error_number = 0;
  std::string message;
};

class HaltedTask {
 public:
  static Result<HaltedTask> fork(const RunSpec& spec, int log_fd);

  pid_t pid() const { return pid_; }
  void release();

  // Readable when the start is decided.
  int failure_fd() const { return failure_.get(); }
  // Call when readable: none means that the command runs.
  std::optional<StartFailure> take_start_failure(const RunSpec& spec);

 private:
  pid_t pid_ = 0;
  Fd release_;
  Fd failure_;
};

// "DURU_TASK_RUN=<name>".
std::string marker_entry(const std::string& run_name);

}  // namespace duru::supervisor
