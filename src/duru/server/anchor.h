// The anchor of the clock: now = anchor + boot-time clock.
//
// Same boot: the anchor is kept, so a jump of the wall clock changes nothing. New boot: the larger
// of the wall clock and the last commit. A wall clock more than 30 days past the last sign of life
// is not believed until a person says so.
#pragma once

#include "duru/base/clock.h"
#include "duru/base/result.h"

namespace duru {

struct AnchorInputs {
  std::string boot_id;       // now
  std::string last_boot_id;  // of the last start; "" at the first
  Timestamp last_anchor;
  Timestamp last_commit_at;  // 0 when there is none
  Timestamp alive_at;        // the last sign of life; 0 when there is none
  Timestamp wall;
  std::int64_t boottime_ms = 0;
  bool accept_clock = false;
};

Result<Timestamp> choose_anchor(const AnchorInputs& inputs);

}  // namespace duru
