#include "duru/server/api/bodies.h"

#include "duru/base/record_macros.h"

namespace duru {

DURU_RECORD(JobsBody, (1, items))
DURU_RECORD(ExtendBody, (1, by))
DURU_RECORD(ReasonBody, (1, reason))
DURU_RECORD(DrainBody, (1, grace), (2, reason))
DURU_RECORD(MarkBody, (1, healthy), (2, reason))

}  // namespace duru
