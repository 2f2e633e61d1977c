// The run folder seen from the engine: prepare a run, start its supervisor, read how it stands, ask
// it to stop, and, when the supervisor was lost, end and prove the tree.
//
//   auto folder = RunFolder::create("/var/lib/duru/runs/" + spec.name);
//   DURU_TRY(folder.value().write_spec(spec));
//   DURU_TRY(folder.value().start(supervise_program));   // returns when the supervisor is on disk
//   RunState state = folder.value().state().value();
//
// Guarantees: a run folder has at most one supervisor in its life, whoever calls start() how often;
// prove_empty_or_kill() never answers kEmpty while a process of the run may live.
// All calls may block on the disk; none belongs on an event loop. Safe from several threads.
#pragma once

#include <optional>
#include <string>

#include "duru/base/result.h"
#include "duru/base/units.h"
#include "duru/supervisor/fd.h"
#include "duru/supervisor/protocol.h"

namespace duru::supervisor {

struct RunState {
  std::optional<SupervisorRecord> supervisor;
  std::optional<StartedRecord> started;
  std::optional<ExitRecord> exit;
  std::optional<ReleasedRecord> released;
  bool stop_requested = false;
  bool supervisor_alive = false;
  // `started`, `exit` or `released` is there but cannot be read: it counts as absent, and this says
  // which and why. Empty otherwise.
  std::string damage;

  // The supervisor is gone and left the tree unproven: call prove_empty_or_kill().
  bool lost() const { return supervisor && !supervisor_alive && !released; }
};

enum class TreeProof { kEmpty, kStillAlive };

class RunFolder {
 public:
  // Makes the folder (0700) durably; one that is there already is opened.
  static Result<RunFolder> create(const std::string& path);
  static Result<RunFolder> open(const std::string& path);

  // Writing the same spec again is fine; another one for a spec that is there is kConflict.
  Status write_spec(const RunSpec& spec) const;

  // Starts `program` (duru-supervise) in a session of its own, which outlives the caller. Answers
  // when its `supervisor` record is durable; kConflict when this run had a supervisor before.
  // `open_files`: how many the task may open unless it asks for more (the soft limit); as many as
  // this process where it is not given.
  Status start(const std::string& program, std::optional<std::uint64_t> open_files = {}) const;

  // An error when it cannot be told who the supervisor is: then nothing about the run is known.
  Result<RunState> state() const;
  // Where state() fails for good: each record that cannot be read counts as absent, and whether the
  // supervisor lives is told by the lock that it holds.
  Result<RunState> state_despite_damage() const;

  // Level-triggered: may be repeated, also with a shorter grace (a longer one changes nothing), and
  // before the start: then the command never runs.
  Status request_stop(Milliseconds grace) const;

  // For a run whose supervisor is gone: kills what is left, and when the tree is proven empty
  // writes `released` and answers kEmpty. kStillAlive after `patience`: call again. kConflict while
  // the supervisor lives, and for a run of another machine.
  Result<TreeProof> prove_empty_or_kill(Milliseconds patience) const;
  // The same for a run, of this name, of which state() fails for good. Without `supervisor` its
  // processes are known by their marker and its cgroup alone: README.md says what can escape.
  Result<TreeProof> end_despite_damage(const std::string& name, Milliseconds patience) const;

  const std::string& path() const { return path_; }
  int fd() const { return folder_.get(); }

 private:
  RunFolder(std::string path, Fd folder) : path_(std::move(path)), folder_(std::move(folder)) {}

  std::string path_;
  Fd folder_;
};

// Takes the lock that a living supervisor holds; kConflict when another process has it.
Result<Fd> lock_run(int folder_fd);

}  // namespace duru::supervisor
