#include "duru/supervisor/tree.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <unordered_set>

#include "duru/supervisor/cgroup.h"

namespace duru::supervisor {
namespace {

// Adds the descendants of what is in `pids` to it. Children come after their parents in order of
// start, but two may start in one tick: so repeat until nothing new is found.
void add_descendants(const std::vector<ProcessStat>& candidates, std::unordered_set<pid_t>& pids) {
  bool grew = true;
  while (grew) {
    grew = false;
    for (const ProcessStat& process : candidates) {
      if (pids.count(process.parent_pid) && pids.insert(process.pid).second) grew = true;
    }
  }
}

}  // namespace

bool ProcessTree::is_marked(const ProcessStat& process, Scan& scan) const {
  if (marks_.log_pipe != 0 && writes_to_pipe(process.pid, marks_.log_pipe)) return true;
  switch (has_environment_entry(process.pid, marks_.marker)) {
    case EnvironmentMatch::kYes:
      return true;
    case EnvironmentMatch::kUnknown:
      scan.complete = false;
      return false;
    case EnvironmentMatch::kNo:
    case EnvironmentMatch::kGone:
      return false;
  }
  return false;
}

Scan ProcessTree::scan(Depth depth) const {
  Scan scan;
  auto list = list_processes();
  if (!list.ok()) return scan;
  scan.complete = true;
  scan.vanished = list.value().vanished;

  // The supervisor counts as the root only while it is the process of that pid.
  pid_t root = static_cast<pid_t>(marks_.supervisor.pid);
  std::vector<ProcessStat> candidates;
  std::unordered_set<pid_t> members;
  for (const ProcessStat& process : list.value().processes) {
    bool is_root = process.pid == root && process.start_ticks == marks_.supervisor.start_ticks;
    if (is_root) members.insert(root);
    if (is_root || process.pid == ::getpid()) continue;
    if (process.start_ticks < marks_.supervisor.start_ticks) continue;
    if (process.dead()) {
      scan.dead.push_back(process.key());
    } else {
      candidates.push_back(process);
    }
  }
  if (!marks_.cgroup.empty()) {
    Cgroup group(marks_.cgroup);
    auto populated = group.populated();
    if (!populated.ok()) scan.complete = false;
    for (pid_t pid : group.processes()) members.insert(pid);
    // Live members that /proc did not show yet: found by the next scan, but not an empty tree.
    if (populated.ok() && populated.value()) scan.complete = false;
  }
  if (depth == Depth::kEverything) {
    for (const ProcessStat& process : candidates) {
      if (!members.count(process.pid) && is_marked(process, scan)) members.insert(process.pid);
    }
  }
  add_descendants(candidates, members);
  members.erase(root);
  for (const ProcessStat& process : candidates) {
    (members.count(process.pid) ? scan.members : scan.others).push_back(process.key());
  }
  // The oldest first: the command hears a TERM before what it waits for is gone, and who forks is
  // killed before what it forked.
  std::sort(scan.members.begin(), scan.members.end(), [](ProcessKey a, ProcessKey b) {
    return a.start_ticks != b.start_ticks ? a.start_ticks < b.start_ticks : a.pid < b.pid;
  });
  return scan;
}

bool settled(const Scan& before, const Scan& now) {
  if (!now.finds_nobody() || now.vanished > 0) return false;
  auto knew = [](const std::vector<ProcessKey>& keys, ProcessKey key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  };
  return std::all_of(now.dead.begin(), now.dead.end(), [&](ProcessKey process) {
    return knew(before.dead, process) || knew(before.others, process);
  });
}

Scan ProcessTree::signal_all(int signal, Depth depth) const {
  Scan found = scan(depth);
  for (ProcessKey process : found.members) signal_process(process, signal);
  return found;
}

Scan ProcessTree::kill_all(Depth depth) const {
  // A group that cannot be killed at once (none there, read only) still dies process by process.
  if (!marks_.cgroup.empty()) (void)Cgroup(marks_.cgroup).kill().ok();
  return signal_all(SIGKILL, depth);
}

void ProcessTree::remove_cgroup() const {
  if (!marks_.cgroup.empty()) Cgroup(marks_.cgroup).remove();
}

}  // namespace duru::supervisor
