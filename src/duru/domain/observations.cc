#include "duru/domain/observations.h"

#include "duru/base/record_macros.h"

namespace duru {

DURU_RECORD(TaskObserved, (1, workload), (2, attempt), (3, task), (4, started_at), (5, end),
            (6, released_at), (7, outputs_phase), (8, outputs), (9, detail))
DURU_RECORD(NodeObserved, (1, node), (2, up), (3, detail))
DURU_RECORD(Tick, (1, unused))

DURU_KIND(TaskObserved, kObservation, "core", 1, "task_observed")
DURU_KIND(NodeObserved, kObservation, "core", 2, "node_observed")
DURU_KIND(Tick, kObservation, "system", 3, "tick")

const std::vector<const Kind*>& observation_kinds() {
  static const std::vector<const Kind*> kinds = {&kind_of<TaskObserved>(), &kind_of<NodeObserved>(),
                                                 &kind_of<Tick>()};
  return kinds;
}

}  // namespace duru
