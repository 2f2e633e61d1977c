#include "duru/edge/apply.h"

#include "duru/base/wire.h"
#include "duru/edge/check.h"
#include "duru/edge/rollouts.h"

namespace duru {
namespace {

// Who has use for it, and what would help; empty: nobody. O(nodes).
Rejection in_use(const EdgeState& state, const ReleaseName& release) {
  const auto refused = [&](const std::string& by, const std::string& help) {
    return Rejection{"release-in-use", "release " + release.str() + " is " + by, help, "/release"};
  };
  for (const auto& [name, fleet] : state.fleets) {
    if (fleet.current != release) continue;
    return refused("what fleet " + name.str() + " runs", "roll another release out to it first");
  }
  for (const auto& [name, waves] : state.members) {
    if (state.rollouts.at(name).rollout.release != release) continue;
    return refused("what rollout " + name.str() + " gives", "duru rollout stop " + name.str());
  }
  for (const auto& [name, node] : state.nodes) {
    if (node.revoked) continue;
    const bool has = node.given.current == release || node.given.previous == release;
    if (!has && node.good != release) continue;
    return refused(
        std::string("what node ") + name.str() + (has ? " runs or" : "") + " goes back to",
        "roll other releases out to it first, or revoke it");
  }
  return {};
}

}  // namespace

Outcome decide_remove_release(EdgeTx& tx, const RemoveRelease& command) {
  if (tx.state().releases.count(command.release) == 0) {
    return Rejection{"not-found", "there is no release " + command.release.str(),
                     "duru get releases lists them", "/release"};
  }
  if (Rejection rejection = in_use(tx.state(), command.release); !rejection.empty()) {
    return rejection;
  }
  tx.emit(ReleaseRemoved{command.release});
  return Accepted{};
}

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
