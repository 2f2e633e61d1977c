// What this machine may use of itself: processors (affinity and cgroup quota counted in), memory
// (cgroup limit counted in), and its name. In a container the limits are the container's.
//
//   const HostFacts facts = read_host_facts("/");
//   if (facts.cpu.has_value()) node.cpu = facts.cpu.value();
//
// Reads cgroup v2 and v1, wherever /proc/self/mountinfo says they are mounted; of a limit at
// several levels the lowest counts. A limit that cannot be read makes the reading failed: a node
// that promises more than it has is worse than one that says it does not know.
#pragma once

#include <string>

#include "duru/base/units.h"
#include "duru/device/reading.h"

namespace duru {

struct HostFacts {
  Reading<std::string> hostname;
  Reading<MilliCpu> cpu;
  Reading<Bytes> memory;
};

HostFacts read_host_facts(const std::string& root);

}  // namespace duru
