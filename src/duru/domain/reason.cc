#include "duru/domain/reason.h"

#include "duru/base/record_macros.h"

namespace duru {

DURU_ENUM(ReasonCode, {kNone, "none"}, {kDependency, "dependency"}, {kHeld, "held"},
          {kWindow, "window"}, {kOverQuota, "over_quota"}, {kOverBudget, "over_budget"},
          {kBehindInShare, "behind_in_share"}, {kPriority, "priority"},
          {kNoCapacity, "no_capacity"}, {kNoCapacityInDomain, "no_capacity_in_domain"},
          {kReservedFor, "reserved_for"}, {kPowerCap, "power_cap"}, {kRateLimited, "rate_limited"},
          {kSiteUnreachable, "site_unreachable"}, {kNodeDraining, "node_draining"},
          {kStartingBackoff, "starting_backoff"}, {kQuarantined, "quarantined"},
          {kInfeasible, "infeasible"})
DURU_RECORD(Reason, (1, code), (2, detail), (3, figures), (4, until))

}  // namespace duru
