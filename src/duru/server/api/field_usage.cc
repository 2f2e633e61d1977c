#include "duru/server/api/field_usage.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace duru {
namespace {

constexpr int kMicro = 6;

using Key = std::tuple<std::string, std::string, bool>;  // fleet, chip, emulated

struct Sum {
  std::int32_t node_count = 0;
  Wide up_ms = 0;
  Wide inferences = 0;
  Wide restarts = 0;
  Wide events_dropped = 0;
  bool operator==(const Sum&) const = default;
};

std::int64_t saturated(Wide sum) {
  return static_cast<std::int64_t>(std::min<Wide>(sum, std::numeric_limits<std::int64_t>::max()));
}

void add(const FieldCounters& counters, Sum& sum) {
  sum.up_ms += counters.up.value;
  sum.inferences += counters.inferences;
  sum.restarts += counters.restarts;
  sum.events_dropped += counters.events_dropped;
}

void add_nodes(Backend& backend, std::map<Key, Sum>& sums) {
  const EdgeState& field = backend.context().edge.state();
  NodeName after;
  bool more = true;
  while (more) {
    backend.context().view.read([&](const View::Reading&) {
      const StepBudget budget;
      auto it = field.nodes.upper_bound(after);
      for (; it != field.nodes.end() && !budget.spent(); ++it) {
        const FieldNodeRecord& node = it->second;
        after = node.name;
        if (node.fleet.empty()) continue;
        Sum& sum = sums[{node.fleet.str(), node.chip.str(), node.emulated}];
        ++sum.node_count;
        add(node.reported.counters, sum);
      }
      more = it != field.nodes.end();
    });
  }
}

std::map<Key, Sum> sum_removed(Backend& backend) {
  return backend.context().view.read([&](const View::Reading&) {
    std::map<Key, Sum> sums;
    for (const auto& [name, fleet] : backend.context().edge.state().fleets) {
      for (const RemovedCounts& removed : fleet.removed) {
        add(removed.counters, sums[{name.str(), removed.chip.str(), removed.emulated}]);
      }
    }
    return sums;
  });
}

// A node that is removed between two steps would count twice or not at all: then all is read anew.
std::map<Key, Sum> sum_nodes(Backend& backend) {
  while (true) {
    const std::map<Key, Sum> removed = sum_removed(backend);
    std::map<Key, Sum> sums = removed;
    add_nodes(backend, sums);
    if (sum_removed(backend) == removed) return sums;
  }
}

// In millionths; nothing where some item has no figure.
std::optional<Wide> microjoules_of(const Usage& usage, const Key& key) {
  const auto& [fleet, chip, emulated] = key;
  std::optional<Wide> sum;
  for (const UsageItem& item : usage.items) {
    if (!item.service || item.job != fleet || item.chip != chip || item.emulated != emulated) {
      continue;
    }
    std::int64_t microjoules = 0;
    if (!item.energy_joules.has_value() ||
        !parse_decimal(*item.energy_joules, kMicro, microjoules)) {
      return std::nullopt;
    }
    sum = sum.value_or(0) + microjoules;
  }
  return sum;
}

}  // namespace

std::vector<FieldUsage> field_usage(Backend& backend, const Usage& usage, bool of_all_time) {
  std::vector<FieldUsage> out;
  for (const auto& [key, sum] : sum_nodes(backend)) {
    FieldUsage line;
    std::tie(line.fleet, line.chip, line.emulated) = key;
    line.node_count = sum.node_count;
    line.up_seconds = format_decimal(sum.up_ms, 3);
    line.inferences = saturated(sum.inferences);
    line.restarts = saturated(sum.restarts);
    line.events_dropped = saturated(sum.events_dropped);
    const std::optional<Wide> microjoules = microjoules_of(usage, key);
    if (of_all_time && microjoules.has_value() && line.inferences > 0) {
      line.joules_per_inference =
          format_decimal((*microjoules + sum.inferences / 2) / sum.inferences, kMicro);
    }
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace duru
