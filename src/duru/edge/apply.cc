#include "duru/edge/apply.h"

#include "duru/base/wire.h"
#include "duru/edge/check.h"
#include "duru/edge/rollouts.h"

namespace duru {

Outcome decide_apply(EdgeTx& tx, const ApplyField& command) {
  const EdgeState& state = tx.state();
  if (Rejection rejection = check(state, command); !rejection.empty()) return rejection;
  // By name: of two new fleets that select a node, the first has it.
  std::map<FleetName, const Fleet*> fleets;
  for (const Fleet& fleet : command.fleets) fleets.emplace(fleet.name, &fleet);
  for (const auto& [name, fleet] : fleets) {
    const auto known = state.fleets.find(name);
    if (known == state.fleets.end() || encode(known->second.fleet) != encode(*fleet)) {
      tx.emit(FleetDefined{*fleet});
    }
  }
  for (const Release& release : command.releases) {
    if (state.releases.count(release.name) == 0) tx.emit(ReleaseDefined{release});
  }
  for (const Rollout& rollout : command.rollouts) {
    if (state.rollouts.count(rollout.name) == 0) begin_rollout(tx, rollout);
  }
  return Accepted{};
}

}  // namespace duru
