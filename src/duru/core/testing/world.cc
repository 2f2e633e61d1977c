#include "duru/core/testing/world.h"

#include <algorithm>

namespace duru::testing {
namespace {

constexpr std::int32_t kNodes = 5;
constexpr std::size_t kCameras = 2;
constexpr std::size_t kReportsKept = 32;

NodeName camera_name(std::size_t index) { return NodeName("cam-" + std::to_string(index)); }

Site field() {
  Site site{SiteName("field"), "", "agent", {}};
  site.capabilities.pinned_services_only = true;
  return site;
}

}  // namespace

Message World::first() { return fleet(); }

Milliseconds World::step() {
  if (chance_.one_in(40)) return minutes(chance_.between(1, 90));
  if (chance_.one_in(3)) return Milliseconds(0);
  return Milliseconds(chance_.between(1, 4000));
}

Message World::next(const State& state, Timestamp now) {
  const std::size_t what = chance_.below(100);
  if (what < 18) return submission(state);
  if (what < 72) return report(state, now);
  if (what < 84) return job_verb(state);
  if (what < 92) return node_verb(state);
  if (what < 95) return service_verb(state);
  if (what < 96) return start(now);
  if (what < 98) return fleet();
  return Tick{};
}

NodeName World::node_name() {
  if (chance_.one_in(6)) return camera_name(chance_.below(kCameras));
  return NodeName("node-" + std::to_string(chance_.below(kNodes)));
}

// Mostly the same fleet; accelerators come and go, are emulated or real, and change their chip.
Message World::fleet() {
  const std::string_view kinds[] = {kH100, kH100, kA100, kAries, ""};
  DefineFleet command{chips(), {site(), field()}, {}};
  if (chance_.one_in(5)) command.chips[0].price = MicroCredits(chance_.between(0, 9'000'000));
  if (chance_.one_in(5)) command.chips[1].aliases = {"a100", "ampere"};
  for (std::int32_t i = 0; i < kNodes; ++i) {
    if (chance_.one_in(6)) continue;
    const std::string_view kind = chance_.one_in(8) ? kA100 : kinds[i];
    Node found = node("node-" + std::to_string(i), kind,
                      kind.empty() ? 0 : static_cast<std::int32_t>(chance_.between(2, 4)));
    found.cpu = MilliCpu(8000);
    for (Accelerator& accelerator : found.accelerators) accelerator.emulated = i % 2 == 0;
    command.nodes.push_back(std::move(found));
  }
  for (std::size_t i = 0; i < kCameras; ++i) {
    Node camera = node(camera_name(i).str(), kAries, 1);
    camera.site = field().name;
    command.nodes.push_back(std::move(camera));
  }
  command.is_whole = command.nodes.size() % 2 == 1;
  return command;
}

// Mostly a next revision; now and then another chip than before, an old one, an end.
Message World::service_verb(const State& state) {
  const std::size_t camera = chance_.below(kCameras);
  const WorkloadId id{make_id<JobId>(1, static_cast<std::uint32_t>(100 + camera)).str(), 0};
  if (chance_.one_in(4)) return EndService{id, seconds(chance_.between(0, 20))};
  SetService command;
  command.workload = id;
  command.spec = {"cams",
                  ProjectName("default"),
                  camera_name(camera),
                  ChipName(std::string(chance_.one_in(9) ? kA100 : kAries)),
                  MilliDevices(1000),
                  MilliCpu(500),
                  Bytes(0)};
  const WorkloadRecord* known = state.workload(id);
  const std::int64_t last = known == nullptr ? 0 : known->service->revision.number;
  command.revision.number = last + chance_.between(0, 2);
  command.revision.current = {"v" + std::to_string(command.revision.number), sha256(""), ""};
  return command;
}

Message World::start(Timestamp now) {
  return StartServer{InstallationId("abcdefgh"), "0.1.0", about(now), "boot", now};
}

Timestamp World::about(Timestamp now) {
  return chance_.one_in(20) ? Timestamp(0) : now + Milliseconds(chance_.between(-20'000, 2000));
}

void World::shape(JobSpec& spec) {
  switch (chance_.below(5)) {
    case 0:
      spec.cpu = MilliCpu(chance_.between(0, 9000));
      break;
    case 1:
    case 2:
      spec.track = chance_.one_in(3) ? Track::kNpu : Track::kGpu;
      spec.amount = MilliDevices(chance_.between(1, 3) * 1000);
      break;
    case 3:
      spec.variants = {
          {ChipName(chance_.one_in(2) ? "h100" : "aries"), MilliDevices(2000), {}, "", {}},
          {ChipName("a100"), {}, {"other"}, "", {}}};
      break;
    default:
      spec.track = Track::kGpu;
  }
  if (chance_.one_in(3)) spec.tasks = static_cast<std::int32_t>(chance_.between(0, 4));
  if (chance_.one_in(4)) spec.cpu = MilliCpu(chance_.between(1, 5) * 1000);
}

JobSpec World::spec(const State& state) {
  JobSpec spec = job("job-" + std::to_string(chance_.below(30)));
  shape(spec);
  spec.priority = static_cast<std::int32_t>(chance_.between(-1, 1));
  if (chance_.one_in(4)) spec.kind = JobKind::kSession;
  if (chance_.one_in(3)) spec.time_limit = minutes(chance_.between(1, 30));
  if (chance_.one_in(3)) spec.retries.limit = static_cast<std::int32_t>(chance_.between(0, 3));
  if (spec.retries.limit > 0 && chance_.one_in(4)) spec.retries.exit_codes = {3};
  if (chance_.one_in(3)) spec.outputs = {"model"};
  for (const auto& [id, other] : state.jobs) {
    if (!chance_.one_in(6)) continue;
    if (chance_.one_in(2) && !other.spec.outputs.empty()) {
      spec.inputs["in"] = other.spec.name + "/model";
    } else {
      spec.after.push_back(chance_.one_in(4) ? id.str() : other.spec.name);
    }
    if (spec.after.size() > 2) break;
  }
  return spec;
}

Message World::submission(const State& state) {
  SubmitJobs command;
  command.project = ProjectName(chance_.one_in(5) ? "other" : "default");
  const std::int64_t count = chance_.one_in(4) ? 3 : 1;
  for (std::int64_t i = 0; i < count; ++i) {
    JobSpec one = spec(state);
    if (i > 0 && chance_.one_in(2)) one.after = {command.jobs[0].spec.name};
    command.jobs.push_back({make_id<JobId>(1'800'000'000'000 + ids_drawn_++, 9), std::move(one)});
  }
  return command;
}

JobId World::any_job(const State& state) {
  if (state.jobs.empty() || chance_.one_in(20)) return make_id<JobId>(1, 1);
  auto at = state.jobs.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(chance_.below(state.jobs.size())));
  return at->first;
}

Message World::job_verb(const State& state) {
  const JobId id = any_job(state);
  if (chance_.one_in(200)) return EndAllWork{"all of it"};
  if (chance_.one_in(3)) return ExtendLease{id, minutes(chance_.between(-1, 20))};
  return CancelJob{id};
}

Message World::node_verb(const State& state) {
  const NodeName name = node_name();
  switch (chance_.below(9)) {
    case 0:
      return CordonNode{name, "why not"};
    case 1:
    case 2:
    case 3:
      return UncordonNode{name};
    case 4:
      return DrainNode{name, seconds(chance_.between(0, 60)), "drain"};
    case 5:
      if (chance_.one_in(3)) return RemoveNode{name};
      return NodeObserved{name, chance_.one_in(2), "seen"};
    case 6:
      return NodeObserved{name, true, "seen"};
    default: {
      const AcceleratorId id{name, static_cast<std::int32_t>(chance_.below(5))};
      return MarkAccelerator{id, !state.healthy(id) || chance_.one_in(3), "mark"};
    }
  }
}

TaskEnd World::end(const JobSpec& spec, Timestamp now) {
  TaskEnd end;
  end.ended_at = about(now);
  const std::size_t how = chance_.below(20);
  end.cause = EndCause::kExited;
  end.exit_code = how < 12 ? 0 : 3;
  if (how >= 15) end.exit_code.reset();
  if (how == 15) end.signal = 9;
  if (how == 16) end.cause = EndCause::kStopped;
  if (how == 17) end.cause = EndCause::kLost;
  if (how == 18) end.cause = EndCause::kFailedToStart;
  if (how == 19) end.cause = spec.time_limit.value > 0 ? EndCause::kTimeLimit : EndCause::kLost;
  end.detail = "how " + std::to_string(how);
  return end;
}

// Of a live attempt; or one that came before, again.
Message World::report(const State& state, Timestamp now) {
  if (!said_.empty() && chance_.one_in(6)) return chance_.pick(said_);
  std::vector<const WorkloadRecord*> live;
  for (const auto& [id, workload] : state.workloads) {
    if (workload.attempt.has_value()) live.push_back(&workload);
  }
  if (live.empty()) return Tick{};
  const WorkloadRecord& workload = *chance_.pick(live);
  const AttemptRecord& attempt = *workload.attempt;
  TaskObserved report;
  report.workload = workload.id;
  report.attempt = attempt.number;
  report.task = static_cast<std::int32_t>(chance_.below(attempt.tasks.size()));
  const TaskRunRecord& task = attempt.tasks[static_cast<std::size_t>(report.task)];
  const JobRecord* job = state.job(workload.job);
  const JobSpec spec = job == nullptr ? JobSpec() : job->spec;
  report.started_at = task.started_at.has_value() ? task.started_at : about(now);
  report.end = task.end;
  if (!report.end.has_value() && chance_.one_in(2)) report.end = end(spec, now);
  if (report.end.has_value() && !chance_.one_in(3)) report.released_at = about(now);
  const bool settled = report.released_at.has_value() && report.end->exit_code == 0;
  if (settled && !chance_.one_in(3)) {
    const OutputsPhase phases[] = {OutputsPhase::kStored, OutputsPhase::kStored,
                                   OutputsPhase::kStored, OutputsPhase::kMissing,
                                   OutputsPhase::kFailed};
    report.outputs_phase = phases[chance_.below(5)];
    if (!chance_.one_in(9)) report.outputs["model"] = {sha256(workload.id.str()), Bytes(1)};
  }
  if (chance_.one_in(50)) report.task = static_cast<std::int32_t>(chance_.between(-2, 9));
  if (chance_.one_in(50)) report.attempt += static_cast<std::int32_t>(chance_.between(-1, 1));
  if (said_.size() == kReportsKept) said_.erase(said_.begin());
  said_.push_back(report);
  return report;
}

}  // namespace duru::testing
