#include "duru/agent/records.h"

#include "duru/base/record_macros.h"

namespace duru {

using agent::CounterRecord;
using agent::Desired;
using agent::Identity;
using agent::NodeState;
using agent::Slot;
using agent::SlotName;

DURU_RECORD(Identity, (1, server), (2, request), (3, reply), (4, ca_pem))
DURU_RECORD(Desired, (1, revision), (2, heartbeat))
DURU_RECORD(Slot, (1, release), (2, ready), (3, proven), (4, starts))
DURU_ENUM(SlotName, {kNone, "none"}, {kA, "a"}, {kB, "b"})
DURU_RECORD(NodeState, (1, revision), (2, gave_up), (3, stuck), (4, failed), (5, why), (6, a),
            (7, b), (8, active), (9, run), (10, phase), (11, serving), (12, detail), (13, damaged))
DURU_RECORD(CounterRecord, (1, up), (2, inferences_before), (3, run), (4, run_inferences),
            (5, restarts), (6, boot_id), (7, at), (8, serving), (9, read_at), (10, unsettled),
            (11, joined_run))

}  // namespace duru
