// `duru apply`: fleets, releases and rollouts, all or none. `duru remove release`.
#pragma once

#include "duru/edge/tx.h"

namespace duru {

Outcome decide_apply(EdgeTx& tx, const ApplyField& command);

// Rejections: "not-found", "release-in-use". O(nodes).
Outcome decide_remove_release(EdgeTx& tx, const RemoveRelease& command);

}  // namespace duru
