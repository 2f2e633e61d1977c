// Processes of this machine as /proc shows them, named so that a number used again is never taken
// for the old process: a pid together with its start time, and across boots with the boot id.
//
//   ProcessIdentity me = identity_of_self();
//   if (alive(me)) ...
//   signal_process({pid, start_ticks}, SIGTERM);  // reaches that process or none
#pragma once

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "duru/base/result.h"

namespace duru::supervisor {

struct ProcessIdentity {
  std::string boot_id;
  std::int64_t pid = 0;
  std::int64_t start_ticks = 0;  // clock ticks since boot, field 22 of /proc/PID/stat
  auto operator<=>(const ProcessIdentity&) const = default;
};

struct ProcessKey {
  pid_t pid = 0;
  std::int64_t start_ticks = 0;
  auto operator<=>(const ProcessKey&) const = default;
};

struct ProcessStat {
  pid_t pid = 0;
  pid_t parent_pid = 0;
  char state = '?';
  std::int64_t start_ticks = 0;
  bool has_environment = false;  // false in the middle of an exec, and for kernel threads
  bool has_memory = false;       // false for kernel threads
  bool dead() const { return state == 'Z' || state == 'X' || state == 'x'; }
  ProcessKey key() const { return {pid, start_ticks}; }
};

std::string boot_id();     // read once; empty where it could not be: then nothing can be proven
std::string machine_id();  // empty where /etc/machine-id is absent
ProcessIdentity identity_of_self();

// False only for a process that surely has ended, also while nobody has collected its exit.
bool alive(const ProcessIdentity& identity);

// kNotFound when there is no such process.
Result<ProcessStat> read_stat(pid_t pid);

struct ProcessList {
  std::vector<ProcessStat> processes;  // dead ones (zombies) too
  int vanished = 0;                    // shown, but gone before they could be looked at
};
// Every process that /proc shows. Not atomic: one that is born meanwhile may be missing, so where a
// process vanished, a child of it may have been missed.
Result<ProcessList> list_processes();

// The living and dead children of this thread, none collected; kNotFound where the kernel does not
// tell. Cheap, and no number in it can be another process's until it is collected.
Result<std::vector<pid_t>> own_children();

enum class EnvironmentMatch { kYes, kNo, kGone, kUnknown };
// Does the process have exactly this `KEY=VALUE` in its environment? kUnknown in mid-exec.
EnvironmentMatch has_environment_entry(pid_t pid, const std::string& entry);
// Is one of the process's standard streams the pipe of this inode?
bool writes_to_pipe(pid_t pid, std::int64_t inode);

// Sends the signal to exactly this process, never to a later one of the same pid; true if sent.
bool signal_process(ProcessKey process, int signal);

}  // namespace duru::supervisor
