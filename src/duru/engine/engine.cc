#include "duru/engine/engine.h"

#include "duru/base/record_macros.h"

namespace duru {

DURU_RECORD(TaskRunSpec, (1, name), (2, workload), (3, attempt), (4, task), (5, tasks),
            (6, decided_seq), (7, term), (8, job_name), (9, allocation), (10, track),
            (11, emulated), (12, command), (13, image), (14, env), (15, files), (16, inputs),
            (17, outputs), (18, time_limit), (19, grace), (20, revision))

}  // namespace duru
