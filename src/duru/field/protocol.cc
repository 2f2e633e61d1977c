#include "duru/field/protocol.h"

#include "duru/base/record_macros.h"

namespace duru {

DURU_RECORD(EnrolRequest, (1, code), (2, node), (3, credential), (4, chip), (5, accelerators),
            (6, emulated), (7, cpu), (8, memory), (9, agent_version))
DURU_RECORD(EnrolReply, (1, node), (2, installation), (3, release_key), (4, heartbeat))
DURU_RECORD(EventReport, (1, number), (2, body), (3, age), (4, server_time), (5, uncertainty),
            (6, dropped_before))
DURU_RECORD(SyncRequest, (1, boot_id), (2, uptime), (3, revision), (4, phase), (5, serving),
            (6, detail), (7, counters), (8, events), (9, ephemeral), (10, goodbye),
            (11, agent_version), (12, counts_anew))
DURU_RECORD(SyncReply, (1, server_time), (2, revision), (3, events_through), (4, heartbeat),
            (5, leave), (6, counters))

}  // namespace duru
