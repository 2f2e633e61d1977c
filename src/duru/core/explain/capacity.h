// What a waiting job lacks: accelerators, or cpu and memory beside them; free, or in service at
// all.
#pragma once

#include "duru/core/placement/placement.h"
#include "duru/domain/reason.h"

namespace duru {

// Whether it fits by one of these ways.
bool fits_any(const State& state, const JobSpec& spec, const RequestKey& key, CapacityView view);

// It fits on what is in service, but not on what is free of it. O(accelerators of the chips,
// nodes).
Reason capacity_reason(const State& state, const JobRecord& job, const Request& request,
                       std::int64_t jobs_ahead);

// It does not fit on what is in service, were it empty.
Reason out_of_service_reason(const State& state, const JobRecord& job, const RequestKey& key);

}  // namespace duru
