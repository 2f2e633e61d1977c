#include "duru/server/anchor.h"

#include <algorithm>

namespace duru {

Result<Timestamp> choose_anchor(const AnchorInputs& inputs) {
  constexpr Milliseconds kJumpMax = hours(30 * 24);
  if (!inputs.last_boot_id.empty() && inputs.boot_id == inputs.last_boot_id) {
    return inputs.last_anchor;
  }
  const Timestamp last = std::max(inputs.alive_at, inputs.last_commit_at);
  if (last.value != 0 && inputs.wall > last + kJumpMax && !inputs.accept_clock) {
    return Error{ErrorCode::kInvalid,
                 "the wall clock says " + format_timestamp(inputs.wall) +
                     ", more than 30 days after the last sign of life at " +
                     format_timestamp(last) +
                     "; set the clock, or start with --accept-clock if it is right",
                 false, false};
  }
  return Timestamp(std::max(inputs.wall, last).value - inputs.boottime_ms);
}

}  // namespace duru
