// Nodes come by a one-time code and go by being revoked.
#pragma once

#include "duru/edge/tx.h"

namespace duru {

Outcome decide_make_enrolment(EdgeTx& tx, const MakeEnrolment& command);

// What is wrong with the code; empty: the node may come in with it, or did so with that credential.
// Also for who asks the view, so that guessed codes cost no decision. Rejections:
// "enrolment-invalid", "enrolment-expired", "revoked".
Rejection check_code(const EdgeState& state, const Digest& code, const Digest& credential,
                     Timestamp now);

// The node's hardware goes to the core in the same commit, as a node of the site "field", which
// takes pinned services only. Its labels are the code's.
Outcome decide_enrol(EdgeTx& tx, const EnrolNode& command);

Outcome decide_revoke(EdgeTx& tx, const RevokeNode& command);

}  // namespace duru
