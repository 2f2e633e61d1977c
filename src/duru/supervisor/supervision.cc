#include "duru/supervisor/supervision.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <limits>

#include "duru/supervisor/run_folder.h"

namespace duru::supervisor {
namespace {

constexpr Milliseconds kNever{std::numeric_limits<std::int64_t>::max()};
// A poll does not count the time that a machine sleeps; a turn each second notices it.
constexpr int kTurnMs = 1000;
constexpr int kLeftoverTurnMs = 50;
constexpr int kDiskRetryMs = 200;
constexpr int kKillPauseMaxMs = 200;
constexpr int kKillBurstMs = 20;
constexpr int kKillerNice = -10;

Milliseconds boottime_now() { return moment_now().boottime; }

Milliseconds later(Milliseconds start, Milliseconds span) {
  return span.value > kNever.value - start.value ? kNever : start + span;
}

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  // HUP and INT are caught only to be passed over: a closing terminal is no reason to stop work.
  for (int number : {SIGTERM, SIGCHLD, SIGHUP, SIGINT, SIGPIPE}) sigaddset(&set, number);
  return set;
}

Status refuse_if_supervised(int folder) {
  for (const char* name : {"supervisor", "released"}) {
    if (::faccessat(folder, name, F_OK, 0) != 0) continue;
    Error error;
    error.code = ErrorCode::kConflict;
    error.message = std::string("the run had a supervisor before: `") + name + "` is there";
    return error;
  }
  return ok_status();
}

}  // namespace

Result<std::unique_ptr<Supervision>> Supervision::prepare(const std::string& path) {
  Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return system_error("open run folder " + path, errno);
  auto lock = lock_run(folder.get());
  if (!lock.ok()) return lock.error();
  DURU_TRY(refuse_if_supervised(folder.get()));
  auto spec = read_spec(folder.get());
  if (!spec.ok()) return spec.error();

  sigset_t set = watched_signals();
  ::sigprocmask(SIG_SETMASK, &set, nullptr);
  Fd signals(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!signals.valid()) return system_error("signalfd", errno);
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return system_error("become subreaper", errno);
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return system_error("pipe", errno);
  Fd log_read(pipe[0]), log_write(pipe[1]);
  ::fcntl(log_read.get(), F_SETFL, O_NONBLOCK);
  struct stat pipe_status {};
  if (::fstat(log_read.get(), &pipe_status) != 0) return system_error("stat of the pipe", errno);
  Fd log(::openat(folder.get(), "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!log.valid()) return system_error("create log", errno);

  SupervisorRecord record;
  record.name = spec.value().name;
  record.identity = identity_of_self();
  if (record.identity.boot_id.empty() || record.identity.start_ticks == 0) {
    return system_error("read /proc (is it mounted?)", EIO);
  }
  record.machine_id = machine_id();
  record.cgroup = spec.value().use_cgroup ? plan_cgroup(spec.value().name) : "";
  record.log_pipe = static_cast<std::int64_t>(pipe_status.st_ino);

  std::unique_ptr<Supervision> self(new Supervision(
      ProcessTree({record.identity, record.cgroup, marker_entry(record.name), record.log_pipe})));
  self->watch_ = Fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (self->watch_.valid()) {
    std::string here = "/proc/self/fd/" + std::to_string(folder.get());
    ::inotify_add_watch(self->watch_.get(), here.c_str(), IN_MOVED_TO | IN_CREATE | IN_DELETE);
  }
  DURU_TRY(write_durably(folder.get(), "supervisor", to_record(record).text()));
  self->folder_ = std::move(folder);
  self->lock_ = std::move(lock.value());
  self->signals_ = std::move(signals);
  self->log_read_ = std::move(log_read);
  self->log_write_ = std::move(log_write);
  self->spec_ = std::move(spec.value());
  self->log_ = LogSink(std::move(log), self->spec_.log_cap);
  self->limit_at_ = kNever;
  self->kill_at_ = kNever;
  return self;
}

void Supervision::run() {
  drain_signals();
  obey_stop();
  if (ended_) {
    log_write_.reset();
  } else {
    launch();
  }
  while (true) {
    reap();
    look_after_folder();
    obey_stop();
    obey_deadlines();
    if (ended_ && tree_is_empty()) break;
    flush_outbox();
    wait();
  }
  if (log_read_.valid()) log_.pump(log_read_.get());
  log_.finish();
  tree_.remove_cgroup();
  ReleasedRecord released;
  released.at = moment_now();
  released.log_dropped_bytes = log_.dropped().value;
  outbox_.push_back({"released", to_record(released).text()});
  while (true) {
    look_after_folder();
    flush_outbox();
    if (outbox_.empty()) return;
    wait();
  }
}

void Supervision::launch() {
  auto task = HaltedTask::fork(spec_, log_write_.get());
  log_write_.reset();
  if (!task.ok()) return fail_to_start({EAGAIN, task.error().message});
  task_ = std::move(task.value());
  no_children_ = false;
  started_.task_pid = task_->pid();
  auto stat = read_stat(task_->pid());
  if (stat.ok()) started_.task_start_ticks = stat.value().start_ticks;
  enter_cgroup(started_);
  if (ended_) return;  // the child dies with task_'s end of the pipe
  started_.at = moment_now();
  if (spec_.time_limit.value > 0) limit_at_ = later(started_.at.boottime, spec_.time_limit);
  task_->release();
}

void Supervision::enter_cgroup(StartedRecord& started) {
  auto wanted = [](std::int64_t limit) {
    return limit > 0 ? LimitState::kNotEnforced : LimitState::kNone;
  };
  started.memory = wanted(spec_.memory_limit.value);
  started.cpu = wanted(spec_.cpu_limit.value);
  TreeMarks marks = tree_.marks();
  if (marks.cgroup.empty()) return;
  auto group = Cgroup::create(marks.cgroup);
  if (group.ok() && group.value().add(task_->pid()).ok()) {
    started.tracking = Tracking::kCgroup;
    if (spec_.memory_limit.value > 0 && group.value().limit_memory(spec_.memory_limit)) {
      started.memory = LimitState::kEnforced;
    }
    if (spec_.cpu_limit.value > 0 && group.value().limit_cpu(spec_.cpu_limit)) {
      started.cpu = LimitState::kEnforced;
    }
    return;
  }
  if (group.ok()) group.value().remove();
  // Not ours to wait for or to kill: a group of this name with processes is an earlier tree's.
  marks.cgroup.clear();
  tree_ = ProcessTree(marks);
  if (!group.ok() && group.error().code == ErrorCode::kConflict) {
    task_.reset();
    fail_to_start({EEXIST, "an earlier process tree of this run lives: " + group.error().message});
  }
}

void Supervision::fail_to_start(const StartFailure& failure) {
  ended_ = true;
  start_decided_ = true;
  limit_at_ = kNever;
  ExitRecord exit;
  exit.reason = ExitReason::kFailedToStart;
  exit.error_number = failure.error_number;
  exit.message = failure.message;
  exit.at = moment_now();
  outbox_.push_back({"exit", to_record(exit).text()});
}

void Supervision::decide_start() {
  if (start_decided_ || !task_) return;
  auto failure = task_->take_start_failure(spec_);
  if (failure) return fail_to_start(*failure);
  start_decided_ = true;
  outbox_.push_back({"started", to_record(started_).text()});
}

void Supervision::wait() {
  std::array<pollfd, 4> fds{};
  nfds_t count = 0;
  auto add = [&](int fd) {
    if (fd < 0) return;
    fds[count].fd = fd;
    fds[count++].events = POLLIN;
  };
  add(signals_.get());
  add(watch_.get());
  add(log_read_.get());
  int failure_fd = task_ && !start_decided_ ? task_->failure_fd() : -1;
  add(failure_fd);
  ::poll(fds.data(), count, wait_ms());
  for (nfds_t i = 0; i < count; ++i) {
    if (fds[i].revents == 0) continue;
    if (fds[i].fd == failure_fd) decide_start();
    if (fds[i].fd == log_read_.get() && !log_.pump(log_read_.get())) log_read_.reset();
  }
  drain_signals();
  std::array<char, 4096> events;
  while (watch_.valid() && ::read(watch_.get(), events.data(), events.size()) > 0) continue;
}

int Supervision::wait_ms() const {
  Milliseconds turn(ended_ ? kLeftoverTurnMs : kTurnMs);
  Milliseconds now = boottime_now();
  if (!outbox_.empty()) turn = std::min(turn, Milliseconds(disk_refuses_ ? kDiskRetryMs : 0));
  bool overdue = now >= kill_at_;
  if (overdue) turn = std::min(turn, Milliseconds(kill_pause_ms_));
  for (Milliseconds at : {limit_at_, kill_at_}) {
    if (at > now && at != kNever) turn = std::min(turn, at - now);
  }
  return static_cast<int>(turn.value);
}

void Supervision::drain_signals() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGTERM) term_received_ = true;
  }
}

void Supervision::reap() {
  while (true) {
    int status = 0;
    pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid < 0 && errno == EINTR) continue;
    no_children_ = pid < 0 && errno == ECHILD;
    if (pid <= 0) return;
    if (pid == static_cast<pid_t>(started_.task_pid)) {
      decide_start();
      if (!ended_) task_ended(status);
    }
  }
}

void Supervision::task_ended(int status) {
  ended_ = true;
  limit_at_ = kNever;
  ExitRecord exit;
  exit.reason = end_reason_.value_or(ExitReason::kExited);
  if (WIFEXITED(status)) exit.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) exit.signal = WTERMSIG(status);
  exit.out_of_memory =
      started_.memory == LimitState::kEnforced && Cgroup(tree_.marks().cgroup).ran_out_of_memory();
  exit.at = moment_now();
  outbox_.push_back({"exit", to_record(exit).text()});
}

// A `stop` file, or a TERM without one. Graces only ever shorten: each turn may look again.
void Supervision::obey_stop() {
  bool asked = ::faccessat(folder_.get(), "stop", F_OK, 0) == 0;
  if (!asked && !term_received_) return;
  Milliseconds grace = spec_.grace;
  if (asked) {
    auto stop = read_stop(folder_.get());
    if (stop.ok()) grace = stop.value().grace;  // a damaged one is still a request
  }
  if (!task_ && !ended_) {
    ended_ = true;
    ExitRecord exit;
    exit.reason = ExitReason::kStopped;
    exit.at = moment_now();
    outbox_.push_back({"exit", to_record(exit).text()});
    return;
  }
  begin_end(ExitReason::kStopped, grace);
}

void Supervision::obey_deadlines() {
  Milliseconds now = boottime_now();
  if (now >= limit_at_) begin_end(ExitReason::kTimeLimit, spec_.grace);
  if (ended_ && !no_children_) begin_end_of_leftovers();
  if (now >= kill_at_) kill_tree();
}

void Supervision::begin_end(ExitReason reason, Milliseconds grace) {
  if (!ended_ && !end_reason_) end_reason_ = reason;
  kill_at_ = std::min(kill_at_, later(boottime_now(), grace));
  // Without a grace there is nothing to say.
  if (!term_sent_ && grace.value > 0) send_term(Depth::kDescent);
  term_sent_ = true;
}

// The command is over: what it left behind has the grace to go. Not before, for what a command
// starts after its TERM may be its way to clean up.
void Supervision::begin_end_of_leftovers() {
  if (leftovers_told_) return;
  leftovers_told_ = true;
  term_sent_ = true;
  begin_end(ExitReason::kExited, spec_.grace);
  send_term(no_children_ ? Depth::kEverything : Depth::kDescent);
}

void Supervision::send_term(Depth depth) {
  for (ProcessKey process : tree_.scan(depth).members) {
    if (!told_.insert(process).second) continue;
    signal_process(process, SIGTERM);
    // So that one that is stopped hears it too.
    signal_process(process, SIGCONT);
  }
}

void Supervision::kill_tree() {
  // A tree that forks without end may be thousands against one: where we may, we go first.
  ::setpriority(PRIO_PROCESS, 0, kKillerNice);
  if (!tree_.marks().cgroup.empty()) (void)Cgroup(tree_.marks().cgroup).kill().ok();
  // From the top: whoever loses its parent becomes our child and is next. Passes as fast as can be,
  // for a while, so that a tree that forks, or forks and exits, is outrun.
  const Milliseconds until = boottime_now() + Milliseconds(kKillBurstMs);
  reap();
  bool told_of_children = true;
  while (!no_children_ && told_of_children && boottime_now() < until) {
    auto children = own_children();
    told_of_children = children.ok();
    if (!children.ok()) break;
    for (pid_t child : children.value()) ::kill(child, SIGKILL);
    reap();
  }
  if (no_children_ || !told_of_children) {
    tree_.kill_all(no_children_ ? Depth::kEverything : Depth::kDescent);
  }
  kill_pause_ms_ = std::min(kill_pause_ms_ * 2, kKillPauseMaxMs);
}

bool Supervision::tree_is_empty() {
  // Orphans become our children, so no child means no descendant; the scan finds strangers that
  // carry our marks (started through another service), which must go as well.
  if (!no_children_) return false;
  Scan scan = tree_.scan(Depth::kEverything);
  if (scan.finds_nobody()) return true;
  if (!scan.members.empty()) begin_end_of_leftovers();
  return false;
}

void Supervision::flush_outbox() {
  while (!outbox_.empty()) {
    const Outbox& next = outbox_.front();
    disk_refuses_ = !folder_gone_ && !write_durably(folder_.get(), next.name, next.text).ok();
    if (disk_refuses_) return;
    outbox_.pop_front();
  }
}

void Supervision::look_after_folder() {
  struct stat status {};
  if (folder_gone_ || ::fstat(folder_.get(), &status) != 0 || status.st_nlink > 0) return;
  // Whoever deleted the folder will not read how it ended; nobody could stop the task any more.
  folder_gone_ = true;
  if (task_) begin_end(ExitReason::kStopped, spec_.grace);
}

}  // namespace duru::supervisor
