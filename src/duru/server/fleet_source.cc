#include "duru/server/fleet_source.h"

#include <algorithm>

#include "duru/base/json.h"
#include "duru/base/record_macros.h"
#include "duru/device/accelerators.h"
#include "duru/device/host.h"

namespace duru {

// One entry of a fleet file.
struct FleetFileNode {
  std::string name;
  std::optional<MilliCpu> cpu;
  std::optional<Bytes> memory;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::int64_t> accelerators;
  std::int64_t count = 0;  // 0: one node of that very name
};
DURU_DECLARE_RECORD(FleetFileNode)
struct FleetFile {
  std::vector<FleetFileNode> nodes;
};
DURU_DECLARE_RECORD(FleetFile)
DURU_RECORD(FleetFileNode, (1, name), (2, cpu), (3, memory), (4, labels), (5, accelerators),
            (6, count))
DURU_RECORD(FleetFile, (1, nodes))

namespace {

constexpr const char* kSite = "here";
constexpr std::int64_t kAcceleratorsMax = 1024;  // of one node
constexpr std::int64_t kNodesMax = 100'000;

Error invalid(std::string message) {
  return Error{ErrorCode::kInvalid, std::move(message), false, false};
}

// Gives accelerators the indices that they had, and new ones the lowest that are free.
class Numbering {
 public:
  Numbering(const State& before, const NodeName& node) {
    const auto known = before.nodes.find(node);
    if (known != before.nodes.end()) known_ = known->second.node.accelerators;
    for (const Accelerator& accelerator : known_) taken_.insert(accelerator.index);
  }

  std::int32_t index_of(const Accelerator& accelerator) {
    for (Accelerator& old : known_) {
      const bool same = old.index >= 0 && old.emulated == accelerator.emulated &&
                        old.chip == accelerator.chip && old.pci_address == accelerator.pci_address;
      if (same) return std::exchange(old.index, -1);
    }
    std::int32_t next = 0;
    while (taken_.count(next) > 0) ++next;
    taken_.insert(next);
    return next;
  }

 private:
  std::vector<Accelerator> known_;
  std::set<std::int32_t> taken_;
};

Status add_emulated(const std::map<std::string, std::int64_t>& wanted, const Catalog& catalog,
                    Numbering& numbering, Node& node) {
  for (const auto& [name, count] : wanted) {
    const CatalogChip* chip = catalog.find(name);
    if (chip == nullptr) {
      return invalid("there is no chip \"" + name + "\" in the catalogue; duru get chips lists it");
    }
    if (count < 0 || count > kAcceleratorsMax) {
      return invalid(name + "=" + std::to_string(count) + ": a node holds 0 to " +
                     std::to_string(kAcceleratorsMax));
    }
    for (std::int64_t i = 0; i < count; ++i) {
      Accelerator accelerator{0, ChipName(chip->id), true, ""};
      accelerator.index = numbering.index_of(accelerator);
      node.accelerators.push_back(std::move(accelerator));
    }
  }
  std::sort(node.accelerators.begin(), node.accelerators.end(),
            [](const Accelerator& a, const Accelerator& b) { return a.index < b.index; });
  return ok_status();
}

Result<Node> this_machine(const ServerSettings& settings, const Catalog& catalog,
                          const State& before, std::vector<std::string>& problems) {
  Node node;
  node.name = NodeName(settings.node_name);
  node.site = SiteName(kSite);
  const HostFacts host = read_host_facts("/");
  node.cpu = MilliCpu(1000);
  if (host.cpu.has_value()) {
    node.cpu = host.cpu.value();
  } else {
    problems.push_back("the number of processors could not be read; counting one");
  }
  if (host.memory.has_value()) {
    node.memory = host.memory.value();
  } else {
    problems.push_back("the memory of this machine could not be read; jobs that ask for some wait");
  }
  Numbering numbering(before, node.name);
  AcceleratorSurvey survey = find_accelerators("/", catalog);
  for (std::string& problem : survey.problems) problems.push_back(std::move(problem));
  for (const FoundAccelerator& found : survey.accelerators) {
    if (found.chip.empty() || found.state != DriverState::kReady) {
      problems.push_back(found.pci_address + " " + found.vendor + " " + found.product + ": " +
                         (found.chip.empty() ? "not in the catalogue" : "its driver is not ready") +
                         "; left out");
      continue;
    }
    Accelerator accelerator{0, ChipName(found.chip), false, found.pci_address};
    accelerator.index = numbering.index_of(accelerator);
    node.accelerators.push_back(std::move(accelerator));
  }
  DURU_TRY(add_emulated(settings.emulate, catalog, numbering, node));
  return node;
}

Result<std::vector<Node>> fleet_file_nodes(const std::string& json, const Catalog& catalog,
                                           const State& before) {
  const JsonResult<FleetFile> file = from_json<FleetFile>(json);
  if (!file.ok()) {
    return invalid("the fleet file: " + file.problems[0].pointer + " " + file.problems[0].detail);
  }
  std::vector<Node> nodes;
  std::set<std::string> names;
  for (const FleetFileNode& entry : file.value.nodes) {
    const std::int64_t copies = std::max<std::int64_t>(entry.count, 1);
    if (copies > kNodesMax) return invalid("the fleet file has too many nodes");
    for (std::int64_t i = 0; i < copies; ++i) {
      Node node;
      const std::string name = entry.count == 0 ? entry.name : entry.name + "-" + std::to_string(i);
      if (!is_valid_name(name) || !names.insert(name).second) {
        return invalid("the fleet file: node name \"" + name + "\" is not usable, or stands twice");
      }
      node.name = NodeName(name);
      node.site = SiteName(kSite);
      node.emulated = true;
      node.cpu = entry.cpu.value_or(MilliCpu(1000));
      node.memory = entry.memory.value_or(Bytes(4LL << 30));
      node.labels = entry.labels;
      Numbering numbering(before, node.name);
      DURU_TRY(add_emulated(entry.accelerators, catalog, numbering, node));
      nodes.push_back(std::move(node));
    }
  }
  return nodes;
}

}  // namespace

Result<DefineFleet> find_fleet(const ServerSettings& settings, const Catalog& catalog,
                               const State& before, const EngineCapabilities& capabilities,
                               std::vector<std::string>& problems) {
  DefineFleet fleet;
  fleet.is_whole = true;
  for (const CatalogChip& chip : catalog.chips()) fleet.chips.push_back(to_chip(chip));
  fleet.sites.push_back({SiteName(kSite), "local", "local", capabilities});
  if (!settings.fleet_file_json.empty()) {
    Result<std::vector<Node>> nodes = fleet_file_nodes(settings.fleet_file_json, catalog, before);
    if (!nodes.ok()) return nodes.error();
    fleet.nodes = std::move(nodes.value());
    return fleet;
  }
  Result<Node> node = this_machine(settings, catalog, before, problems);
  if (!node.ok()) return node.error();
  fleet.nodes.push_back(std::move(node.value()));
  return fleet;
}

}  // namespace duru
