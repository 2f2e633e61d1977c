// Services: work without an end that is pinned to one node and keeps its accelerators. Another
// module owns them and hands these commands over; capacity, reasons and the ledger see them like
// any other workload.
//
//   SetService    defines the service, or gives it another revision. What it is (its spec) stays.
//   EndService    the node is told to stop it; when its accelerators are free it is gone.
//
// An attempt holds the node's accelerators from the decision to the proven end. A revision changes
// what runs inside the attempt and decides nothing about what is held: restarts and the node's own
// return to the former release are observed. A node that is down keeps its service, because it is
// level-triggered: the node learns of it when it comes back. A cordoned one gets no new attempt.
//
// Cost: O(log services) a command; a pass is O(services without an attempt), which are those whose
// node is cordoned or has not got what they ask.
#pragma once

#include "duru/core/state/tx.h"

namespace duru {

// Rejections: "invalid-service" (no such node or chip, a site that takes jobs, another spec than
// before, a revision that does not rise), "service-ending".
Outcome decide_set_service(Tx& tx, const SetService& command);
// Ending one that is not there changes nothing.
Outcome decide_end_service(Tx& tx, const EndService& command);
// A node of the field is about to be removed: what runs there nobody can prove ended, and its
// accelerators go with it. Its services end as lost.
void end_services_of(Tx& tx, const NodeName& node);
// Begins an attempt of every service that has none and may.
void start_services(Tx& tx);

void evolve_service(State& state, const Message& fact, const FactContext& context);

// Why a service has no attempt, in words; "" when it has one.
std::string why_not_running(const State& state, const WorkloadRecord& workload);

}  // namespace duru
