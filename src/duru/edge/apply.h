// `duru apply`: fleets, releases and rollouts, all or none.
#pragma once

#include "duru/edge/tx.h"

namespace duru {

Outcome decide_apply(EdgeTx& tx, const ApplyField& command);

}  // namespace duru
