// SimulatedEngine: an engine without processes, in virtual time. It does what the command's program
// would do (task_program.h), keeps the promises of engine.h, and breaks when told to.
//
//   SimulatedEngine engine(options, clock);
//   engine.start(sink);
//   engine.run(spec);
//   clock.advance_to(*engine.next_event());
//   engine.advance(clock.now());               // the sink hears of it
//
// One thread. Nothing is reported inside a call of run(), stop(), …: reports are events of their
// own, due at once, so that a caller is never called back. After shutdown() its work goes on;
// start() again is what the next server does.
#pragma once

#include <map>
#include <set>

#include "duru/base/clock.h"
#include "duru/engine/engine.h"
#include "duru/engine/simulated/task_program.h"

namespace duru {

struct SimulatedEngineOptions {
  InstallationId installation;
  Milliseconds start_delay{10};  // from the launch to the task's start
  Milliseconds empty_delay{0};   // from a task's end to the proof that its process tree is empty
  Milliseconds store_delay{0};   // from there to its outputs being stored
};

// How reports go wrong.
struct ReportFaults {
  bool doubled = false;
  Milliseconds delay;          // each comes that much later; the order within a run is kept
  std::int32_t drop_next = 0;  // so many get lost
};

class SimulatedEngine : public Engine {
 public:
  SimulatedEngine(SimulatedEngineOptions options, const Clock& clock);

  std::string_view name() const override { return "simulated"; }
  EngineCapabilities capabilities() const override;
  Status start(Sink sink) override;
  void shutdown() override { sink_ = nullptr; }
  void run(const TaskRunSpec& spec) override;
  void stop(const TaskRunName& name, Milliseconds grace) override;
  void forget(const TaskRunName& name) override;
  void reconcile(const std::vector<TaskRunName>& desired) override;
  Result<LogChunk> read_log(const TaskRunName& name, std::int64_t offset,
                            std::int64_t bytes_max) override;
  Timestamp observed_through() const override;

  // --- time ---
  std::optional<Timestamp> next_event() const;
  void advance(Timestamp until);  // all that happens up to then, in order

  // --- faults ---
  // The supervisor of a run is killed: the run is lost, its tree proven empty that much later.
  // False when there is no such run, or it ended.
  bool lose(const TaskRunName& name, Milliseconds proof_after);
  bool lose_exit(const TaskRunName& name);  // it will end, and nobody will know how
  // A node is cut off: its work goes on, nothing is heard of it and nothing reaches it.
  void cut_off(const NodeName& node);
  void power_off(const NodeName& node);  // cut off, and all that ran there is lost
  void bring_back(const NodeName& node);
  void set_report_faults(ReportFaults faults) { faults_ = faults; }
  void set_doubled_launches(bool doubled) { doubled_launches_ = doubled; }

  // What it knows of, forgotten runs not: for checks.
  std::vector<TaskRunName> runs() const;
  std::size_t live_task_count(const WorkloadId& workload) const;

 private:
  enum class EventKind { kStart, kExit, kTimeLimit, kKill, kRelease, kStore, kReport };
  struct Event {
    EventKind kind{};
    TaskRunName run;
    Message report;         // kReport
    Timestamp happened_at;  // kReport: what it tells of
  };
  enum class Ending { kNone, kStopped, kTimeLimit };
  struct Run {
    TaskRunSpec spec;
    std::optional<TaskProgram> program;
    TaskObserved seen;
    Ending ending = Ending::kNone;
    bool exit_lost = false;
    bool orphan = false;  // forgotten as soon as it is released
    Timestamp reported_until;
  };
  struct Outage {
    Timestamp since;
    std::vector<Event> held;                    // starts that could not reach the node
    std::map<TaskRunName, Milliseconds> stops;  // and stops
    std::set<TaskRunName> unreported;
  };

  void at(Timestamp t, EventKind kind, const TaskRunName& run);
  void handle(const Event& event);
  void launch(const TaskRunSpec& spec);
  void begin_stop(Run& run, Milliseconds grace, Ending why);
  void start_task(Run& run);
  void end_task(Run& run, EndCause cause, std::optional<std::int32_t> exit_code,
                std::optional<std::int32_t> signal, std::string detail,
                std::optional<Milliseconds> empty_after = {});
  void exit_task(Run& run);
  void release(Run& run);
  void store_outputs(Run& run);
  void report(Run& run);
  void report_nodes();
  void send(Message report, Timestamp due, Timestamp happened_at, const TaskRunName& run);
  Run* find(const TaskRunName& name);
  Run& add_stopped_before_heard(const TaskRunName& name);
  Outage* outage_of(const Run& run);

  SimulatedEngineOptions options_;
  const Clock& clock_;
  Sink sink_;
  Timestamp now_;  // of the event being handled
  std::int64_t term_ = 0;
  std::int64_t next_order_ = 0;
  std::map<std::pair<Timestamp, std::int64_t>, Event> events_;
  std::map<TaskRunName, Run> runs_;
  std::map<NodeName, Outage> outages_;
  std::set<NodeName> told_of_;  // nodes whose state was ever reported
  ReportFaults faults_;
  bool doubled_launches_ = false;
};

}  // namespace duru
