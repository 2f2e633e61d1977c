#include "duru/core/explain/capacity.h"

#include <algorithm>

#include "duru/core/explain/holders.h"
#include "duru/core/explain/host.h"
#include "duru/core/explain/need.h"

namespace duru {
namespace {

using Chips = std::vector<const Chip*>;

constexpr std::size_t kNodeNamesMax = 5;

std::int64_t per_task(const Request& request) { return (request.amount.value + 999) / 1000; }

struct Count {
  std::int64_t total = 0;
  std::int64_t free = 0;
  std::int64_t out_of_service = 0;  // unhealthy, or on a node that is cordoned or down
  std::int64_t unhealthy = 0;
  // The most of one chip on one node.
  std::int64_t best = 0;
  std::int64_t best_free = 0;
  std::int64_t best_healthy = 0;  // on nodes that are up
};

// Of one chip on one node.
Count count_on(const State& state, const NodeName& name, const ChipName& chip) {
  Count count;
  const NodeRecord& record = state.nodes.at(name);
  const bool in_service = state.schedulable(name);
  const auto& holders = state.capacity.at(name).holders;
  for (const Accelerator& accelerator : record.node.accelerators) {
    if (accelerator.chip != chip) continue;
    const bool healthy = state.healthy({name, accelerator.index});
    ++count.total;
    count.unhealthy += healthy ? 0 : 1;
    if (!healthy || !in_service) {
      ++count.out_of_service;
    } else if (holders.count(accelerator.index) == 0) {
      ++count.free;
    }
  }
  count.best = count.total;
  count.best_free = count.free;
  count.best_healthy = record.down ? 0 : count.total - count.unhealthy;
  return count;
}

Count count_accelerators(const State& state, const Chips& chips) {
  Count count;
  for (const Chip* chip : chips) {
    const auto names = state.nodes_of_chip.find(chip->name);
    if (names == state.nodes_of_chip.end()) continue;
    for (const NodeName& name : names->second) {
      const Count more = count_on(state, name, chip->name);
      count.total += more.total;
      count.free += more.free;
      count.out_of_service += more.out_of_service;
      count.unhealthy += more.unhealthy;
      count.best = std::max(count.best, more.best);
      count.best_free = std::max(count.best_free, more.best_free);
      count.best_healthy = std::max(count.best_healthy, more.best_healthy);
    }
  }
  return count;
}

std::string free_text(const Count& count) {
  std::string text =
      std::to_string(count.free) + " of " + std::to_string(count.total) + " are free";
  if (count.out_of_service > 0) {
    text += ", " + std::to_string(count.out_of_service) + " out of service";
  }
  return text;
}

std::map<std::string, std::int64_t> figures_of(const JobSpec& spec, const Request& request,
                                               const Count& count) {
  return {{"accelerators_wanted", per_task(request) * *spec.tasks},
          {"accelerators_free", count.free},
          {"accelerators", count.total},
          {"accelerators_out_of_service", count.out_of_service}};
}

Reason accelerator_reason(const State& state, const JobRecord& job, const Request& request,
                          std::int64_t jobs_ahead) {
  const Chips chips = state.chips_of(request);
  const Count count = count_accelerators(state, chips);
  const std::int64_t wanted = per_task(request) * *job.spec.tasks;
  Reason reason{ReasonCode::kNoCapacity, "", figures_of(job.spec, request, count), {}};
  reason.detail = "needs " + accelerators_text(job.spec, request) + "; " + free_text(count);
  const bool host_is_short = lacks_host(state, job.spec, request, chips);
  if (host_is_short) {
    const HostShortage shortage = host_shortage(state, job.spec, request, chips);
    reason.detail += ", but too little " + shortage.what + " beside them: " + shortage.text;
    reason.figures.insert(shortage.figures.begin(), shortage.figures.end());
    return reason;
  }
  if (count.free >= wanted) {
    reason.detail += ", at most " + std::to_string(count.best_free) + " on one node";
  }
  const Holdings holdings = holdings_of(state, chips, wanted, count.free);
  if (!holdings.names.empty()) reason.detail += "; " + holdings.names;
  // A bound holds for the first in line alone, and where no node must have several free at once.
  if (jobs_ahead > 0 || request.amount.value > 1000) return reason;
  reason.until = holdings.free_at_the_latest;
  if (reason.until.has_value()) {
    reason.detail += ", until " + format_timestamp(*reason.until) + " at the latest";
  }
  return reason;
}

// For a job that wants no accelerator.
Reason host_reason(const State& state, const JobRecord& job, const Request& request) {
  const HostShortage shortage = host_shortage(state, job.spec, request, {});
  return {ReasonCode::kNoCapacity,
          "needs " + host_text(job.spec) + "; " + shortage.text,
          shortage.figures,
          {}};
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
      const Chips chips = state.chips_of(request);
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

Reason infeasible_reason(const State& state, const JobRecord& job, const RequestKey& key) {
  std::string needs;
  std::int64_t total = 0;
  for (const Request& request : key) {
    needs += (needs.empty() ? "" : "; or ") + need_text(job.spec, request);
    if (!request.needs_accelerator()) continue;
    const Count count = count_accelerators(state, state.chips_of(request));
    needs += " (the fleet has " + std::to_string(count.total);
    if (per_task(request) > 1) needs += ", at most " + std::to_string(count.best) + " on one node";
    needs += ")";
    total += count.total;
  }
  return {ReasonCode::kInfeasible,
          "the fleet shrank: no node can run it any more; it needs " + needs,
          {{"accelerators", total}},
          {}};
}

// Those that would let it run are cordoned.
Reason cordoned_reason(const State& state, const JobRecord& job, const RequestKey& key) {
  std::vector<std::string> names;
  for (const auto& [name, record] : state.nodes) {
    const bool would_help =
        record.cordoned && std::any_of(key.begin(), key.end(), [&](const Request& request) {
          return nodes_for(state, job.spec, request, state.chips_of(request),
                           CapacityView::kUncordoned)
                     .count(name) > 0;
        });
    if (would_help) names.push_back(name.str());
  }
  return {ReasonCode::kNodeDraining,
          "what would fit is cordoned or being drained: " + listed(names, kNodeNamesMax) +
              "; duru uncordon NODE gives it back",
          {{"nodes_cordoned", static_cast<std::int64_t>(names.size())}},
          {}};
}

}  // namespace

bool fits_any(const State& state, const JobSpec& spec, const RequestKey& key, CapacityView view) {
  return std::any_of(key.begin(), key.end(), [&](const Request& request) {
    return !first_fit(state, spec, request, state.chips_of(request), view).empty();
  });
}

Reason capacity_reason(const State& state, const JobRecord& job, const Request& request,
                       std::int64_t jobs_ahead) {
  Reason reason = request.needs_accelerator() ? accelerator_reason(state, job, request, jobs_ahead)
                                              : host_reason(state, job, request);
  reason.figures["jobs_ahead"] = jobs_ahead;
  return reason;
}

Reason out_of_service_reason(const State& state, const JobRecord& job, const RequestKey& key) {
  if (!fits_any(state, job.spec, key, CapacityView::kFleet)) {
    return infeasible_reason(state, job, key);
  }
  if (const std::optional<Reason> reason = unreachable_reason(state, key)) return *reason;
  if (fits_any(state, job.spec, key, CapacityView::kUncordoned)) {
    return cordoned_reason(state, job, key);
  }
  const Request& request = key.front();
  if (!request.needs_accelerator()) {
    return {ReasonCode::kNoCapacity,
            "needs " + host_text(job.spec) + "; the nodes that have it are out of service",
            {},
            {}};
  }
  const Count count = count_accelerators(state, state.chips_of(request));
  Reason reason{ReasonCode::kNoCapacity, "", figures_of(job.spec, request, count), {}};
  reason.figures["accelerators_unhealthy"] = count.unhealthy;
  reason.detail = "needs " + accelerators_text(job.spec, request) + "; ";
  if (per_task(request) > 1) {
    reason.detail += "the best node has " + std::to_string(count.best_healthy) + " healthy; ";
  }
  reason.detail += free_text(count) + " (" + std::to_string(count.unhealthy) + " unhealthy)";
  return reason;
}

}  // namespace duru
