// Why a job waits: one of a closed list, with the figures that make it so. Asked of the state,
// never journaled.
#pragma once

#include "duru/base/record.h"

namespace duru {

enum class ReasonCode {
  kNone,
  kDependency,
  kHeld,
  kWindow,
  kOverQuota,
  kOverBudget,
  kBehindInShare,
  kPriority,  // others that want the same accelerators go first
  kNoCapacity,
  kNoCapacityInDomain,
  kReservedFor,
  kPowerCap,
  kRateLimited,
  kSiteUnreachable,
  kNodeDraining,     // what would fit is cordoned or being drained
  kStartingBackoff,  // the last attempt failed; the next one waits
  kQuarantined,
  kInfeasible,  // after the fleet shrank
};
DURU_DECLARE_ENUM(ReasonCode)

struct Reason {
  ReasonCode code{};
  std::string detail;  // one sentence with the figures
  std::map<std::string, std::int64_t>
      figures;                     // accelerators_wanted, accelerators_free, jobs_ahead, …
  std::optional<Timestamp> until;  // when it is known
};
DURU_DECLARE_RECORD(Reason)

}  // namespace duru
