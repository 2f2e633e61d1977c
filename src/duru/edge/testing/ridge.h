// Ridge: a rig with one fleet of cameras and two releases.
//
//   Ridge rig;
//   rig.have_smoke_1();
//   rig.begin(in_three_waves());
//   rig.fail("cam-00");
#pragma once

#include "duru/edge/testing/edge_rig.h"

namespace duru::testing {

// Of smoke-2: ten nodes in waves of 2, 3 and the rest; each bakes for ten minutes.
Rollout in_three_waves();

struct Ridge : EdgeRig {
  explicit Ridge(int nodes = 10);  // cam-00 …; thousands are not checked (check)
  void begin(const Rollout& rollout) { take(ApplyField{{}, {}, {rollout}}); }
  // Every node serves smoke-1, by a rollout that completed.
  void have_smoke_1();
  std::int32_t begun() const { return rollout("r").started; }  // waves of it
  int nodes_with(const std::string& release) const;
  void steer(SteerAction action) { take(SteerRollout{RolloutName("r"), action}); }
};

}  // namespace duru::testing
