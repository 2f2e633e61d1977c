// RandomWorld: fleet, work, people and faults drawn from one number, with every checker on. The
// same seed gives the same journal, byte for byte.
//
//   RandomReport report = run_random_world(seed);
//   if (!report.violations.empty()) …           // each says which fact; the seed repeats it
//
// For some minutes everything goes wrong that may: engines lose runs and reports, nodes drop out,
// servers die, people cancel, cordon, drain and mark. Then faults stop, the fleet is put in order,
// and everything must come to its end.
#pragma once

#include <map>

#include "duru/simulation/world.h"

namespace duru {

struct RandomReport {
  std::vector<std::string> violations;
  Digest chain;  // of the whole journal
  std::int64_t fact_count = 0;
  std::map<std::string, std::int64_t> hits;  // fact kinds, commands and faults that occurred
};

RandomReport run_random_world(std::uint64_t seed);

}  // namespace duru
