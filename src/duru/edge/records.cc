#include "duru/edge/records.h"

#include "duru/base/record_macros.h"

namespace duru {

DURU_ENUM(FieldDue, {kNothing, "nothing"}, {kFormer, "former"}, {kCurrent, "current"})

DURU_RECORD(RemovedCounts, (1, chip), (2, emulated), (3, counters))
DURU_RECORD(FleetRecord, (1, fleet), (2, current), (3, rollout), (4, removed),
            (5, former_heartbeat), (6, former_until))
DURU_RECORD(EnrolmentRecord, (1, code), (2, labels), (3, valid_until))
DURU_RECORD(WaveCounts, (1, nodes), (2, proven), (3, failed), (4, silent))
DURU_RECORD(WaveRecord, (1, size), (2, started_at), (3, tolerated), (4, at_end), (5, may_be_empty))
DURU_RECORD(RolloutRecord, (1, rollout), (2, waves), (3, started), (4, defined_at),
            (5, waiting_since), (6, bake_until), (7, paused), (8, pause_reason), (9, outcome),
            (10, reason), (11, ended_at))
DURU_RECORD(FieldGiven, (1, revision), (2, current), (3, previous), (4, at), (5, by_rollout),
            (6, service), (7, cpu), (8, memory))
DURU_RECORD(FieldReported, (1, revision), (2, phase), (3, serving), (4, detail), (5, since),
            (6, counters), (7, counted_at), (8, last_event), (9, events_skipped), (10, said_at),
            (11, flips), (12, flapping))
DURU_RECORD(FieldSilence, (1, since), (2, detail), (3, failed))
DURU_RECORD(FieldNodeRecord, (1, name), (2, code), (3, credential), (4, service), (5, chip),
            (6, amount), (7, cpu), (8, memory), (9, labels), (10, enrolled_at), (11, revoked),
            (12, revoke_reason), (13, fleet), (14, wave), (15, given), (16, good), (17, reported),
            (18, due), (19, silence), (20, emulated))
DURU_RECORD(EdgeStateRecord, (1, fleets), (2, releases), (3, rollouts), (4, enrolments), (5, nodes))

}  // namespace duru
