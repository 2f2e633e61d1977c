#include "duru/api/field_objects.h"

#include "duru/base/record_macros.h"

namespace duru {

DURU_RECORD(FieldNodeObject, (1, fleet), (2, link), (3, release), (4, wanted), (5, revision),
            (6, phase), (7, detail), (8, since), (9, heard_at), (10, counters), (11, last_event))
DURU_RECORD(ServingCount, (1, release), (2, node_count))
DURU_RECORD(FleetObject, (1, name), (2, selector), (3, cpu), (4, memory), (5, heartbeat),
            (6, report_every), (7, release), (8, rollout), (9, node_count), (10, serving),
            (11, differing_count))
DURU_RECORD(ReleaseObject, (1, name), (2, digest), (3, signature), (4, size_bytes), (5, manifest))
DURU_RECORD(RolloutObject, (1, name), (2, fleet), (3, release), (4, state), (5, reason), (6, wave),
            (7, wave_count), (8, node_count), (9, proven_count), (10, failed_count),
            (11, bake_until), (12, defined_at), (13, ended_at))
DURU_RECORD(WaveObject, (1, wave), (2, state), (3, node_count), (4, proven_count),
            (5, failed_count), (6, needed_count), (7, failures_allowed), (8, started_at),
            (9, silent_count), (10, nodes))
DURU_RECORD(BehindObject, (1, node), (2, wave), (3, phase), (4, serving), (5, link), (6, why))
DURU_RECORD(RolloutDetail, (1, rollout), (2, spec), (3, waves), (4, behind), (5, behind_count))
DURU_RECORD(FieldUsage, (1, fleet), (2, chip), (3, emulated), (4, node_count), (5, up_seconds),
            (6, inferences), (7, restarts), (8, events_dropped), (9, joules_per_inference))

}  // namespace duru
