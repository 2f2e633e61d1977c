// Nodes that are lost, as the engine that waits for their syncs says it (NodeObserved).
//
// A lost node proves nothing: it counts again when it is heard again and serves. Silence alone is
// no failure, unless the rollout says after which time it is one (silence_fails_after); then only
// of a node that has taken up the release. One that was lost before its wave began never fails by
// silence, and is waited for like a slow one: the rollout goes on without it where success_ppm
// allows, pauses by wave_timeout, or goes on when the node is revoked.
#pragma once

#include "duru/domain/observations.h"
#include "duru/edge/tx.h"

namespace duru {

// Nothing of a node that is unknown, revoked, or known to stand like that.
void decide_node_observed(EdgeTx& tx, const NodeObserved& observed);

// The silences that became failures by now, kNodesPerDecision at a time; false when there are none.
bool fail_silent(EdgeTx& tx);

// Of a node that has failed, in words; "" where it gave none.
std::string why_failed(const FieldNodeRecord& node);

}  // namespace duru
