// Module edge's state as the API's objects. Pure. What only the driver knows of a node, its link,
// is asked of `LinkOf`.
#pragma once

#include <functional>

#include "duru/api/objects.h"
#include "duru/edge/state.h"

namespace duru {

struct LinkText {
  std::string state;  // unknown, online, late, lost
  std::optional<Timestamp> heard_at;
};
using LinkOf = std::function<LinkText(const NodeName&)>;

// The node with what the field knows of it, if it is of the field.
NodeObject node_object(const State& core, const EdgeState& field, const NodeRecord& node,
                       const LinkOf& link_of);
// Of a node whose credential is revoked, what nobody holds is `revoked`.
AcceleratorObject accelerator_object(const State& core, const EdgeState& field,
                                     const NodeRecord& node, const Accelerator& accelerator);
FieldNodeObject field_node_object(const EdgeState& state, const FieldNodeRecord& node,
                                  const LinkOf& link_of);
// O(nodes of the fleet).
FleetObject fleet_object(const EdgeState& state, const FleetRecord& fleet);
ReleaseObject release_object(const Release& release);
RolloutObject rollout_object(const EdgeState& state, const RolloutRecord& rollout);
// O(nodes of the waves that began).
RolloutDetail rollout_detail(const EdgeState& state, const RolloutRecord& rollout,
                             const LinkOf& link_of);

}  // namespace duru
