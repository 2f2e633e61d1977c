// Nodes come by a one-time code and go by being revoked.
#pragma once

#include "duru/edge/tx.h"

namespace duru {

Outcome decide_make_enrolment(EdgeTx& tx, const MakeEnrolment& command);

// The node's hardware goes to the core in the same commit, as a node of the site "field", which
// takes pinned services only. Its labels are the code's.
Outcome decide_enrol(EdgeTx& tx, const EnrolNode& command);

Outcome decide_revoke(EdgeTx& tx, const RevokeNode& command);

}  // namespace duru
