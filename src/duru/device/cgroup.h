// Where this process stands in the cgroup tree, and the lowest limit above it.
//
//   Reading<MilliCpu> quota = cgroup_cpu_quota(host);   // absent: no limit
//
// Knows cgroup v2 and v1. Levels above a container's own are not visible to it and do not count.
#pragma once

#include "duru/base/units.h"
#include "duru/device/host_tree.h"

namespace duru {

Reading<MilliCpu> cgroup_cpu_quota(const HostTree& host);
Reading<Bytes> cgroup_memory_limit(const HostTree& host);

}  // namespace duru
