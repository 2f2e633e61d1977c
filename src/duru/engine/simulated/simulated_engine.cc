#include "duru/engine/simulated/simulated_engine.h"

#include <algorithm>
#include <charconv>

namespace duru {
namespace {

constexpr std::int32_t kTerm = 15;
constexpr std::int32_t kKill = 9;

bool take_number(std::string_view& text, std::int32_t& out) {
  const std::size_t dash = text.rfind('-');
  if (dash == std::string_view::npos) return false;
  const std::string_view digits = text.substr(dash + 1);
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  text = text.substr(0, dash);
  return error == std::errc() && !digits.empty() && stop == digits.data() + digits.size();
}

}  // namespace

SimulatedEngine::SimulatedEngine(SimulatedEngineOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

EngineCapabilities SimulatedEngine::capabilities() const {
  EngineCapabilities capabilities;
  capabilities.binds_devices = true;
  capabilities.logs = true;
  capabilities.adopt = true;
  return capabilities;
}

Status SimulatedEngine::start(Sink sink) {
  sink_ = std::move(sink);
  now_ = clock_.now();
  for (auto& [name, run] : runs_) report(run);
  report_nodes();
  return ok_status();
}

void SimulatedEngine::at(Timestamp t, EventKind kind, const TaskRunName& run) {
  events_.emplace(std::make_pair(t, next_order_++), Event{kind, run, {}, {}});
}

SimulatedEngine::Run* SimulatedEngine::find(const TaskRunName& name) {
  const auto it = runs_.find(name);
  return it == runs_.end() ? nullptr : &it->second;
}

SimulatedEngine::Outage* SimulatedEngine::outage_of(const Run& run) {
  const auto it = outages_.find(run.spec.allocation.node);
  return it == outages_.end() ? nullptr : &it->second;
}

// --- what the loop wants ---

void SimulatedEngine::run(const TaskRunSpec& spec) {
  now_ = clock_.now();
  launch(spec);
  if (doubled_launches_) launch(spec);
}

void SimulatedEngine::launch(const TaskRunSpec& spec) {
  if (Run* known = find(spec.name)) return report(*known);
  if (spec.term < term_) return;
  term_ = spec.term;
  Run& run = runs_[spec.name];
  run.spec = spec;
  run.program = read_task_program(spec.command);
  run.seen.workload = spec.workload;
  run.seen.attempt = spec.attempt;
  run.seen.task = spec.task;
  at(now_ + options_.start_delay, EventKind::kStart, spec.name);
}

SimulatedEngine::Run& SimulatedEngine::add_stopped_before_heard(const TaskRunName& name) {
  Run& run = runs_[name];
  run.spec.name = name;
  std::string_view rest = name.str();
  const std::string prefix = "duru-" + options_.installation.str() + "-";
  if (rest.rfind(prefix, 0) == 0) rest.remove_prefix(prefix.size());
  if (take_number(rest, run.seen.task) && take_number(rest, run.seen.attempt) &&
      take_number(rest, run.seen.workload.ordinal)) {
    run.seen.workload.owner = std::string(rest);
  }
  return run;
}

void SimulatedEngine::stop(const TaskRunName& name, Milliseconds grace) {
  now_ = clock_.now();
  Run* run = find(name);
  if (run == nullptr) run = &add_stopped_before_heard(name);
  if (Outage* outage = outage_of(*run)) {
    outage->stops.emplace(name, grace);
    return;
  }
  begin_stop(*run, grace, Ending::kStopped);
}

void SimulatedEngine::begin_stop(Run& run, Milliseconds grace, Ending why) {
  if (run.seen.end.has_value()) return report(run);
  if (!run.seen.started_at.has_value()) return end_task(run, EndCause::kStopped, {}, {}, "");
  if (run.ending != Ending::kNone) return;
  run.ending = why;
  const EndCause cause = why == Ending::kStopped ? EndCause::kStopped : EndCause::kTimeLimit;
  if (!run.program->ignores_term) return end_task(run, cause, {}, kTerm, "");
  at(now_ + grace, EventKind::kKill, run.spec.name);
}

void SimulatedEngine::forget(const TaskRunName& name) {
  Run* run = find(name);
  if (run == nullptr) return;
  if (run->seen.released_at.has_value()) {
    runs_.erase(name);
  } else {
    run->orphan = true;
  }
}

// A report of a node may have been lost too.
void SimulatedEngine::report_nodes() {
  for (const NodeName& node : told_of_) {
    const bool up = outages_.count(node) == 0;
    send(NodeObserved{node, up, up ? "" : "cut off"}, now_, now_, {});
  }
}

void SimulatedEngine::reconcile(const std::vector<TaskRunName>& desired) {
  now_ = clock_.now();
  report_nodes();
  const std::set<TaskRunName> wanted(desired.begin(), desired.end());
  for (const TaskRunName& name : runs()) {
    if (wanted.count(name) > 0) continue;
    Run& run = runs_.at(name);
    run.orphan = true;
    if (!run.seen.released_at.has_value()) {
      stop(name, run.spec.grace);
    } else {
      runs_.erase(name);
    }
  }
}

// --- what tasks do ---

void SimulatedEngine::start_task(Run& run) {
  if (run.seen.end.has_value() || run.seen.started_at.has_value()) return;
  if (!run.program.has_value()) {
    const std::string program = run.spec.command.empty() ? "" : run.spec.command[0];
    return end_task(run, EndCause::kFailedToStart, {}, {}, program + ": No such file or directory");
  }
  run.seen.started_at = now_;
  if (run.program->duration.has_value()) {
    at(now_ + *run.program->duration, EventKind::kExit, run.spec.name);
  }
  if (run.spec.time_limit.value > 0) {
    at(now_ + run.spec.time_limit, EventKind::kTimeLimit, run.spec.name);
  }
  report(run);
}

void SimulatedEngine::exit_task(Run& run) {
  if (run.seen.end.has_value()) return;
  if (run.exit_lost) return end_task(run, EndCause::kLost, {}, {}, "its exit record was lost");
  // One that ignores TERM may still end by itself within the grace.
  const EndCause cause = run.ending == Ending::kNone      ? EndCause::kExited
                         : run.ending == Ending::kStopped ? EndCause::kStopped
                                                          : EndCause::kTimeLimit;
  end_task(run, cause, run.program->exit_code, {}, "");
}

void SimulatedEngine::end_task(Run& run, EndCause cause, std::optional<std::int32_t> exit_code,
                               std::optional<std::int32_t> signal, std::string detail,
                               std::optional<Milliseconds> empty_after) {
  run.seen.end = TaskEnd{cause, exit_code, signal, now_, std::move(detail)};
  report(run);
  at(now_ + empty_after.value_or(options_.empty_delay), EventKind::kRelease, run.spec.name);
}

void SimulatedEngine::release(Run& run) {
  if (run.seen.released_at.has_value()) return;
  run.seen.released_at = now_;
  const TaskEnd& end = *run.seen.end;
  if (end.cause == EndCause::kExited && end.exit_code == 0) {
    if (run.spec.outputs.empty()) {
      run.seen.outputs_phase = OutputsPhase::kStored;
    } else {
      at(now_ + options_.store_delay, EventKind::kStore, run.spec.name);
    }
  }
  report(run);
  if (run.orphan) runs_.erase(TaskRunName(run.spec.name));
}

void SimulatedEngine::store_outputs(Run& run) {
  run.seen.outputs_phase = OutputsPhase::kStored;
  const auto& written = run.program->outputs;
  for (const std::string& name : run.spec.outputs) {
    if (std::find(written.begin(), written.end(), name) == written.end()) {
      run.seen.outputs_phase = OutputsPhase::kMissing;
      run.seen.outputs.clear();
      run.seen.detail = "output `" + name + "` was not written";
      break;
    }
    const std::string text = name + " of " + run.spec.job_name + "\n";
    run.seen.outputs[name] = {sha256(text), Bytes(static_cast<std::int64_t>(text.size()))};
  }
  report(run);
}

// --- reports ---

void SimulatedEngine::report(Run& run) {
  if (Outage* outage = outage_of(run)) {
    outage->unreported.insert(run.spec.name);
    return;
  }
  const Timestamp due = std::max(now_ + faults_.delay, run.reported_until);
  run.reported_until = due;
  send(run.seen, due, now_, run.spec.name);
}

void SimulatedEngine::send(Message report, Timestamp due, Timestamp happened_at,
                           const TaskRunName& run) {
  if (faults_.drop_next > 0) {
    --faults_.drop_next;
    return;
  }
  const Event event{EventKind::kReport, run, std::move(report), happened_at};
  events_.emplace(std::make_pair(due, next_order_++), event);
  if (faults_.doubled) events_.emplace(std::make_pair(due, next_order_++), event);
}

Timestamp SimulatedEngine::observed_through() const {
  Timestamp through = clock_.now();
  for (const auto& [key, event] : events_) {
    if (event.kind == EventKind::kReport) through = std::min(through, event.happened_at);
  }
  for (const auto& [node, outage] : outages_) through = std::min(through, outage.since);
  return through;
}

// --- time ---

std::optional<Timestamp> SimulatedEngine::next_event() const {
  if (events_.empty()) return std::nullopt;
  return events_.begin()->first.first;
}

void SimulatedEngine::advance(Timestamp until) {
  while (!events_.empty() && events_.begin()->first.first <= until) {
    now_ = events_.begin()->first.first;
    const Event event = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    handle(event);
  }
}

void SimulatedEngine::handle(const Event& event) {
  if (event.kind == EventKind::kReport) {
    if (sink_) sink_(event.report);
    return;
  }
  Run* run = find(event.run);
  if (run == nullptr) return;
  switch (event.kind) {
    case EventKind::kStart:
      if (Outage* outage = outage_of(*run)) {
        outage->held.push_back(event);
      } else {
        start_task(*run);
      }
      return;
    case EventKind::kExit:
      return exit_task(*run);
    case EventKind::kTimeLimit:
      if (!run->seen.end.has_value()) begin_stop(*run, run->spec.grace, Ending::kTimeLimit);
      return;
    case EventKind::kKill:
      if (run->seen.end.has_value()) return;
      return end_task(*run,
                      run->ending == Ending::kStopped ? EndCause::kStopped : EndCause::kTimeLimit,
                      {}, kKill, "");
    case EventKind::kRelease:
      return release(*run);
    case EventKind::kStore:
      return store_outputs(*run);
    case EventKind::kReport:
      return;
  }
}

// --- faults ---

bool SimulatedEngine::lose(const TaskRunName& name, Milliseconds proof_after) {
  now_ = clock_.now();
  Run* run = find(name);
  if (run == nullptr || run->seen.end.has_value()) return false;
  end_task(*run, EndCause::kLost, {}, {}, "its supervisor was lost", proof_after);
  return true;
}

bool SimulatedEngine::lose_exit(const TaskRunName& name) {
  Run* run = find(name);
  if (run == nullptr || run->seen.end.has_value()) return false;
  run->exit_lost = true;
  return true;
}

void SimulatedEngine::cut_off(const NodeName& node) {
  now_ = clock_.now();
  const auto [it, is_new] = outages_.try_emplace(node);
  if (!is_new) return;
  it->second.since = now_;
  told_of_.insert(node);
  send(NodeObserved{node, false, "cut off"}, now_, now_, {});
}

void SimulatedEngine::power_off(const NodeName& node) {
  cut_off(node);
  for (auto& [name, run] : runs_) {
    if (run.spec.allocation.node != node || run.seen.end.has_value()) continue;
    end_task(run, EndCause::kLost, {}, {}, "its node lost power", Milliseconds(0));
  }
}

void SimulatedEngine::bring_back(const NodeName& node) {
  now_ = clock_.now();
  const auto it = outages_.find(node);
  if (it == outages_.end()) return;
  const Outage outage = std::move(it->second);
  outages_.erase(it);
  // What its work did meanwhile is told first: that time was not the node's to idle in.
  for (const TaskRunName& name : outage.unreported) {
    if (Run* run = find(name)) report(*run);
  }
  send(NodeObserved{node, true, ""}, now_ + faults_.delay, now_, {});
  for (const auto& [name, grace] : outage.stops) {
    if (Run* run = find(name)) begin_stop(*run, grace, Ending::kStopped);
  }
  for (const Event& event : outage.held) at(now_, event.kind, event.run);
}

std::vector<TaskRunName> SimulatedEngine::runs() const {
  std::vector<TaskRunName> names;
  for (const auto& [name, run] : runs_) names.push_back(name);
  return names;
}

std::size_t SimulatedEngine::live_task_count(const WorkloadId& workload) const {
  return static_cast<std::size_t>(std::count_if(runs_.begin(), runs_.end(), [&](const auto& entry) {
    const TaskObserved& seen = entry.second.seen;
    return seen.workload == workload && seen.started_at.has_value() &&
           !seen.released_at.has_value();
  }));
}

Result<LogChunk> SimulatedEngine::read_log(const TaskRunName& name, std::int64_t offset,
                                           std::int64_t bytes_max) {
  const auto found = runs_.find(name);
  if (found == runs_.end()) {
    return Error{ErrorCode::kNotFound, "no run " + name.str(), false, false};
  }
  const Run& run = found->second;
  const std::string log = "simulated: " + run.spec.job_name + "\n";
  const auto size = static_cast<std::int64_t>(log.size());
  const std::int64_t from = std::clamp<std::int64_t>(offset, 0, size);
  LogChunk chunk;
  chunk.bytes = log.substr(static_cast<std::size_t>(from),
                           static_cast<std::size_t>(std::max<std::int64_t>(bytes_max, 0)));
  chunk.next_offset = from + static_cast<std::int64_t>(chunk.bytes.size());
  chunk.complete = run.seen.released_at.has_value() && chunk.next_offset == size;
  return chunk;
}

}  // namespace duru
