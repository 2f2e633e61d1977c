// What a node says: only what is new of it becomes facts.
#pragma once

#include "duru/edge/tx.h"

namespace duru {

// Rejection: "revoked", also for a node that nobody knows.
Outcome decide_report(EdgeTx& tx, const ReportField& report);

}  // namespace duru
