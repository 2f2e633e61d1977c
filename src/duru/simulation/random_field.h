// RandomField: the field of a random world: nodes, releases, rollouts, what people do with them and
// what goes wrong, drawn from the world's dice.
//
//   RandomField field(world, dice, hits, chip);
//   field.act();            // one thing
//   field.make_peace();     // links, probes and syncs are well again
//   field.unsettled();      // after long enough: what did not come to rest
#pragma once

#include <map>

#include "duru/simulation/world.h"

namespace duru {

class RandomField {
 public:
  // All outlive it. What occurred is counted in `hits`.
  RandomField(World& world, Dice& dice, std::map<std::string, std::int64_t>& hits, Chip chip);

  void act();
  void make_peace();
  std::vector<std::string> unsettled() const;

 private:
  void give(Message command);
  void enrol();
  void apply();
  Rollout draw_rollout();
  void steer();
  void revoke();
  void remove_release();
  void break_something();

  World& world_;
  Dice& dice_;
  std::map<std::string, std::int64_t>& hits_;
  const Chip chip_;
  std::vector<NodeName> nodes_;  // that ever enrolled
  std::vector<FleetName> fleets_;
  std::vector<ReleaseName> releases_;  // that are not removed
  std::int64_t made_releases_ = 0;
  std::vector<RolloutName> rollouts_;
};

}  // namespace duru
