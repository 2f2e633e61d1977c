#include "duru/core/state/records.h"

#include "duru/base/record_macros.h"

namespace duru {

DURU_RECORD(UnhealthyMark, (1, index), (2, reason))
DURU_RECORD(NodeRecord, (1, node), (2, joined_at), (3, cordoned), (4, cordon_reason), (5, draining),
            (6, stop_at), (7, down), (8, down_detail), (9, unhealthy))
DURU_RECORD(TaskRunRecord, (1, allocation), (2, started_at), (3, end), (4, released_at),
            (5, detail))
DURU_RECORD(AttemptRecord, (1, number), (2, variant), (3, decided_at), (4, decided_seq), (5, term),
            (6, tasks), (7, inputs), (8, stop_cause), (9, stop_grace), (10, outcome),
            (11, ended_at), (12, detail), (13, outputs_phase), (14, outputs), (15, outputs_detail))
DURU_RECORD(ServiceRecord, (1, spec), (2, revision), (3, defined_at), (4, ending), (5, not_before))
DURU_RECORD(WorkloadRecord, (1, id), (2, job), (3, attempt_count), (4, queued_seq), (5, attempt),
            (6, service))
DURU_RECORD(JobRecord, (1, id), (2, project), (3, spec), (4, after), (5, inputs), (6, principal),
            (7, submitted_at), (8, state), (9, not_before), (10, backoff_detail),
            (11, retries_used), (12, lost_in_a_row), (13, cancel_requested), (14, lease_ends_at),
            (15, lease_extension), (16, past_attempts), (17, outputs), (18, started_at),
            (19, ended_at), (20, end_reason), (21, exit_code), (22, signal), (23, lost),
            (24, end_detail))
DURU_RECORD(StateRecord, (1, installation), (2, term), (3, last_seq), (4, now), (5, anchor),
            (6, boot_id), (7, chips), (8, sites), (9, nodes), (10, jobs), (11, workloads),
            (12, pass_ended_at))

}  // namespace duru
