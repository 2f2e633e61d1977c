#include "duru/agent/agent.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "duru/agent/conductor.h"
#include "duru/agent/enrol.h"
#include "duru/agent/exit_code.h"

namespace duru::agent {
namespace {

using supervisor::Fd;

constexpr int kTurnMs = 100;
constexpr Milliseconds kGoodbyePatience = seconds(3);
constexpr Milliseconds kLockPatience = seconds(1);  // `status` takes it for a moment

// Signals to end, and the link's wake-ups, as two descriptors.
class Wakeup {
 public:
  Wakeup() {
    sigset_t set;
    ::sigemptyset(&set);
    for (int number : {SIGTERM, SIGINT}) ::sigaddset(&set, number);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    signals_ = Fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    nudges_ = Fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  }
  bool valid() const { return signals_.valid() && nudges_.valid(); }
  void nudge() const {
    const std::uint64_t one = 1;
    (void)!::write(nudges_.get(), &one, sizeof one);
  }
  // Whether a signal asks us to end.
  bool wait(int turn_ms) const {
    std::array<pollfd, 2> fds = {{{signals_.get(), POLLIN, 0}, {nudges_.get(), POLLIN, 0}}};
    (void)::poll(fds.data(), fds.size(), turn_ms);
    std::uint64_t count = 0;
    (void)!::read(nudges_.get(), &count, sizeof count);
    signalfd_siginfo info{};
    return ::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info);
  }

 private:
  Fd signals_;
  Fd nudges_;
};

int fail(const Error& error) {
  std::fprintf(stderr, "error: %s\n", error.message.c_str());
  return exit_code_of(error);
}

// What the server said last, if it can be read; else what it said at the enrolment.
Milliseconds heartbeat_of(const Folder& data, const EnrolReply& enrolment) {
  auto desired = load<Desired>(data, kDesired);
  if (desired.ok() && desired.value().heartbeat.value > 0) return desired.value().heartbeat;
  return enrolment.heartbeat.value > 0 ? enrolment.heartbeat : kDefaultHeartbeat;
}

LinkOptions link_options(const Identity& identity, const AgentOptions& options, const Folder& data,
                         http::Address server) {
  LinkOptions made;
  made.server = std::move(server);
  made.trust = trust_of(identity);
  made.credential = identity.request.credential;
  made.release_key = identity.reply->release_key;
  made.heartbeat = heartbeat_of(data, *identity.reply);
  made.heartbeat_always = options.heartbeat;
  made.ephemeral = options.ephemeral;
  return made;
}

// All parts of an agent on one folder, as long as it holds the folder's lock.
class Agent {
 public:
  static Result<std::unique_ptr<Agent>> open(const AgentOptions& options);

  // Turns until there is an end; the workload of one that leaves is over then.
  void turn_until_end(bool ephemeral, bool leaving);
  void say_goodbye() { link_->say_goodbye(kGoodbyePatience); }
  void save() { counters_->save_now(); }
  Log& log() { return log_; }
  const std::string& name() const { return name_; }
  // Events that the server has not acknowledged.
  Result<std::int64_t> unsent() const {
    auto summary = Spool::summarize(data_);
    if (!summary.ok()) return summary.error();
    return summary.value().waiting;
  }

 private:
  Agent(Folder data, Fd lock, std::string name)
      : data_(std::move(data)), lock_(std::move(lock)), name_(std::move(name)) {}
  Status open_parts(const AgentOptions& options, const Identity& identity,
                    const http::Address& server);

  Folder data_;
  Fd lock_;
  const std::string name_;
  Wakeup wakeup_;
  Log log_;
  std::unique_ptr<BlobStore> blobs_;
  std::unique_ptr<Slots> slots_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<Workload> workload_;
  std::unique_ptr<CounterBook> counters_;
  std::unique_ptr<Link> link_;
  std::unique_ptr<Conductor> conductor_;
};

// What opened, on the heap, so that the parts may know each other.
template <class T>
Status keep(Result<T> opened, std::unique_ptr<T>& place) {
  if (!opened.ok()) return opened.error();
  place = std::make_unique<T>(std::move(opened.value()));
  return ok_status();
}

Result<std::unique_ptr<Agent>> Agent::open(const AgentOptions& options) {
  auto identity = read_identity(options.data_path);
  if (!identity.ok()) return identity.error();
  auto server = http::parse_address(identity.value().server);
  if (!server.ok()) return server.error();
  auto data = Folder::open(options.data_path);
  if (!data.ok()) return data.error();
  auto lock = data.value().lock(kLockPatience);
  if (!lock.ok()) return lock.error();
  std::unique_ptr<Agent> made(
      new Agent(std::move(data.value()), std::move(lock.value()), identity.value().reply->node));
  DURU_TRY(made->open_parts(options, identity.value(), server.value()));
  return made;
}

Status Agent::open_parts(const AgentOptions& options, const Identity& identity,
                         const http::Address& server) {
  if (!wakeup_.valid()) return system_error("make a wake-up", errno);
  mend_identity(data_, identity, log_);
  for (const char* name : {".", "events", "files", "slots"}) {
    auto folder = Folder::open(data_.path(name));
    if (folder.ok()) remove_drafts(folder.value());
  }
  DURU_TRY(keep(BlobStore::open(data_), blobs_));
  DURU_TRY(keep(Slots::open(data_), slots_));
  auto spool = Spool::open(data_, {}, log_);
  if (!spool.ok()) return spool.error();
  spool_ = std::move(spool.value());
  DURU_TRY(keep(Workload::open(data_, identity, options.supervise_program), workload_));
  counters_ = std::make_unique<CounterBook>(data_, log_);
  log_.say("node " + name_ + ", server " + identity.server);
  link_ = std::make_unique<Link>(link_options(identity, options, data_, server), *spool_, *blobs_,
                                 log_, [this] { wakeup_.nudge(); });
  conductor_ = std::make_unique<Conductor>(
      Parts{data_, *blobs_, *slots_, *workload_, *spool_, *link_, *counters_, log_}, identity);
  return ok_status();
}

void Agent::turn_until_end(bool ephemeral, bool leaving) {
  for (;;) {
    if (leaving) conductor_->leave();
    const bool stepped = conductor_->turn();
    if (leaving && conductor_->nothing_runs()) return;
    const bool asked = wakeup_.wait(stepped ? 0 : kTurnMs);
    if (asked && !ephemeral) return;
    leaving = leaving || asked || (ephemeral && conductor_->server_says_leave());
  }
}

}  // namespace

int run_agent(const AgentOptions& options) {
  auto agent = Agent::open(options);
  if (!agent.ok()) return fail(agent.error());
  agent.value()->turn_until_end(options.ephemeral, false);
  agent.value()->save();
  if (options.ephemeral) agent.value()->say_goodbye();
  agent.value()->log().say("the agent ends");
  // The link's thread may be in the middle of a request that takes long; all that matters is on
  // disk.
  std::_Exit(kExitOk);
}

int unenrol(const UnenrolOptions& options) {
  auto agent = Agent::open({options.data_path, options.supervise_program, true, {}});
  if (!agent.ok()) return fail(agent.error());
  agent.value()->turn_until_end(true, true);
  agent.value()->save();
  agent.value()->say_goodbye();
  const auto unsent = agent.value()->unsent();
  if (!options.drops_events && (!unsent.ok() || unsent.value() > 0)) {
    const std::string count = unsent.ok() ? std::to_string(unsent.value()) : "unreadable";
    std::fprintf(stderr,
                 "error: the workload is ended; %s events have not reached the server. `duru-agent "
                 "run` sends them when it can be reached; --drop-events ends without them\n",
                 count.c_str());
    std::_Exit(kExitRefused);
  }
  const Status removed = remove_tree(options.data_path);
  if (!removed.ok()) std::_Exit(fail(removed.error()));
  std::printf("%s is no node any more; on the server: duru revoke node %s\n",
              options.data_path.c_str(), agent.value()->name().c_str());
  std::fflush(stdout);
  std::_Exit(kExitOk);
}

}  // namespace duru::agent
