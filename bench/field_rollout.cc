// A rollout over a field of simulated nodes in waves of 1 %, 10 % and the rest, through to its end
// in virtual time: the real loop, module, agent engine and journal format, one thread.
//
//   bench_rollout DEVICES
//
// Prints one JSON line: {"cpu_seconds", "virtual_seconds", "proven", "outcome"}. CPU is that of the
// whole process from the rollout's start to its end, the nodes' side of it included.
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "duru/simulation/world.h"

namespace {

using namespace duru;

const FleetName kFleet("cameras");
// Nodes enrol over a minute, so that their heartbeats are spread evenly.
constexpr long kSteps = 600;

void accept(const Reply& reply) {
  if (reply.kind == Reply::Kind::kAccepted) return;
  std::fprintf(stderr, "bench_rollout: %s\n", reply.rejection.detail.c_str());
  std::exit(1);
}

ApplyField roll_out(const std::string& release, std::vector<Wave> waves) {
  ApplyField apply;
  apply.releases = {simulated_release(release)};
  Rollout rollout;
  rollout.name = RolloutName(release + "-to-all");
  rollout.fleet = kFleet;
  rollout.release = ReleaseName(release);
  rollout.waves = std::move(waves);
  rollout.success_ppm = 999'000;
  rollout.failure_ppm = 1'000;
  apply.rollouts = {rollout};
  return apply;
}

void enrol(World& world, long devices) {
  Chip chip;
  chip.name = ChipName("dx-m1");
  chip.track = Track::kNpu;
  long enrolled = 0;
  for (long step = 1; step <= kSteps; ++step) {
    for (; enrolled < devices * step / kSteps; ++enrolled) {
      char name[32];
      std::snprintf(name, sizeof name, "cam-%06ld", enrolled);
      accept(world.enrol({NodeName(name),
                          {{"fleet", "cameras"}},
                          chip,
                          1,
                          MilliCpu(4000),
                          Bytes(std::int64_t{1} << 30)}));
    }
    world.run_until(world.now() + Milliseconds(minutes(1).value / kSteps));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: bench_rollout DEVICES\n");
    return 2;
  }
  WorldOptions options;
  options.checked = false;
  World world(std::move(options));
  ApplyField first = roll_out("one", {});
  first.fleets = {{kFleet, {{"fleet", "cameras"}}, MilliCpu(1000), Bytes(1 << 20), {}, {}}};
  accept(world.submit(first));
  enrol(world, std::atol(argv[1]));
  world.run_until(world.now() + minutes(3));

  const Timestamp begun = world.now();
  const std::clock_t cpu = std::clock();
  accept(world.submit(roll_out("two", {{10'000, 0}, {100'000, 0}, {1'000'000, 0}})));
  const RolloutName name("two-to-all");
  const auto rollout = [&]() -> const RolloutRecord& { return world.field().rollouts.at(name); };
  while (rollout().outcome == RolloutOutcome::kNone) world.run_until(world.now() + seconds(10));
  const double took = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  std::int32_t proven = 0;
  for (const WaveRecord& wave : rollout().waves) proven += wave.at_end.proven;
  const bool is_completed = rollout().outcome == RolloutOutcome::kCompleted;
  std::printf("{\"cpu_seconds\":%.2f,\"virtual_seconds\":%.0f,\"proven\":%d,\"outcome\":\"%s\"}\n",
              took, static_cast<double>(since(world.now(), begun).value) / 1000, proven,
              is_completed ? "completed" : "not completed");
  return is_completed ? 0 : 1;
}
