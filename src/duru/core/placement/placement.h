// Placement: where a workload's tasks go. First fit: nodes in the order of their names, lowest
// devices first, one task after the other; all tasks or none.
//
// Cost: O(nodes that have a free accelerator of the request's chips), once per call. Index:
// State::nodes_with_free.
#pragma once

#include "duru/core/state/state.h"

namespace duru {

// Which capacity is asked.
enum class CapacityView {
  kFree,         // free now on schedulable nodes
  kSchedulable,  // all that schedulable nodes have, as if nothing ran: may it ever start without a
                 // change to the fleet?
  kUncordoned,   // the same, as if no node were cordoned
  kFleet,  // all that every node has, cordoned, down or unhealthy or not: can it run here at all?
};

// The tasks of `spec` by this way to run; empty when they do not fit. With `ignore_host`, cpu and
// memory do not count.
std::vector<Allocation> first_fit(const State& state, const JobSpec& spec, const Request& request,
                                  const std::vector<const Chip*>& chips, CapacityView view,
                                  bool ignore_host = false);

// Free now, but not on the hosts in `kept`, unless the tasks take nothing of a host but
// accelerators.
std::vector<Allocation> first_fit_beside(const State& state, const JobSpec& spec,
                                         const Request& request,
                                         const std::vector<const Chip*>& chips,
                                         const std::set<NodeName>& kept);

// Whether cpu or memory is all that a task which does not fit now may lack: its accelerators are
// free, or it wants none.
bool lacks_host(const State& state, const JobSpec& spec, const Request& request,
                const std::vector<const Chip*>& chips);

// The nodes that could take one task of it by this view. O(nodes).
std::set<NodeName> nodes_for(const State& state, const JobSpec& spec, const Request& request,
                             const std::vector<const Chip*>& chips, CapacityView view);

// The hosts whose cpu and memory it competes for: those in service that could take one task of it,
// were they empty. None when its tasks take nothing of a host but accelerators. O(nodes).
std::set<NodeName> hosts_wanted(const State& state, const JobSpec& spec, const Request& request,
                                const std::vector<const Chip*>& chips);

}  // namespace duru
