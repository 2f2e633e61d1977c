// The process tree of one run: who belongs to it, ending it, and whether it is proven empty.
//
// A process belongs to the run when any of these holds, and when it started no earlier than the
// run's supervisor:
//   - it is in the run's cgroup;
//   - it descends from the supervisor (which adopts orphans, so this misses nobody as long as the
//     supervisor lives), or from another process of the run;
//   - its environment holds the run's marker;
//   - its stdout or stderr is the run's log pipe (this survives `env -i`).
// README.md says what can escape when neither a cgroup nor a living supervisor is there.
//
//   ProcessTree tree(marks);
//   tree.kill_all(Depth::kEverything);
//   Scan scan = tree.scan(Depth::kEverything);
//   if (scan.finds_nobody()) ...
#pragma once

#include <string>
#include <vector>

#include "duru/supervisor/process.h"

namespace duru::supervisor {

struct TreeMarks {
  ProcessIdentity supervisor;  // never itself a member
  std::string cgroup;          // empty: none
  std::string marker;          // KEY=VALUE
  std::int64_t log_pipe = 0;   // inode; 0: none
};

enum class Depth {
  kDescent,     // cgroup and descent: cheap
  kEverything,  // environments and pipes too
};

struct Scan {
  std::vector<ProcessKey> members;
  bool complete = false;           // false: something could not be read, or was in mid-exec
  int vanished = 0;                // processes that ended before they could be looked at
  std::vector<ProcessKey> dead;    // that may have been members, and left a child unseen
  std::vector<ProcessKey> others;  // alive, and surely no members
  // Nobody was found. That is a proof only where descent is known otherwise (see settled()).
  bool finds_nobody() const { return complete && members.empty(); }
};

// Whether `now` cannot have missed anybody, given the scan before it: a tree that lives on by
// forking and exiting shows, in every scan, either itself or a process that has just gone.
bool settled(const Scan& before, const Scan& now);

class ProcessTree {
 public:
  explicit ProcessTree(TreeMarks marks) : marks_(std::move(marks)) {}

  Scan scan(Depth depth) const;
  // Sends the signal to every member; the scan it acted on.
  Scan signal_all(int signal, Depth depth) const;
  // SIGKILL to the cgroup at once, then to every member by name.
  Scan kill_all(Depth depth) const;
  void remove_cgroup() const;

  const TreeMarks& marks() const { return marks_; }

 private:
  bool is_marked(const ProcessStat& process, Scan& scan) const;

  TreeMarks marks_;
};

}  // namespace duru::supervisor
