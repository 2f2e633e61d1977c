// Who holds the accelerators, or the cpu and memory, that a waiting job wants, and by when enough
// accelerators are free at the latest.
#pragma once

#include "duru/core/state/state.h"

namespace duru {

struct Holdings {
  std::string names;  // "held by lab, train, eval and 3 more"; "" when nobody holds any
  // By then, by time limits and leases alone, `wanted` are free; not set when some holder has no
  // end. A bound, not a forecast: holders mostly end earlier, and a grace may come on top.
  std::optional<Timestamp> free_at_the_latest;
};

// O(accelerators of the chips).
Holdings holdings_of(const State& state, const std::vector<const Chip*>& chips, std::int64_t wanted,
                     std::int64_t free);

// "held by lab, train": whose task runs take cpu or memory of these nodes; "" when none does.
// O(task runs on them).
std::string host_holders(const State& state, const std::set<NodeName>& nodes);

}  // namespace duru
