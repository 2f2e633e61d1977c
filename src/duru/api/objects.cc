#include "duru/api/objects.h"

#include "duru/base/record_macros.h"

namespace duru {

DURU_RECORD(JobObject, (1, id), (2, name), (3, project), (4, kind), (5, state), (6, reason),
            (7, message), (8, figures), (9, until), (10, submitted_at), (11, started_at),
            (12, ended_at), (13, attempt_count), (14, tasks), (15, priority), (16, track),
            (17, chip), (18, emulated), (19, nodes), (20, exit_code), (21, signal), (22, lost),
            (23, lease_ends_at))
DURU_RECORD(TaskObject, (1, task), (2, name), (3, node), (4, chip), (5, accelerators),
            (6, started_at), (7, ended_at), (8, released_at), (9, cause), (10, exit_code),
            (11, signal), (12, message))
DURU_RECORD(AttemptObject, (1, job), (2, job_name), (3, project), (4, attempt), (5, chip),
            (6, emulated), (7, outcome), (8, message), (9, decided_at), (10, ended_at), (11, tasks))
DURU_RECORD(OutputObject, (1, name), (2, digest), (3, size_bytes))
DURU_RECORD(JobDetail, (1, job), (2, spec), (3, principal), (4, after), (5, outputs), (6, attempts))
DURU_RECORD(NodeObject, (1, name), (2, site), (3, state), (4, reason), (5, cpu), (6, cpu_free),
            (7, memory), (8, memory_free), (9, accelerator_count), (10, accelerator_free_count),
            (11, task_count), (12, chips), (13, emulated), (14, labels), (15, joined_at),
            (16, field), (17, stop_at))
DURU_RECORD(AcceleratorObject, (1, name), (2, node), (3, index), (4, chip), (5, track),
            (6, emulated), (7, state), (8, reason), (9, job), (10, job_id), (11, pci_address))
DURU_RECORD(ChipObject, (1, name), (2, aliases), (3, vendor), (4, origin), (5, track),
            (6, memory_bytes), (7, watts), (8, watts_kind), (9, watts_source),
            (10, price_credits_per_hour), (11, price_kind), (12, price_source),
            (13, accelerator_count), (14, emulated_count))
DURU_RECORD(SiteObject, (1, name), (2, owner), (3, engine), (4, node_count), (5, accelerator_count),
            (6, capabilities))

}  // namespace duru
