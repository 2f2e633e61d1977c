#include "duru/core/testing/fleets.h"

namespace duru::testing {
namespace {

Chip chip(std::string_view name, std::string_view alias, Track track) {
  Chip chip;
  chip.name = ChipName(std::string(name));
  chip.aliases = {std::string(alias)};
  chip.vendor = "vendor of " + std::string(alias);
  chip.origin = track == Track::kNpu ? "KR" : "US";
  chip.track = track;
  chip.price_kind = FigureKind::kAssumed;
  return chip;
}

}  // namespace

std::vector<Chip> chips() {
  Chip h100 = chip(kH100, "h100", Track::kGpu);
  h100.watts = Milliwatts(350'000);
  h100.watts_kind = FigureKind::kPublished;
  h100.price = MicroCredits(2'500'000);
  Chip a100 = chip(kA100, "a100", Track::kGpu);
  a100.watts = Milliwatts(250'000);
  a100.watts_kind = FigureKind::kPublished;
  a100.price = MicroCredits(1'250'000);
  Chip aries = chip(kAries, "aries", Track::kNpu);
  aries.price = MicroCredits(1'000'000);
  return {h100, a100, aries};
}

Node node(std::string_view name, std::string_view chip_name, std::int32_t count) {
  Node node;
  node.name = NodeName(std::string(name));
  node.site = SiteName("here");
  node.cpu = MilliCpu(64'000);
  node.memory = Bytes(std::int64_t{256} << 30);
  for (std::int32_t i = 0; i < count; ++i) {
    node.accelerators.push_back({i, ChipName(std::string(chip_name)), true, ""});
  }
  node.emulated = true;
  return node;
}

Site site() { return {SiteName("here"), "nobody", "simulated", {true, true, false, false, true}}; }

JobSpec job(std::string_view name) {
  JobSpec spec;
  spec.name = std::string(name);
  spec.command = {"true"};
  return spec;
}

JobSpec gpu_job(std::string_view name, std::int64_t accelerators, std::int32_t tasks) {
  JobSpec spec = job(name);
  spec.track = Track::kGpu;
  spec.amount = MilliDevices(accelerators * 1000);
  spec.tasks = tasks;
  return spec;
}

JobSpec session(std::string_view name, Milliseconds lease) {
  JobSpec spec = job(name);
  spec.kind = JobKind::kSession;
  spec.time_limit = lease;
  return spec;
}

}  // namespace duru::testing
