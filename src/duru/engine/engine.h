// Engine: what really runs work at a site. The loop tells it what should run; it reports what does.
// One contract suite (tests/engine) holds every engine to this page.
//
// Desired and observed. Every call is level-triggered and may come again at any time: run() of a
// task run that exists (by its name, in any state, also from before a restart of the server) starts
// nothing, it only makes the engine report that run's state again; stop() of one that ended changes
// nothing; stop() of one never heard of makes it never start and is reported as ended (kStopped,
// released). Calls return quickly and never fail: what goes wrong is an observation. They may come
// from any thread; the engine serialises.
//
// Observations. The sink is called from the engine's thread, in order for one task run, with
// everything known of the run each time (TaskObserved). Unknown is not failed: an engine that
// cannot tell says nothing. A run is reported
//   started_at, then end (exit code, signal, time limit, stopped, failed_to_start, lost), then
//   released_at once its whole process tree is PROVEN empty, then outputs_phase: kStored with
//   digests after a success, kMissing naming the output in `detail`, or kFailed (a full disk, say)
//   with the cause.
// Outputs are stored only when the task exited with 0 and declared outputs; with none declared,
// kStored comes at once with released_at.
//
// Names. TaskRunSpec::name is the engine-side name: deterministic, without the term, so that a
// repeated launch finds the first one. decided_seq and term go along as labels; a launch of a lower
// term than the engine has seen is refused.
#pragma once

#include <functional>
#include <memory>

#include "duru/domain/observations.h"
#include "duru/domain/service.h"

namespace duru {

struct TaskRunSpec {
  TaskRunName name;
  WorkloadId workload;
  std::int32_t attempt = 0;
  std::int32_t task = 0;
  std::int32_t tasks = 0;
  std::int64_t decided_seq = 0;  // of the AttemptStarted fact
  std::int64_t term = 0;
  std::string job_name;
  Allocation allocation;
  Track track{};          // of the allocation's chip; kCpu without one
  bool emulated = false;  // the accelerator is emulated: the log's header and DURU_EMULATED say so
  std::vector<std::string> command;  // argv
  std::string image;
  std::map<std::string, std::string> env;
  std::vector<JobFile> files;            // into the working folder
  std::map<std::string, Digest> inputs;  // into $DURU_INPUTS, read-only
  std::vector<std::string> outputs;      // expected in $DURU_OUTPUTS; only of task 0
  Milliseconds time_limit;  // 0: none; enforced by the engine also while the server is down
  Milliseconds grace;
  // Of a service: what its node runs, instead of a command. Another revision comes as another run()
  // of the same name.
  std::optional<Revision> revision;
};
DURU_DECLARE_RECORD(TaskRunSpec)

// A part of a run's log (stdout and stderr together, as written).
struct LogChunk {
  std::string bytes;
  std::int64_t next_offset = 0;
  bool complete = false;  // the run is released and nothing follows
};

class Engine {
 public:
  using Sink = std::function<void(Message observation)>;
  virtual ~Engine() = default;

  virtual std::string_view name() const = 0;  // "local", "simulated"
  virtual EngineCapabilities capabilities() const = 0;

  // Begins to observe: adopts what it finds from before, and reports every run that it knows.
  // Called once.
  virtual Status start(Sink sink) = 0;
  // Ends observing. Work goes on.
  virtual void shutdown() = 0;

  virtual void run(const TaskRunSpec& spec) = 0;
  virtual void stop(const TaskRunName& name, Milliseconds grace) = 0;
  // The run's end and outputs are durable at the server: working folder and records may go, the log
  // stays for its retention.
  virtual void forget(const TaskRunName& name) = 0;
  // The full set of runs that should exist (run or being stopped). Any other run that the engine
  // finds of this installation is an orphan: it is stopped, and forgotten once its tree is empty.
  virtual void reconcile(const std::vector<TaskRunName>& desired) = 0;

  // Reads up to `bytes_max` of a run's log from `offset`. kNotFound when there is no such run or
  // log.
  virtual Result<LogChunk> read_log(const TaskRunName& name, std::int64_t offset,
                                    std::int64_t bytes_max) = 0;

  // The time up to which everything that happened has been reported: accounts never run past it.
  virtual Timestamp observed_through() const = 0;
};

}  // namespace duru
