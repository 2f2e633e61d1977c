// The fleet: which sites, nodes, accelerators and chips there are, and which of them take work.
//
// Cordon keeps new work away; drain also stops what runs after a grace and requeues it; an
// accelerator marked unhealthy keeps its running work and takes none. An accelerator that was real
// and is not found at a start is not forgotten: it is marked unhealthy, and its time counts as
// failed until somebody removes the node. A node that has left the fleet is cordoned, and an
// emulated one is removed once a start finds it without work; one that is back takes work again.
#pragma once

#include "duru/core/state/tx.h"

namespace duru {

Outcome decide_define_fleet(Tx& tx, const DefineFleet& command);  // O(fleet)
Outcome decide_cordon(Tx& tx, const CordonNode& command);
Outcome decide_uncordon(Tx& tx, const UncordonNode& command);
// Stops nothing by itself: drains that are due are stopped by the lifecycle's timers.
Outcome decide_drain(Tx& tx, const DrainNode& command);
Outcome decide_remove_node(Tx& tx, const RemoveNode& command);  // refused while work runs there
Outcome decide_mark(Tx& tx, const MarkAccelerator& command);
void decide_node_observed(Tx& tx, const NodeObserved& observation);

void evolve_fleet(State& state, const Message& fact, const FactContext& context);

}  // namespace duru
