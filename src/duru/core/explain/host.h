// Which of cpu and memory a waiting job lacks, and who holds it.
#pragma once

#include "duru/core/state/state.h"

namespace duru {

struct HostShortage {
  std::string what;  // "cpu", "memory", "cpu and memory"
  std::string text;  // "1 of 64 cpu are free, at most 1 on one node; held by hog"
  // Of what is short alone: cpu_millis_wanted, cpu_millis_per_task, cpu_millis_free, cpu_millis;
  // memory_bytes_….
  std::map<std::string, std::int64_t> figures;
};

// Of a job whose accelerators are free, or that wants none. O(nodes, task runs on them).
HostShortage host_shortage(const State& state, const JobSpec& spec, const Request& request,
                           const std::vector<const Chip*>& chips);

}  // namespace duru
