// RunWatch: looks after one run of the workload: how it stands, whether it is well by its release's
// own probe, what it counted, and which events it wrote.
//
//   RunWatch watch(workload, spool, {.run = 8, .slot_folder = folder, .manifest = manifest});
//   watch.turn();                                 // each turn of the main loop; never waits long
//   if (watch.health() == Health::kUnwell) say(watch.why());
//
// Well for the first time by `ready_within` from its start; unwell after `failures` bad answers in
// a row. Both are last words: an unwell run stays unwell.
#pragma once

#include <optional>
#include <string>

#include "duru/agent/counter_book.h"
#include "duru/agent/event_tail.h"
#include "duru/agent/probe.h"
#include "duru/agent/workload.h"

namespace duru::agent {

enum class Health { kTrying, kWell, kUnwell };

struct WatchedRun {
  std::int64_t run = 0;
  std::string slot_folder;
  Manifest manifest;
  bool was_well = false;  // when an agent looked last
};

// The tail of a run's events, from where our disk says that we are. `book` knows when the file was
// read last.
EventTail tail_of(std::int64_t run, const RunView& view, const Workload& workload,
                  const Spool& spool, const CounterBook& book);

class RunWatch {
 public:
  RunWatch(const Workload& workload, Spool& spool, const CounterBook& book, Log& log,
           WatchedRun what);

  void turn();
  Status start();
  void stop(Milliseconds grace);
  // To the end of what it wrote. False: not yet, there is more than one turn reads, or the disk
  // refuses.
  bool drain();

  const WatchedRun& what() const { return what_; }
  const RunView& view() const { return view_; }
  bool is_serving() const { return view_.alive && !view_.stopping && health_ == Health::kWell; }
  Health health() const { return health_; }
  const std::string& why() const { return why_; }
  Milliseconds well_for() const;
  std::optional<std::int64_t> inferences() const { return inferences_; }
  bool took_events();  // since the last call
  const ReadUpTo& read_up_to() const { return tail_.read_up_to(); }

 private:
  void look();
  bool read_events();
  void read_status();
  void probe();
  void judge(const ProbeResult& result);

  const Workload& workload_;
  Spool& spool_;
  Log& log_;
  WatchedRun what_;
  RunView view_;
  Health health_ = Health::kTrying;
  std::string why_;
  EventTail tail_;
  bool took_events_ = false;
  std::int64_t told_rejected_ = 0;
  std::optional<std::int64_t> inferences_;
  ProbeRun probe_;
  std::int32_t failures_ = 0;
  std::int64_t started_ms_ = 0;  // when the trial began
  std::int64_t well_since_ms_ = 0;
  std::int64_t next_look_ms_ = 0;
  std::int64_t next_status_ms_ = 0;
  std::int64_t next_probe_ms_ = 0;
};

}  // namespace duru::agent
