#include "duru/domain/commit.h"

#include "duru/base/record_macros.h"

namespace duru {

DURU_RECORD(Commit, (1, first_seq), (2, term), (3, now), (4, cause_family), (5, cause), (6, facts),
            (7, principal), (8, idempotency_key), (9, request_digest), (10, answer))

}  // namespace duru
