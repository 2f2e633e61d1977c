// Workload: the runs of what a release starts, each in a run folder of its own under a supervisor
// that outlives us (supervisor/README.md). Runs are numbered over the node's life.
//
//   DURU_TRY(workload.start(8, {slot_folder, manifest}));   // may be repeated: there is one run 8
//   RunView view = workload.look(8);
//   if (view.is_over()) ...                                 // proven: no process of it is left
//
// The workload gets PATH, HOME, LANG and TZ of ours, the manifest's environment over them, and over
// all: DURU_NODE, DURU_CHIP, DURU_EMULATED (0 or 1), DURU_RELEASE, DURU_WORK (a folder that stays),
// DURU_EVENTS (a file to append JSON lines to) and DURU_STATUS (a file to put {"inferences": N}
// into, by rename).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "duru/agent/disk.h"
#include "duru/agent/records.h"
#include "duru/supervisor/run_folder.h"

namespace duru::agent {

struct RunView {
  bool known = false;   // it can be told how it stands
  bool exists = false;  // there is a run folder
  bool began = false;   // it has, or had, a supervisor
  bool alive = false;   // the supervisor watches it
  bool stopping = false;
  bool lost = false;       // the supervisor is gone and the tree is unproven
  bool over = false;       // no process of it is left
  bool by_itself = false;  // over because the command ended, not by a stop, a reboot or a loss
  std::optional<supervisor::Moment> started;  // the boot's id as base/clock.h spells it
  std::string how;                            // it ended, for people
  // A record of it that cannot be read, and why; how it stands is told by the others and its lock.
  std::string damage;

  bool is_gone() const { return known && (over || !exists); }
};

class Workload {
 public:
  static Result<Workload> open(const Folder& data, const Identity& identity,
                               std::string supervise_program);

  Status start(std::int64_t run, const std::string& slot_folder, const Manifest& manifest) const;
  RunView look(std::int64_t run) const;
  // Level-triggered. Also ends, and proves the end of, a run that lost its supervisor.
  Status stop(std::int64_t run, Milliseconds grace) const;
  // Of one that lost its supervisor. An error is the disk's; that it may live still is none.
  Status prove(std::int64_t run) const;

  // As its status file says.
  std::optional<std::int64_t> inferences(std::int64_t run) const;

  // All that there are, ascending.
  std::vector<std::int64_t> runs() const;
  // Removes what is over and older than `run`.
  void remove_before(std::int64_t run) const;

  std::string events_path(std::int64_t run) const { return path(run) + "/out/events"; }
  std::string status_path(std::int64_t run) const { return path(run) + "/out/status"; }
  std::vector<std::string> environment(std::int64_t run, const Manifest& manifest) const;

 private:
  Workload(Folder runs, std::string work, const Identity& identity, std::string supervise_program);
  std::string name(std::int64_t run) const { return prefix_ + std::to_string(run); }
  std::string path(std::int64_t run) const { return runs_.path(name(run)); }
  Status prepare(const supervisor::RunFolder& folder, std::int64_t run,
                 const std::string& slot_folder, const Manifest& manifest) const;

  Folder runs_;
  std::string work_;
  Identity identity_;
  std::string supervise_program_;
  std::string prefix_;  // of the runs' names; no other node of this machine has it
};

}  // namespace duru::agent
