// Supervision: the life of one task run, from the run folder's `spec` to its `released`. This is
// what duru-supervise does after it has become a session of its own.
//
//   auto supervision = Supervision::prepare(folder);   // our record is durable from here on
//   supervision.value()->run();                        // until the tree is proven empty
//
// Guarantees:
//   - nothing runs before the record that says where to find it is durable;
//   - the time limit counts on the boot-time clock, whether or not a server is there;
//   - the command's end is recorded once, and a record that cannot be written (disk full) is tried
//     again until it can;
//   - `released` is written only when no child is left, the cgroup is unpopulated, and no process
//     carries the run's marks.
// One thread, level-triggered: each turn looks at the whole situation, so that a lost or doubled
// wake-up changes nothing.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "duru/base/result.h"
#include "duru/supervisor/cgroup.h"
#include "duru/supervisor/fd.h"
#include "duru/supervisor/log_sink.h"
#include "duru/supervisor/protocol.h"
#include "duru/supervisor/task.h"
#include "duru/supervisor/tree.h"

namespace duru::supervisor {

class Supervision {
 public:
  // kConflict when the run has, or had, a supervisor. Blocks this process's signals.
  static Result<std::unique_ptr<Supervision>> prepare(const std::string& path);

  void run();

 private:
  struct Outbox {
    std::string name;
    std::string text;
  };

  explicit Supervision(ProcessTree tree) : tree_(std::move(tree)) {}

  void launch();
  void enter_cgroup(StartedRecord& started);
  void fail_to_start(const StartFailure& failure);
  void decide_start();

  void wait();
  void drain_signals();
  void reap();
  void task_ended(int status);
  void obey_stop();
  void obey_deadlines();
  void begin_end(ExitReason reason, Milliseconds grace);
  void begin_end_of_leftovers();
  void send_term(Depth depth);
  void kill_tree();
  bool tree_is_empty();
  void flush_outbox();
  void look_after_folder();
  int wait_ms() const;

  Fd folder_;
  Fd lock_;
  Fd signals_;
  Fd watch_;  // not valid where the machine ran out of watches; then every turn looks
  Fd log_read_;
  Fd log_write_;  // until the task has it
  RunSpec spec_;
  ProcessTree tree_;
  LogSink log_;

  std::optional<HaltedTask> task_;
  bool start_decided_ = false;
  StartedRecord started_;
  Milliseconds limit_at_;  // boot-time clock

  std::optional<ExitReason> end_reason_;  // why the command was made to end; none: nobody did
  bool term_sent_ = false;
  bool leftovers_told_ = false;
  std::set<ProcessKey> told_;  // who got the TERM: nobody gets it twice
  bool term_received_ = false;
  Milliseconds kill_at_;
  int kill_pause_ms_ = 1;

  bool ended_ = false;  // the command is over (or never was)
  bool no_children_ = true;
  bool folder_gone_ = false;
  std::deque<Outbox> outbox_;  // records that must still reach the disk, in order
  bool disk_refuses_ = false;
};

}  // namespace duru::supervisor
