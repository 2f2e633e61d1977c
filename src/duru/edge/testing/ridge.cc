#include "duru/edge/testing/ridge.h"

namespace duru::testing {

Rollout in_three_waves() {
  Rollout made = rollout("r", "ridge", "smoke-2");
  made.waves = {share(20), count(3), share(100)};
  return made;
}

Ridge::Ridge(int nodes) {
  check(nodes < 1000);
  fleet("ridge", nodes);
  apply(ApplyField{{}, {release("smoke-1"), release("smoke-2")}, {}});
}

void Ridge::have_smoke_1() {
  Rollout first = testing::rollout("first", "ridge", "smoke-1");
  first.bake = Milliseconds(0);
  begin(first);
  serve_all();
  run_until(now() + minutes(1));
}

int Ridge::nodes_with(const std::string& release) const {
  int count = 0;
  for (const auto& [name, node] : state().nodes) count += node.given.current.str() == release;
  return count;
}

}  // namespace duru::testing
