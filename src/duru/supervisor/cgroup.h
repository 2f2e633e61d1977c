// A control group (v2) per task run: the kernel itself keeps the list of the run's processes, kills
// all of them at once and says when the last is gone. No controller is needed for that; where there
// are some, limits are set.
//
//   std::string folder = plan_cgroup("duru-abc");  // empty: none can be made here
//   if (Cgroup::create(folder).ok()) ...
//   Cgroup(folder).kill();
//   Result<bool> alive = Cgroup(folder).populated();
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "duru/base/result.h"
#include "duru/base/units.h"

namespace duru::supervisor {

// The folder that the group of this name would have: a child of our own group, on whatever v2 mount
// shows it (also beside v1 hierarchies). Makes nothing.
std::string plan_cgroup(const std::string& name);

// The same from the texts of /proc/self/mountinfo and /proc/self/cgroup.
std::string plan_cgroup(const std::string& name, const std::string& mounts,
                        const std::string& groups);

// Whether a group of ours would have the memory controller.
bool memory_can_be_limited();

class Cgroup {
 public:
  explicit Cgroup(std::string folder) : folder_(std::move(folder)) {}

  // kConflict when the group is there and has live processes; an empty one is taken over.
  static Result<Cgroup> create(const std::string& folder);

  Status add(pid_t process);
  // Each true when the kernel enforces it: the controller is there and took the value.
  bool limit_memory(Bytes limit);
  bool limit_cpu(MilliCpu limit);
  bool ran_out_of_memory() const;

  Status kill();                   // SIGKILL to every process, also to those being forked
  Result<bool> populated() const;  // false: empty, or the group is gone
  std::vector<pid_t> processes() const;
  void remove();  // does nothing while populated

  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

}  // namespace duru::supervisor
