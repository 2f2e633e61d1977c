#include "duru/server/api/bodies.h"

#include "duru/base/record_macros.h"

namespace duru {

DURU_RECORD(JobsBody, (1, items))
DURU_RECORD(ExtendBody, (1, by))
DURU_RECORD(ReasonBody, (1, reason))
DURU_RECORD(DrainBody, (1, grace), (2, reason))
DURU_RECORD(MarkBody, (1, healthy), (2, reason))
DURU_RECORD(ReleaseBody, (1, name), (2, files), (3, command), (4, env), (5, probe), (6, chips))
DURU_RECORD(ApplyBody, (1, fleets), (2, releases), (3, rollouts))
DURU_RECORD(EnrolmentBody, (1, labels), (2, valid_for))
DURU_RECORD(RevokeBody, (1, reason), (2, remove))

}  // namespace duru
