// FieldRun: the nodes of the field in a scenario's virtual run. It makes them enrol, lets happen to
// them what the scenario says, and compares how they and their rollouts stand.
//
//   FieldRun field(world, started_at);
//   DURU_TRY(field.enrol(scenario.field->agents));
//   if (FieldRun::happens_to_nodes(input)) DURU_TRY(field.take(input));
//   field.compare(expected_rollout);            // what differs is in differences()
#pragma once

#include "duru/scenario/scenario.h"
#include "duru/simulation/world.h"

namespace duru {

FieldTimes field_times(const ScenarioFieldTimes& times);
ApplyField apply_of(const ScenarioApply& apply);

class FieldRun {
 public:
  FieldRun(World& world, Timestamp started_at) : world_(world), started_at_(started_at) {}

  Status enrol(const std::map<std::string, ScenarioAgent>& agents);
  // `enrol`, `link`, `reboot`, `probe`, `slow`, `event`, `syncs`.
  static bool happens_to_nodes(const ScenarioInput& input);
  Status take(const ScenarioInput& input);

  void compare(const ExpectedRollout& expected);
  void compare(const ExpectedAgent& expected);
  void compare(const std::map<std::string, std::int64_t>& events);
  const std::vector<std::string>& differences() const { return differences_; }

 private:
  Result<NodeName> node(const std::string& name) const;
  void differ(const std::string& what, const std::string& wanted, const std::string& got);

  World& world_;
  const Timestamp started_at_;
  std::vector<std::string> differences_;
};

}  // namespace duru
