#include "duru/supervisor/run_folder.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "duru/supervisor/cgroup.h"
#include "duru/supervisor/task.h"
#include "duru/supervisor/tree.h"

extern char** environ;

namespace duru::supervisor {
namespace {

// How many scans must find nobody and be settled: a single one of /proc is not atomic.
constexpr int kCleanScans = 3;

Error conflict(const std::string& message) {
  Error error;
  error.code = ErrorCode::kConflict;
  error.message = message;
  return error;
}

Result<Fd> open_folder(const std::string& path) {
  Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return system_error("open run folder " + path, errno);
  return folder;
}

bool is_damage(const Error& error) {
  return error.code == ErrorCode::kDamaged || error.code == ErrorCode::kInvalid ||
         error.code == ErrorCode::kUnsupported;
}

// Puts the value of a read into `out`. A file that is not there yet is no error, and one that no
// reading will mend is told in `damage`.
template <class T>
Status take(Result<T> read, std::optional<T>& out, std::string* damage = nullptr) {
  if (read.ok()) {
    out = std::move(read.value());
  } else if (damage && is_damage(read.error())) {
    *damage = read.error().message;
  } else if (read.error().code != ErrorCode::kNotFound) {
    return read.error();
  }
  return ok_status();
}

std::string read_to_end(int fd) {
  std::string text;
  char part[512];
  while (true) {
    ssize_t got = ::read(fd, part, sizeof part);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(part, static_cast<std::size_t>(got));
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

// Runs the program with its stderr in `errors`, everything else at its default.
Result<pid_t> spawn(const std::string& program, const std::string& path,
                    std::optional<std::uint64_t> open_files, int errors) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, errors, 2);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(
      &attributes,
      static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID));
  std::string name = "duru-supervise", folder = path;
  std::string limit = open_files ? std::to_string(*open_files) : "";
  char* argv[] = {name.data(), folder.data(), open_files ? limit.data() : nullptr, nullptr};
  pid_t pid = 0;
  int error = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return system_error("start " + program, error);
  return pid;
}

void wait_ms(int ms) { ::poll(nullptr, 0, ms); }

}  // namespace

Result<Fd> lock_run(int folder_fd) {
  Fd lock(::openat(folder_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.valid()) return system_error("open lock", errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return conflict("the run has a living supervisor");
    return system_error("lock", errno);
  }
  return lock;
}

Result<RunFolder> RunFolder::create(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return system_error("make run folder " + path, errno);
  }
  auto folder = open_folder(path);
  if (!folder.ok()) return folder.error();
  Fd parent(::openat(folder.value().get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent.valid() || ::fsync(parent.get()) != 0) {
    return system_error("fsync the folder above " + path, errno);
  }
  return RunFolder(path, std::move(folder.value()));
}

Result<RunFolder> RunFolder::open(const std::string& path) {
  auto folder = open_folder(path);
  if (!folder.ok()) return folder.error();
  return RunFolder(path, std::move(folder.value()));
}

Status RunFolder::write_spec(const RunSpec& spec) const {
  DURU_TRY(check(spec));
  std::string text = to_record(spec).text();
  if (text.size() > kRecordBytesMax) {
    Error error;
    error.code = ErrorCode::kInvalid;
    error.message = "run spec: argv and environment are too large together";
    return error;
  }
  auto there = read_whole(fd(), "spec");
  if (there.ok()) {
    if (there.value() == text) return ok_status();
    return conflict("run " + spec.name + " has another spec already");
  }
  if (there.error().code != ErrorCode::kNotFound) return there.error();
  return write_durably(fd(), "spec", text);
}

Status RunFolder::start(const std::string& program, std::optional<std::uint64_t> open_files) const {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("pipe", errno);
  Fd errors(ends[0]), errors_end(ends[1]);
  auto pid = spawn(program, path_, open_files, errors_end.get());
  errors_end.reset();
  if (!pid.ok()) return pid.error();
  // The program goes on in a child of its own and ends here as soon as that one is on disk.
  std::string message = read_to_end(errors.get());
  int status = 0;
  while (::waitpid(pid.value(), &status, 0) < 0) {
    if (errno == EINTR) continue;
    Error error = system_error("wait for duru-supervise", errno);
    error.outcome_unknown = true;
    return error;
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return ok_status();
  Error error;
  error.message = message.empty() ? "duru-supervise ended without a word" : message;
  bool conflicted = WIFEXITED(status) && WEXITSTATUS(status) == 3;
  error.code = conflicted ? ErrorCode::kConflict : ErrorCode::kInternal;
  error.outcome_unknown = WIFSIGNALED(status);
  return error;
}

Result<RunState> RunFolder::state() const {
  RunState state;
  // Liveness first and records after: whatever a supervisor wrote before it went is then seen.
  DURU_TRY(take(read_supervisor(fd()), state.supervisor));
  if (state.supervisor) state.supervisor_alive = alive(state.supervisor->identity);
  DURU_TRY(take(read_started(fd()), state.started, &state.damage));
  DURU_TRY(take(read_exit(fd()), state.exit, &state.damage));
  DURU_TRY(take(read_released(fd()), state.released, &state.damage));
  state.stop_requested = ::faccessat(fd(), "stop", F_OK, 0) == 0;
  return state;
}

Result<RunState> RunFolder::state_despite_damage() const {
  RunState state;
  auto keep = [&state](auto read, auto& out) {
    if (read.ok()) {
      out = std::move(read.value());
    } else if (read.error().code != ErrorCode::kNotFound && state.damage.empty()) {
      state.damage = read.error().message;
    }
  };
  keep(read_supervisor(fd()), state.supervisor);
  auto lock = lock_run(fd());
  if (!lock.ok() && lock.error().code != ErrorCode::kConflict) return lock.error();
  state.supervisor_alive = !lock.ok();
  keep(read_started(fd()), state.started);
  keep(read_exit(fd()), state.exit);
  keep(read_released(fd()), state.released);
  state.stop_requested = ::faccessat(fd(), "stop", F_OK, 0) == 0;
  return state;
}

Status RunFolder::request_stop(Milliseconds grace) const {
  auto before = read_stop(fd());
  if (!before.ok() || grace < before.value().grace) {
    DURU_TRY(write_durably(fd(), "stop", to_record(StopRecord{grace}).text()));
  }
  // The supervisor watches the folder; the signal is for machines that ran out of watches.
  auto supervisor = read_supervisor(fd());
  if (supervisor.ok() && supervisor.value().identity.boot_id == boot_id()) {
    const ProcessIdentity& identity = supervisor.value().identity;
    signal_process({static_cast<pid_t>(identity.pid), identity.start_ticks}, SIGTERM);
  }
  return ok_status();
}

namespace {

// Kills and scans until the tree was seen empty often enough, or patience ends. Where the kernel
// kept the list (`in_cgroup`), once is enough.
bool end_tree(const ProcessTree& tree, bool in_cgroup, Milliseconds patience) {
  const std::int64_t until = moment_now().boottime.value + patience.value;
  int clean = 0;
  Scan before;
  for (int pause_ms = 1;; pause_ms = std::min(pause_ms * 2, 50)) {
    Scan now = tree.kill_all(Depth::kEverything);
    // Where only unrelated processes came and went, the scan says nothing either way.
    if (!now.finds_nobody()) clean = 0;
    if (in_cgroup && now.finds_nobody()) return true;
    if (settled(before, now) && ++clean == kCleanScans) return true;
    before = std::move(now);
    if (moment_now().boottime.value >= until) return false;
    wait_ms(clean > 0 ? 1 : pause_ms);
  }
}

Result<TreeProof> write_proof(int folder_fd) {
  ReleasedRecord released;
  released.at = moment_now();
  released.by_engine = true;
  DURU_TRY(write_durably(folder_fd, "released", to_record(released).text()));
  return TreeProof::kEmpty;
}

// Any record that can be read says in which boot the run was.
bool is_of_earlier_boot(const RunState& state) {
  if (state.supervisor) return state.supervisor->identity.boot_id != boot_id();
  if (state.started) return state.started->at.boot_id != boot_id();
  return state.exit && state.exit->at.boot_id != boot_id();
}

}  // namespace

Result<TreeProof> RunFolder::prove_empty_or_kill(Milliseconds patience) const {
  // Held to the end, so that no supervisor comes up behind the proof.
  auto lock = lock_run(fd());
  if (!lock.ok()) return lock.error();
  auto state_now = state();
  if (!state_now.ok()) return state_now.error();
  if (state_now.value().released) return TreeProof::kEmpty;
  // The lock is of this folder; the supervisor may have been in one that was deleted.
  if (state_now.value().supervisor_alive) return conflict("the run has a living supervisor");

  // No process is made before the supervisor's record is durable; none outlives its boot.
  const auto& supervisor = state_now.value().supervisor;
  if (supervisor) {
    if (supervisor->machine_id != machine_id()) return conflict("the run is of another machine");
    if (boot_id().empty()) return system_error("read the boot id", EIO);
    if (supervisor->identity.boot_id == boot_id()) {
      ProcessTree tree({supervisor->identity, supervisor->cgroup, marker_entry(supervisor->name),
                        supervisor->log_pipe});
      const auto& started = state_now.value().started;
      bool in_cgroup = started && started->tracking == Tracking::kCgroup;
      if (!end_tree(tree, in_cgroup, patience)) return TreeProof::kStillAlive;
      tree.remove_cgroup();
    }
  }
  return write_proof(fd());
}

Result<TreeProof> RunFolder::end_despite_damage(const std::string& name,
                                                Milliseconds patience) const {
  auto state_now = state_despite_damage();
  if (!state_now.ok()) return state_now.error();
  auto lock = lock_run(fd());
  if (!lock.ok()) return lock.error();
  const RunState& known = state_now.value();
  if (known.released) return TreeProof::kEmpty;
  if (boot_id().empty()) return system_error("read the boot id", EIO);
  if (!is_of_earlier_boot(known)) {
    TreeMarks marks{{}, plan_cgroup(name), marker_entry(name), 0};
    if (known.supervisor) {
      marks = {known.supervisor->identity, known.supervisor->cgroup, marks.marker,
               known.supervisor->log_pipe};
    }
    const ProcessTree tree(marks);
    if (!end_tree(tree, false, patience)) return TreeProof::kStillAlive;
    tree.remove_cgroup();
  }
  return write_proof(fd());
}

}  // namespace duru::supervisor
