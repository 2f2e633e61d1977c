#include "duru/core/explain/explain.h"

#include <algorithm>

#include "duru/core/explain/holders.h"
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

std::string chip_text(const Request& request) {
  if (!request.chip.empty()) return request.chip.str();
  return request.track == Track::kGpu ? "a gpu chip" : "an npu chip";
}

struct Count {
  std::int64_t total = 0;
  std::int64_t free = 0;
  std::int64_t out_of_service = 0;  // unhealthy, or on a node that is cordoned or down
  std::int64_t unhealthy = 0;
};

Count count_accelerators(const State& state, const std::vector<const Chip*>& chips) {
  Count count;
  for (const Chip* chip : chips) {
    const auto names = state.nodes_of_chip.find(chip->name);
    if (names == state.nodes_of_chip.end()) continue;
    for (const NodeName& name : names->second) {
      const auto& holders = state.capacity.at(name).holders;
      for (const Accelerator& accelerator : state.nodes.at(name).node.accelerators) {
        if (accelerator.chip != chip->name) continue;
        const bool healthy = state.healthy({name, accelerator.index});
        ++count.total;
        count.unhealthy += healthy ? 0 : 1;
        if (!healthy || !state.schedulable(name)) {
          ++count.out_of_service;
        } else if (holders.count(accelerator.index) == 0) {
          ++count.free;
        }
      }
    }
  }
  return count;
}

// The cpu that is free on schedulable nodes, for jobs that want no accelerator.
Reason host_reason(const State& state, const JobRecord& job) {
  std::int64_t free = 0;
  std::int64_t total = 0;
  for (const auto& [name, record] : state.nodes) {
    if (!state.schedulable(name)) continue;
    free += std::max<std::int64_t>(state.capacity.at(name).cpu_free.value, 0);
    total += record.node.cpu.value;
  }
  const std::int64_t wanted = job.spec.cpu->value * *job.spec.tasks;
  return {ReasonCode::kNoCapacity,
          "needs " + format_decimal(wanted, 3) + " cpu and " +
              std::to_string((job.spec.memory.value * *job.spec.tasks) >> 20) + " MiB; " +
              format_decimal(free, 3) + " of " + format_decimal(total, 3) + " cpu are free",
          {{"cpu_millis_wanted", wanted}, {"cpu_millis_free", free}, {"cpu_millis", total}},
          {}};
}

Reason capacity_reason(const State& state, const JobRecord& job, const Request& request,
                       std::int64_t jobs_ahead) {
  const auto chips = state.chips_of(request);
  const Count count = count_accelerators(state, chips);
  const std::int64_t wanted = (request.amount.value + 999) / 1000 * *job.spec.tasks;
  const bool host_is_short = lacks_host(state, job.spec, request, chips);
  std::string detail = "needs " + std::to_string(wanted) + " × " + chip_text(request) + "; " +
                       std::to_string(count.free) + " of " + std::to_string(count.total) +
                       " are free";
  if (count.out_of_service > 0) {
    detail += ", " + std::to_string(count.out_of_service) + " out of service";
  }
  if (host_is_short) {
    detail +=
        ", but too little cpu or memory beside them: " + format_decimal(job.spec.cpu->value, 3) +
        " cpu and " + std::to_string(job.spec.memory.value >> 20) + " MiB are needed per task";
  }
  const Holdings holdings = holdings_of(state, chips, wanted, count.free);
  if (!holdings.names.empty()) detail += "; " + holdings.names;
  // A bound holds for the first in line alone, and where no node must have several free at once.
  std::optional<Timestamp> until;
  if (jobs_ahead == 0 && !host_is_short && request.amount.value <= 1000) {
    until = holdings.free_at_the_latest;
  }
  if (until.has_value()) detail += ", until " + format_timestamp(*until) + " at the latest";
  return {ReasonCode::kNoCapacity,
          std::move(detail),
          {{"accelerators_wanted", wanted},
           {"accelerators_free", count.free},
           {"accelerators", count.total},
           {"accelerators_out_of_service", count.out_of_service}},
          until};
}

// What would do is at a site none of whose nodes answers.
std::optional<Reason> unreachable_reason(const State& state, const RequestKey& key) {
  std::map<SiteName, std::int64_t> node_count;
  std::set<SiteName> with_a_node_up;
  for (const auto& [name, record] : state.nodes) {
    ++node_count[record.node.site];
    if (!record.down) with_a_node_up.insert(record.node.site);
  }
  const auto is_wanted = [&](const NodeName& name) {
    return std::any_of(key.begin(), key.end(), [&](const Request& request) {
      if (!request.needs_accelerator()) return true;
      const auto chips = state.chips_of(request);
      return std::any_of(chips.begin(), chips.end(), [&](const Chip* chip) {
        const auto names = state.nodes_of_chip.find(chip->name);
        return names != state.nodes_of_chip.end() && names->second.count(name) > 0;
      });
    });
  };
  for (const auto& [name, record] : state.nodes) {
    const SiteName& site = record.node.site;
    if (with_a_node_up.count(site) > 0 || !is_wanted(name)) continue;
    const std::string why = record.down_detail.empty() ? "" : " (" + record.down_detail + ")";
    return Reason{ReasonCode::kSiteUnreachable,
                  "site " + site.str() + " is unreachable: none of its " +
                      std::to_string(node_count[site]) + " nodes answers" + why,
                  {{"nodes_down", node_count[site]}},
                  {}};
  }
  return std::nullopt;
}

// It does not fit on what is in service, were it empty.
Reason out_of_service_reason(const State& state, const JobRecord& job, const RequestKey& key) {
  bool fits_fleet = false;
  Count count;
  for (const Request& request : key) {
    const auto chips = state.chips_of(request);
    const Count more = count_accelerators(state, chips);
    count.total += more.total;
    count.unhealthy += more.unhealthy;
    count.out_of_service += more.out_of_service;
    fits_fleet |= !first_fit(state, job.spec, request, chips, CapacityView::kFleet).empty();
  }
  std::int64_t cordoned = 0;
  std::string names;
  for (const auto& [name, record] : state.nodes) {
    if (!record.cordoned) continue;
    if (++cordoned <= 5) names += (names.empty() ? "" : ", ") + name.str();
  }
  if (!fits_fleet) {
    return {ReasonCode::kInfeasible,
            "the fleet shrank: no node can run it any more; cancel it, or bring capacity back",
            {{"accelerators", count.total}},
            {}};
  }
  if (const std::optional<Reason> reason = unreachable_reason(state, key)) return *reason;
  if (cordoned > 0) {
    return {ReasonCode::kNodeDraining,
            "what would fit is cordoned or being drained: " + names +
                "; duru uncordon NODE gives it back",
            {{"nodes_cordoned", cordoned}},
            {}};
  }
  return {ReasonCode::kNoCapacity,
          std::to_string(count.out_of_service) + " of " + std::to_string(count.total) +
              " accelerators that would do are out of service (" + std::to_string(count.unhealthy) +
              " unhealthy)",
          {{"accelerators", count.total},
           {"accelerators_free", 0},
           {"accelerators_out_of_service", count.out_of_service},
           {"accelerators_unhealthy", count.unhealthy}},
          {}};
}

bool fits_any(const State& state, const JobSpec& spec, const RequestKey& key, CapacityView view) {
  return std::any_of(key.begin(), key.end(), [&](const Request& request) {
    return !first_fit(state, spec, request, state.chips_of(request), view).empty();
  });
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
  Reason reason = key.front().needs_accelerator()
                      ? capacity_reason(state, job, key.front(), ahead.count)
                      : host_reason(state, job);
  reason.figures["jobs_ahead"] = ahead.count;
  return reason;
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
