// The field's part of the account: what nodes did for what their services cost.
#pragma once

#include "duru/core/ledger/usage.h"
#include "duru/server/api/backend.h"

namespace duru {

// `of_all_time`: the account has no beginning or end of its own, so that it fits to the counters.
// O(nodes of the field), in bounded steps.
std::vector<FieldUsage> field_usage(Backend& backend, const Usage& usage, bool of_all_time);

}  // namespace duru
