#include "duru/core/explain/holders.h"

#include <algorithm>

#include "duru/core/explain/need.h"

namespace duru {
namespace {

constexpr std::size_t kNamesMax = 3;

// When the holder gives it back at the latest.
std::optional<Timestamp> end_of(const JobRecord& job, const AttemptRecord& attempt,
                                std::int32_t task) {
  if (job.spec.kind == JobKind::kSession) {
    if (job.lease_ends_at.value == 0) return std::nullopt;
    return job.lease_ends_at;
  }
  const TaskRunRecord& run = attempt.tasks.at(static_cast<std::size_t>(task));
  if (job.spec.time_limit.value == 0 || !run.started_at.has_value()) return std::nullopt;
  return *run.started_at + job.spec.time_limit;
}

}  // namespace

Holdings holdings_of(const State& state, const std::vector<const Chip*>& chips, std::int64_t wanted,
                     std::int64_t free) {
  std::vector<std::string> names;
  std::vector<Timestamp> ends;
  for (const Chip* chip : chips) {
    const auto nodes = state.nodes_of_chip.find(chip->name);
    if (nodes == state.nodes_of_chip.end()) continue;
    for (const NodeName& node : nodes->second) {
      for (const auto& [index, holder] : state.capacity.at(node).holders) {
        const Accelerator* accelerator = state.accelerator({node, index});
        if (accelerator == nullptr || accelerator->chip != chip->name) continue;
        const WorkloadRecord& workload = state.workloads.at(holder.workload);
        const JobRecord& job = state.jobs.at(workload.job);
        if (std::find(names.begin(), names.end(), job.spec.name) == names.end()) {
          names.push_back(job.spec.name);
        }
        const auto end = end_of(job, *workload.attempt, holder.task);
        if (end.has_value() && state.schedulable(node)) ends.push_back(*end);
      }
    }
  }
  Holdings holdings;
  if (!names.empty()) holdings.names = "held by " + listed(names, kNamesMax);
  const std::int64_t missing = wanted - free;
  std::sort(ends.begin(), ends.end());
  if (missing > 0 && static_cast<std::size_t>(missing) <= ends.size()) {
    holdings.free_at_the_latest = ends[static_cast<std::size_t>(missing) - 1];
  }
  return holdings;
}

std::string host_holders(const State& state, const std::set<NodeName>& nodes) {
  std::set<WorkloadId> seen;
  std::vector<std::string> names;
  for (const NodeName& node : nodes) {
    const auto live = state.live_on_node.find(node);
    if (live == state.live_on_node.end()) continue;
    for (const WorkloadId& id : live->second) {
      const WorkloadRecord& workload = state.workloads.at(id);
      const JobRecord* job = state.job(workload.job);
      if (job != nullptr && seen.insert(id).second) names.push_back(job->spec.name);
    }
  }
  return names.empty() ? "" : "held by " + listed(names, kNamesMax);
}

}  // namespace duru
