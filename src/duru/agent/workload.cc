#include "duru/agent/workload.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "duru/agent/fault_point.h"
#include "duru/agent/loose_json.h"
#include "duru/supervisor/record_file.h"

namespace duru::agent {
namespace {

namespace fs = std::filesystem;
using supervisor::RunFolder;

constexpr char kDefaultPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr Milliseconds kGrace = seconds(10);
constexpr Bytes kLogCap{1 << 20};
constexpr Milliseconds kProofPatience{200};
constexpr std::size_t kPrefixDigits = 12;

std::string describe(const supervisor::ExitRecord& exit) {
  switch (exit.reason) {
    case supervisor::ExitReason::kFailedToStart:
      return "could not be started: " + exit.message;
    case supervisor::ExitReason::kStopped:
      return "was stopped";
    case supervisor::ExitReason::kTimeLimit:
    case supervisor::ExitReason::kExited:
      break;
  }
  if (exit.signal > 0) return "was ended by signal " + std::to_string(exit.signal);
  return "exited with code " + std::to_string(exit.exit_code);
}

}  // namespace

Workload::Workload(Folder runs, std::string work, const Identity& identity,
                   std::string supervise_program)
    : runs_(std::move(runs)),
      work_(std::move(work)),
      identity_(identity),
      supervise_program_(std::move(supervise_program)),
      prefix_("duru-field-" + sha256(identity.request.credential).hex().substr(0, kPrefixDigits) +
              "-") {}

Result<Workload> Workload::open(const Folder& data, const Identity& identity,
                                std::string supervise_program) {
  auto runs = Folder::create(data.path("runs"));
  if (!runs.ok()) return runs.error();
  auto work = Folder::create(data.path("work"));
  if (!work.ok()) return work.error();
  return Workload(std::move(runs.value()), work.value().path(), identity,
                  std::move(supervise_program));
}

std::vector<std::string> Workload::environment(std::int64_t run, const Manifest& manifest) const {
  std::map<std::string, std::string> variables = {{"PATH", kDefaultPath}};
  for (const char* variable : {"PATH", "HOME", "LANG", "TZ"}) {
    if (const char* value = std::getenv(variable)) variables[variable] = value;
  }
  for (const auto& [variable, value] : manifest.env) variables[variable] = value;
  variables["DURU_NODE"] = identity_.reply->node;
  variables["DURU_CHIP"] = identity_.request.chip.str();
  variables["DURU_EMULATED"] = identity_.request.emulated ? "1" : "0";
  variables["DURU_RELEASE"] = manifest.release;
  variables["DURU_WORK"] = work_;
  variables["DURU_EVENTS"] = events_path(run);
  variables["DURU_STATUS"] = status_path(run);
  std::vector<std::string> entries;
  for (const auto& [variable, value] : variables) entries.push_back(variable + "=" + value);
  return entries;
}

Status Workload::prepare(const RunFolder& folder, std::int64_t run, const std::string& slot_folder,
                         const Manifest& manifest) const {
  auto out = Folder::create(folder.path() + "/out");
  if (!out.ok()) return out.error();
  supervisor::Fd events(::openat(out.value().fd(), "events", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!events.valid()) return system_error("create " + events_path(run), errno);
  supervisor::RunSpec spec;
  spec.name = name(run);
  spec.argv = manifest.command;
  spec.environment = environment(run, manifest);
  spec.working_folder = slot_folder;
  spec.grace = kGrace;
  spec.log_cap = kLogCap;
  // What was prepared before may have been by an agent with another PATH.
  ::unlinkat(folder.fd(), "spec", 0);
  return folder.write_spec(spec);
}

Status Workload::start(std::int64_t run, const std::string& slot_folder,
                       const Manifest& manifest) const {
  auto folder = RunFolder::create(path(run));
  if (!folder.ok()) return folder.error();
  {
    // A supervisor that an agent started just before it died may be about to read the spec.
    auto lock = supervisor::lock_run(folder.value().fd());
    if (!lock.ok()) {
      if (lock.error().code == ErrorCode::kConflict) return ok_status();
      return lock.error();
    }
    auto state = folder.value().state();
    if (!state.ok()) return state.error();
    if (state.value().supervisor || state.value().released) return ok_status();
    DURU_TRY(prepare(folder.value(), run, slot_folder, manifest));
  }
  fault_point("run_prepared");
  Status started = folder.value().start(supervise_program_);
  if (!started.ok() && started.error().code != ErrorCode::kConflict) return started;
  fault_point("run_started");
  return ok_status();
}

RunView Workload::look(std::int64_t run) const {
  RunView view;
  auto folder = RunFolder::open(path(run));
  if (!folder.ok()) {
    view.known = folder.error().code == ErrorCode::kNotFound;
    return view;
  }
  view.exists = true;
  auto read = folder.value().state();
  if (!read.ok()) {
    if (read.error().retryable) return view;
    read = folder.value().state_despite_damage();
    if (!read.ok()) return view;
  }
  const supervisor::RunState& state = read.value();
  view.known = true;
  view.damage = state.damage;
  view.began = state.supervisor || state.released || !view.damage.empty();
  view.over = state.released.has_value();
  view.alive = state.supervisor_alive && !view.over;
  view.lost = view.began && !state.supervisor_alive && !view.over;
  view.stopping = state.stop_requested;
  if (state.started) {
    view.started = state.started->at;
    std::erase(view.started->boot_id, '-');
  }
  view.by_itself = state.exit && state.exit->reason != supervisor::ExitReason::kStopped;
  view.how = state.exit ? describe(*state.exit) : "was lost (a reboot, or its supervisor died)";
  return view;
}

Status Workload::stop(std::int64_t run, Milliseconds grace) const {
  auto folder = RunFolder::open(path(run));
  if (!folder.ok()) return ok_status();
  const RunView view = look(run);
  // May fail on a full disk: then it is asked again at the next turn.
  if (view.known && !view.stopping) (void)folder.value().request_stop(grace).ok();
  return prove(run);
}

Status Workload::prove(std::int64_t run) const {
  auto folder = RunFolder::open(path(run));
  if (!folder.ok()) return ok_status();
  const RunView view = look(run);
  const bool may_start_still = view.known && !view.began;
  if (!view.lost && !may_start_still) return ok_status();
  auto proof = folder.value().state().ok()
                   ? folder.value().prove_empty_or_kill(kProofPatience)
                   : folder.value().end_despite_damage(name(run), kProofPatience);
  // A supervisor that came up meanwhile is seen at the next look.
  if (proof.ok() || proof.error().code == ErrorCode::kConflict) return ok_status();
  return proof.error();
}

std::optional<std::int64_t> Workload::inferences(std::int64_t run) const {
  auto text = supervisor::read_whole(AT_FDCWD, status_path(run));
  if (!text.ok()) return std::nullopt;
  return integer_member(text.value(), "inferences");
}

std::vector<std::int64_t> Workload::runs() const {
  std::vector<std::int64_t> numbers;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(runs_.path(), error)) {
    const std::string folder = entry.path().filename();
    if (folder.rfind(prefix_, 0) != 0) continue;
    std::int64_t number = 0;
    std::from_chars(folder.data() + prefix_.size(), folder.data() + folder.size(), number);
    if (number > 0) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

void Workload::remove_before(std::int64_t run) const {
  for (std::int64_t old : runs()) {
    if (old < run && look(old).over) (void)remove_tree(path(old)).ok();
  }
}

}  // namespace duru::agent
