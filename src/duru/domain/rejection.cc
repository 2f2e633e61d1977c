#include "duru/domain/rejection.h"

#include "duru/base/record_macros.h"

namespace duru {

DURU_RECORD(Rejection, (1, type), (2, detail), (3, help), (4, pointer))

}  // namespace duru
