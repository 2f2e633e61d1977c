// Observations: what an engine reports. They say how things *are* (level-triggered): a lost,
// doubled or late one changes nothing, and only one that changes the state becomes facts.
#pragma once

#include "duru/domain/job.h"
#include "duru/domain/message.h"

namespace duru {

// All that is known of one task run. Later reports of the same run hold what earlier ones held.
struct TaskObserved {
  WorkloadId workload;
  std::int32_t attempt = 0;
  std::int32_t task = 0;
  std::optional<Timestamp> started_at;
  std::optional<TaskEnd> end;
  std::optional<Timestamp> released_at;  // since when its process tree is proven empty
  OutputsPhase outputs_phase{};          // kMissing: a declared output is not there; kFailed: an
                                         // infrastructure failure
  std::map<std::string, StoredOutput> outputs;
  std::string detail;
};
DURU_DECLARE_KIND(TaskObserved)

struct NodeObserved {
  NodeName node;
  bool up = false;
  std::string detail;
};
DURU_DECLARE_KIND(NodeObserved)

// Time has passed: timers that are due (leases, backoff, drains, retention) act.
struct Tick {
  std::int32_t unused = 0;
};
DURU_DECLARE_KIND(Tick)

}  // namespace duru
