#include "duru/core/explain/explain.h"

#include <algorithm>

#include "duru/core/explain/capacity.h"
#include "duru/core/placement/placement.h"

namespace duru {
namespace {

Reason dependency_reason(const State& state, const JobRecord& job) {
  Reason reason{ReasonCode::kDependency, "waits for ", {}, {}};
  std::int64_t open = 0;
  for (const JobId& id : job.after) {
    const JobRecord* dependency = state.job(id);
    if (dependency == nullptr || dependency->state == JobState::kSucceeded) continue;
    reason.detail += (open == 0 ? "" : ", ") + dependency->spec.name;
    ++open;
  }
  reason.figures["jobs_waited_for"] = open;
  return reason;
}

// What one shape wants of the fleet, or keeps from those behind it.
struct Wanted {
  std::set<ChipName> chips;
  std::set<NodeName> hosts;

  bool meets(const Wanted& other) const {
    const auto meet = [](const auto& a, const auto& b) {
      return std::any_of(a.begin(), a.end(), [&](const auto& name) { return b.count(name) > 0; });
    };
    return meet(chips, other.chips) || meet(hosts, other.hosts);
  }
};

Wanted wanted_by(const State& state, const JobSpec& spec, const RequestKey& key) {
  Wanted wanted;
  for (const Request& request : key) {
    const auto chips = state.chips_of(request);
    if (request.needs_accelerator()) {
      for (const Chip* chip : chips) wanted.chips.insert(chip->name);
    }
    wanted.hosts.merge(hosts_wanted(state, spec, request, chips));
  }
  return wanted;
}

// As a scheduling pass keeps it (core/queue).
Wanted kept_by(const State& state, const JobSpec& spec, const RequestKey& key) {
  Wanted kept;
  for (const Request& request : key) {
    const auto chips = state.chips_of(request);
    if (first_fit(state, spec, request, chips, CapacityView::kSchedulable).empty()) continue;
    if (request.needs_accelerator()) {
      for (const Chip* chip : chips) kept.chips.insert(chip->name);
    }
    if (lacks_host(state, spec, request, chips)) {
      kept.hosts.merge(hosts_wanted(state, spec, request, chips));
    }
  }
  return kept;
}

QueuePosition position_of(const State& state, const JobRecord& job) {
  const WorkloadId id = workload_of(job.id);
  return {-std::int64_t{job.spec.priority}, state.workloads.at(id).queued_seq, id};
}

const JobRecord& job_at(const State& state, const QueuePosition& position) {
  return state.jobs.at(state.workloads.at(position.workload).job);
}

struct Ahead {
  std::int64_t count = 0;
  std::string first;
};

// O(lines), each by a search in it and a look at the nodes, and O(jobs in their backoff), who keep
// nothing from anybody.
Ahead ahead_of(const State& state, const JobRecord& job, const RequestKey& key, Timestamp now) {
  const QueuePosition mine = position_of(state, job);
  std::map<Shape, std::set<QueuePosition>> resting;
  for (auto it = state.backoffs.upper_bound({now, JobId()}); it != state.backoffs.end(); ++it) {
    const JobRecord& other = state.jobs.at(it->second);
    if (other.not_before > now) resting[shape_of(other.spec)].insert(position_of(state, other));
  }
  const Wanted wanted = wanted_by(state, job.spec, key);
  Ahead ahead;
  std::optional<QueuePosition> first;
  for (const auto& [shape, line] : state.waiting) {
    const auto& in_backoff = resting[shape];
    const bool is_behind = !(*line.begin() < mine);
    if (is_behind) continue;
    const JobSpec& other = job_at(state, *line.begin()).spec;
    if (!kept_by(state, other, shape.requests).meets(wanted)) continue;
    ahead.count += static_cast<std::int64_t>(line.places_before(mine));
    for (const QueuePosition& position : in_backoff) {
      ahead.count -= position < mine && line.count(position) > 0 ? 1 : 0;
    }
    for (auto it = line.begin(); it != line.end() && *it < mine; ++it) {
      if (in_backoff.count(*it) > 0) continue;
      if (!first.has_value() || *it < *first) first = *it;
      break;
    }
  }
  if (first.has_value()) ahead.first = job_at(state, *first).spec.name;
  return ahead;
}

Reason queue_reason(const State& state, const JobRecord& job, Timestamp now) {
  const RequestKey key = requests_of(job.spec);
  if (!fits_any(state, job.spec, key, CapacityView::kSchedulable)) {
    return out_of_service_reason(state, job, key);
  }
  const Ahead ahead = ahead_of(state, job, key, now);
  if (ahead.count > 0 && fits_any(state, job.spec, key, CapacityView::kFree)) {
    return {ReasonCode::kPriority,
            "would fit, but " + std::to_string(ahead.count) +
                (ahead.count == 1 ? " job goes" : " jobs go") + " first, beginning with " +
                ahead.first,
            {{"jobs_ahead", ahead.count}},
            {}};
  }
  return capacity_reason(state, job, key.front(), ahead.count);
}

}  // namespace

Reason explain(const State& state, const JobRecord& job, Timestamp now) {
  if (job.state != JobState::kQueued) return {};
  if (!state.dependencies_fulfilled(job)) return dependency_reason(state, job);
  if (job.not_before > now) {
    return {ReasonCode::kStartingBackoff,
            "the last attempt did not succeed" +
                (job.backoff_detail.empty() ? "" : " (" + job.backoff_detail + ")") +
                "; the next one starts at " + format_timestamp(job.not_before),
            {{"retries_used", job.retries_used}, {"lost_in_a_row", job.lost_in_a_row}},
            job.not_before};
  }
  return queue_reason(state, job, now);
}

}  // namespace duru
