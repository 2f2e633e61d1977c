// The records of one task run, as they lie in its run folder DIR/runs/NAME/. Each file has one
// writer and is written once (`stop` may be written again):
//
//   spec        engine      what to run; there before the supervisor starts
//   stop        engine      please stop, with this grace
//   lock        supervisor  held (flock) as long as it lives
//   supervisor  supervisor  who it is and where the tree can be found; durable before any process
//   started     supervisor  the command runs
//   exit        supervisor  how the command ended
//   released    supervisor  the process tree is proven empty; or by the engine, when the
//                           supervisor was lost. `released` without `exit`: the exit was lost
//   log         supervisor  stdout and stderr, capped
//
//   RunSpec spec;
//   spec.name = "duru-abcdefgh-...";
//   spec.argv = {"python3", "train.py"};
//   std::string text = to_record(spec).text();
#pragma once

#include <string>
#include <vector>

#include "duru/base/result.h"
#include "duru/base/units.h"
#include "duru/supervisor/process.h"
#include "duru/supervisor/record_file.h"

namespace duru::supervisor {

// The variable that every process of a run inherits; its value is the run's name.
inline constexpr char kMarkerVariable[] = "DURU_TASK_RUN";

struct RunSpec {
  std::string name;                      // the engine-side name, [a-z0-9-]{1,63}
  std::vector<std::string> argv;         // argv[0] is looked up in the PATH of `environment`
  std::vector<std::string> environment;  // KEY=VALUE, the whole of it; the marker is added
  std::string working_folder;            // absolute; must exist
  Milliseconds time_limit;               // from the start of the command; 0: none
  Milliseconds grace = seconds(10);      // between TERM and KILL
  Bytes log_cap{64LL << 20};
  Bytes memory_limit;      // 0: none
  MilliCpu cpu_limit;      // 0: none
  bool use_cgroup = true;  // false: track by descent and marker although a group could be made
};

// A point in time, on the clock that enforcement runs on and on the wall for people.
struct Moment {
  std::string boot_id;
  Milliseconds boottime;
  Timestamp wall;
};

struct SupervisorRecord {
  std::string name;  // the run's: what the marker holds
  ProcessIdentity identity;
  std::string machine_id;     // empty where the machine has none
  std::string cgroup;         // folder of the run's group; empty: none can be made here
  std::int64_t log_pipe = 0;  // inode of the pipe that is the task's stdout and stderr
};

enum class Tracking { kCgroup, kMarker };
enum class LimitState { kNone, kEnforced, kNotEnforced };

struct StartedRecord {
  std::int64_t task_pid = 0;
  std::int64_t task_start_ticks = 0;
  Moment at;
  Tracking tracking = Tracking::kMarker;
  LimitState memory = LimitState::kNone;
  LimitState cpu = LimitState::kNone;
};

enum class ExitReason { kExited, kTimeLimit, kStopped, kFailedToStart };

struct ExitRecord {
  ExitReason reason = ExitReason::kExited;
  int exit_code = -1;    // 0-255; -1: it did not exit by itself, or never ran
  int signal = 0;        // what ended it; 0: none did
  int error_number = 0;  // kFailedToStart: the errno
  std::string message;   // kFailedToStart: what failed, in words
  bool out_of_memory = false;
  Moment at;
};

struct ReleasedRecord {
  Moment at;
  bool by_engine = false;  // the supervisor was lost
  std::int64_t log_dropped_bytes = 0;
};

struct StopRecord {
  Milliseconds grace;
};

const char* to_text(Tracking tracking);
const char* to_text(LimitState state);
const char* to_text(ExitReason reason);

// kInvalid, with the field, for a spec that no supervisor could run (name, NUL, empty argv...).
Status check(const RunSpec& spec);
Moment moment_now();

RecordFile to_record(const RunSpec& spec);
RecordFile to_record(const SupervisorRecord& supervisor);
RecordFile to_record(const StartedRecord& started);
RecordFile to_record(const ExitRecord& exit);
RecordFile to_record(const ReleasedRecord& released);
RecordFile to_record(const StopRecord& stop);

// Each reads the file of its name; kNotFound where there is none.
Result<RunSpec> read_spec(int folder_fd);
Result<SupervisorRecord> read_supervisor(int folder_fd);
Result<StartedRecord> read_started(int folder_fd);
Result<ExitRecord> read_exit(int folder_fd);
Result<ReleasedRecord> read_released(int folder_fd);
Result<StopRecord> read_stop(int folder_fd);

}  // namespace duru::supervisor
