#include "duru/engine/local/observer.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "duru/base/wire.h"
#include "duru/supervisor/run_folder.h"

namespace duru {
namespace {

using local::Outputs;
using local::Refusal;
using local::Step;
using supervisor::RunFolder;

constexpr int kTurnMs = 250;
constexpr int kWorkers = 4;
// A supervisor's record names a moment and reaches the disk a little later: we promise no more than
// what is older than that.
constexpr Milliseconds kRecordDelay{200};
constexpr Milliseconds kRetryAfter{200};
constexpr Milliseconds kProofPatience = seconds(1);
constexpr Milliseconds kSweepEvery = hours(1);

Result<std::vector<std::string>> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error), end;
  for (; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) return system_error("read " + folder, error.value());
  return names;
}

std::string foreign_folders(const std::string& runs_folder, std::vector<std::string> names) {
  constexpr std::size_t kNamesMax = 5;
  std::sort(names.begin(), names.end());
  std::string text = runs_folder + " holds " + std::to_string(names.size()) +
                     " entries that are not of this installation; they are left alone: ";
  for (std::size_t i = 0; i < std::min(names.size(), kNamesMax); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  return text + (names.size() > kNamesMax ? ", …" : "");
}

bool prove(const Result<RunFolder>& folder) {
  if (!folder.ok()) return false;
  auto proof = folder.value().prove_empty_or_kill(kProofPatience);
  return proof.ok() && proof.value() == supervisor::TreeProof::kEmpty;
}

// Makes sure that a run which never had a supervisor will have none.
bool close_run(const std::string& path, const std::optional<Refusal>& refusal,
               std::optional<Milliseconds> stop) {
  auto folder = RunFolder::create(path);
  if (!folder.ok()) return false;
  if (refusal && !local::write_refusal(folder.value().fd(), *refusal).ok()) return false;
  if (stop && !folder.value().request_stop(*stop).ok()) return false;
  return prove(folder);
}

// The supervisor of a deleted folder ends its tree by itself, but can tell nobody: with its record
// in place again, the run is a lost one like any other.
bool restore_run(const std::string& path, const supervisor::SupervisorRecord& record) {
  auto folder = RunFolder::create(path);
  return folder.ok() &&
         supervisor::write_durably(folder.value().fd(), "supervisor", to_record(record).text())
             .ok();
}

bool forget_run(const std::string& path) {
  auto folder = RunFolder::open(path);
  if (!folder.ok()) return true;  // gone: more than forgotten
  std::error_code ignored;
  for (const char* name : {local::kWorkFolder, local::kInputsFolder, local::kOutputsFolder}) {
    std::filesystem::remove_all(path + "/" + name, ignored);
  }
  // Written last: after a crash the run is an orphan, and is forgotten once more.
  return local::write_forgotten(folder.value().fd(), supervisor::moment_now().wall).ok();
}

}  // namespace

LocalEngine::Observer::Observer(const LocalEngineOptions& options, const Clock& clock,
                                ArtifactStore& artifacts,
                                std::atomic<std::int64_t>& observed_through)
    : options_(options),
      clock_(clock),
      artifacts_(artifacts),
      observed_through_(observed_through),
      runs_folder_(options.data_folder + "/runs"),
      workers_(kWorkers) {
  if (options.alive_at.value != 0) observed_through_ = (options.alive_at - kRecordDelay).value;
}

Status LocalEngine::Observer::start(Engine::Sink sink) {
  sink_ = std::move(sink);
  DURU_TRY(adopt());
  thread_ = std::thread([this] { observe(); });
  return ok_status();
}

void LocalEngine::Observer::stop() {
  stopping_ = true;
  wakeup_.nudge();
  if (thread_.joinable()) thread_.join();
  workers_.stop();
}

void LocalEngine::Observer::post(std::function<void()> wish) {
  {
    std::lock_guard lock(mutex_);
    wishes_.push_back(std::move(wish));
  }
  wakeup_.nudge();
}

void LocalEngine::Observer::observe() {
  while (!stopping_) {
    take_wishes();
    const Timestamp began = clock_.now();
    for (auto& [name, run] : runs_) {
      if (!is_settled(run)) turn(run);
    }
    std::erase_if(runs_, [](const auto& entry) { return entry.second.forgotten; });
    const Timestamp through = began - kRecordDelay;
    observed_through_ = std::max(observed_through_.load(), through.value);
    if (began >= next_sweep_) {
      next_sweep_ = began + kSweepEvery;
      workers_.post([this] { sweep_logs(); });
    }
    wakeup_.wait(kTurnMs);
  }
}

void LocalEngine::Observer::take_wishes() {
  std::vector<std::function<void()>> wishes;
  {
    std::lock_guard lock(mutex_);
    wishes.swap(wishes_);
  }
  for (const auto& wish : wishes) wish();
}

void LocalEngine::Observer::turn(Run& run) {
  look(run);
  // Before the step: a step may forget the run.
  report(run);
  if (clock_.now() >= run.next_step_at) take_step(run);
}

void LocalEngine::Observer::look(Run& run) {
  if (run.state.released) return;  // final
  auto folder = RunFolder::open(folder_of(run.name));
  run.vanished =
      !folder.ok() && folder.error().code == ErrorCode::kNotFound && run.state.supervisor;
  if (!folder.ok()) return;
  if (run.watch < 0) run.watch = wakeup_.watch(folder.value().path());
  auto state = folder.value().state();
  // What cannot be read is unknown, and unknown is not failed.
  if (!state.ok()) return;
  // What was there once has happened, whoever deleted it.
  if (!state.value().started) state.value().started = run.state.started;
  if (!state.value().exit) state.value().exit = run.state.exit;
  run.state = std::move(state.value());
  if (run.state.lost() && !run.lost_at) run.lost_at = clock_.now();
  if (run.state.released) {
    wakeup_.unwatch(run.watch);
    run.watch = -1;
  }
}

void LocalEngine::Observer::report(Run& run) {
  run.stepped = false;
  TaskObserved seen = describe(run, clock_);
  // Nothing is said to have happened before a time up to which we said everything; and what was
  // said once stays.
  const Timestamp floor(observed_through_.load());
  const TaskObserved& before = run.reported;
  auto settle = [&](Timestamp at, const Timestamp* said) {
    return said ? *said : std::max(at, floor);
  };
  if (seen.started_at) {
    seen.started_at = settle(*seen.started_at, before.started_at ? &*before.started_at : nullptr);
  }
  if (seen.end) {
    seen.end->ended_at = settle(seen.end->ended_at, before.end ? &before.end->ended_at : nullptr);
  }
  if (seen.released_at) {
    seen.released_at =
        settle(*seen.released_at, before.released_at ? &*before.released_at : nullptr);
  }
  bool known = seen.started_at || seen.end || seen.released_at;
  bool news = known && encode(seen) != encode(before);
  if (!news && !(run.report_again && known)) return;
  run.report_again = false;
  run.reported = seen;
  sink_(Message(std::move(seen)));
}

void LocalEngine::Observer::hand_over(Run& run, std::function<After()> step) {
  run.busy = true;
  workers_.post([this, name = run.name, step = std::move(step)] {
    auto after = step();
    post([this, name, after = std::move(after)] {
      auto found = runs_.find(name);
      if (found == runs_.end()) return;
      found->second.busy = false;
      found->second.stepped = true;
      if (after) {
        after(found->second);
      } else {
        found->second.next_step_at = clock_.now() + kRetryAfter;
      }
    });
  });
}

void LocalEngine::Observer::take_step(Run& run) {
  const std::string folder = folder_of(run.name);
  switch (next_step(run)) {
    case Step::kNone:
      return;
    case Step::kLaunch:
      if (waits_for_devices(run)) return;
      return hand_over(run, [this, folder, spec = *run.launch]() -> After {
        local::LaunchOptions options{options_.supervise_program, options_.log_cap,
                                     options_.use_cgroup, options_.open_files_of_work};
        auto refusal = local::launch_run(folder, spec, options, artifacts_);
        return [refusal](Run& after) {
          if (refusal) after.refusal = refusal;
        };
      });
    case Step::kRestore:
      return hand_over(run, [folder, record = *run.state.supervisor]() -> After {
        return restore_run(folder, record) ? [](Run&) {} : After();
      });
    case Step::kStop:
      return hand_over(run, [folder, grace = *run.stop_wanted]() -> After {
        auto open = RunFolder::open(folder);
        if (!open.ok() || !open.value().request_stop(grace).ok()) return nullptr;
        return [grace](Run& after) { after.stop_sent = grace; };
      });
    case Step::kClose:
      return hand_over(run, [folder, refusal = run.refusal, stop = run.stop_wanted]() -> After {
        return close_run(folder, refusal, stop) ? [](Run&) {} : After();
      });
    case Step::kProve:
      return hand_over(run, [folder]() -> After {
        return prove(RunFolder::open(folder)) ? [](Run&) {} : After();
      });
    case Step::kStoreOutputs:
      return hand_over(run, [this, folder, spec = *run.launch]() -> After {
        Outputs outputs = local::store_outputs(folder, spec, artifacts_);
        // Without it a restarted server stores them again: the same bytes, the same digests.
        auto open = RunFolder::open(folder);
        if (open.ok()) (void)local::write_outputs(open.value().fd(), outputs).ok();
        return [outputs](Run& after) { after.outputs = outputs; };
      });
    case Step::kForget:
      return hand_over(run, [folder]() -> After {
        if (!forget_run(folder)) return nullptr;
        return [](Run& after) { after.forgotten = true; };
      });
  }
}

// Whether a run whose tree may live holds one of its devices. The loop does not know of an orphan
// whose facts were lost (an old backup, an accepted loss) and believes them free.
bool LocalEngine::Observer::waits_for_devices(const Run& run) const {
  const Allocation& wanted = run.launch->allocation;
  if (wanted.devices.empty()) return false;
  return std::any_of(runs_.begin(), runs_.end(), [&](const auto& entry) {
    const Run& other = entry.second;
    if (&other == &run || !other.launch || other.state.released) return false;
    const Allocation& held = other.launch->allocation;
    const bool may_live = other.state.supervisor || other.busy || other.stepped;
    return may_live && held.node == wanted.node &&
           std::find_first_of(held.devices.begin(), held.devices.end(), wanted.devices.begin(),
                              wanted.devices.end()) != held.devices.end();
  });
}

void LocalEngine::Observer::want_run(const TaskRunSpec& spec) {
  Run* run = find_or_adopt(spec.name);
  if (!run) return;
  run->report_again = true;
  bool exists = run->state.supervisor || run->state.released;
  if (!exists && spec.term < term_seen_) return;
  term_seen_ = std::max(term_seen_, spec.term);
  if (!run->launch) run->launch = spec;
  run->run_wanted = true;
}

void LocalEngine::Observer::want_stop(const TaskRunName& name, Milliseconds grace) {
  Run* run = find_or_adopt(name);
  if (!run) return;
  run->report_again = true;
  if (!run->stop_wanted || grace < *run->stop_wanted) run->stop_wanted = grace;
}

void LocalEngine::Observer::want_forget(const TaskRunName& name) {
  Run* run = find_or_adopt(name);
  if (run) run->forget_wanted = true;
}

void LocalEngine::Observer::reconcile(const std::vector<TaskRunName>& desired) {
  const std::set<TaskRunName> wanted(desired.begin(), desired.end());
  for (auto& [name, run] : runs_) {
    if (wanted.count(name)) continue;
    if (!run.stop_wanted) run.stop_wanted = run.launch ? run.launch->grace : seconds(10);
    run.forget_wanted = true;
  }
}

Status LocalEngine::Observer::adopt() {
  auto names = names_in(runs_folder_);
  if (!names.ok()) return names.error();
  std::vector<std::string> foreign;
  for (const std::string& name : names.value()) {
    RunIdentity identity;
    if (!parse_run_name(TaskRunName(name), options_.installation, identity)) {
      foreign.push_back(name);
      continue;
    }
    if (::access((runs_folder_ + "/" + name + "/forgotten").c_str(), F_OK) == 0) continue;
    Run* run = find_or_adopt(TaskRunName(name));
    if (run && run->launch) term_seen_ = std::max(term_seen_, run->launch->term);
  }
  if (!foreign.empty() && options_.warn) options_.warn(foreign_folders(runs_folder_, foreign));
  return ok_status();
}

// The run of this name, with what an earlier server left of it; null for a name that is none of
// this installation's.
local::Run* LocalEngine::Observer::find_or_adopt(const TaskRunName& name) {
  auto found = runs_.find(name);
  if (found != runs_.end() && !found->second.forgotten) return &found->second;
  Run run;
  run.name = name;
  if (!parse_run_name(name, options_.installation, run.identity)) return nullptr;
  auto folder = RunFolder::open(folder_of(name));
  if (folder.ok()) {
    read_own_files(run, folder.value().fd());
    auto state = folder.value().state();
    if (state.ok()) run.state = std::move(state.value());
  }
  return &(runs_[name] = std::move(run));
}

void LocalEngine::Observer::read_own_files(Run& run, int folder_fd) {
  // One that cannot be read is as good as absent: the loop says again what it wants, and outputs
  // are stored again.
  auto launch = local::read_launch(folder_fd);
  if (launch.ok()) run.launch = std::move(launch.value());
  auto refusal = local::read_refusal(folder_fd);
  if (refusal.ok()) run.refusal = std::move(refusal.value());
  auto outputs = local::read_outputs(folder_fd);
  if (outputs.ok()) run.outputs = std::move(outputs.value());
}

void LocalEngine::Observer::sweep_logs() {
  const Timestamp before = supervisor::moment_now().wall - options_.log_retention;
  auto names = names_in(runs_folder_);
  if (!names.ok()) return;
  for (const std::string& name : names.value()) {
    auto folder = RunFolder::open(runs_folder_ + "/" + name);
    if (!folder.ok()) continue;
    auto forgotten = local::read_forgotten(folder.value().fd());
    std::error_code ignored;
    if (forgotten.ok() && forgotten.value() < before) {
      std::filesystem::remove_all(folder.value().path(), ignored);
    }
  }
}

}  // namespace duru
