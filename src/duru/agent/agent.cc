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

// Turns until there is an end; the workload of an ephemeral agent is over then.
void turn_until_end(Conductor& conductor, const Wakeup& wakeup, bool ephemeral) {
  bool leaving = false;
  for (;;) {
    const bool stepped = conductor.turn();
    if (leaving && conductor.nothing_runs()) return;
    const bool asked = wakeup.wait(stepped ? 0 : kTurnMs);
    if (asked && !ephemeral) return;
    leaving = leaving || asked || (ephemeral && conductor.server_says_leave());
    if (leaving) conductor.leave();
  }
}

}  // namespace

int run_agent(const AgentOptions& options) {
  auto identity = read_identity(options.data_path);
  if (!identity.ok()) return fail(identity.error());
  auto server = http::parse_address(identity.value().server);
  if (!server.ok()) return fail(server.error());
  auto data = Folder::open(options.data_path);
  if (!data.ok()) return fail(data.error());
  auto lock = data.value().lock(kLockPatience);
  if (!lock.ok()) return fail(lock.error());
  const Wakeup wakeup;
  if (!wakeup.valid()) return fail(system_error("make a wake-up", errno));

  Log log;
  auto blobs = BlobStore::open(data.value());
  if (!blobs.ok()) return fail(blobs.error());
  auto slots = Slots::open(data.value());
  if (!slots.ok()) return fail(slots.error());
  auto spool = Spool::open(data.value(), {}, log);
  if (!spool.ok()) return fail(spool.error());
  auto workload = Workload::open(data.value(), identity.value(), options.supervise_program);
  if (!workload.ok()) return fail(workload.error());
  CounterBook counters(data.value(), log);
  log.say("node " + identity.value().reply->node + ", server " + identity.value().server);

  Link link(link_options(identity.value(), options, data.value(), server.value()), *spool.value(),
            blobs.value(), log, [&wakeup] { wakeup.nudge(); });
  Conductor conductor({data.value(), blobs.value(), slots.value(), workload.value(), *spool.value(),
                       link, counters, log},
                      identity.value());
  turn_until_end(conductor, wakeup, options.ephemeral);
  counters.save_now();
  if (options.ephemeral) link.say_goodbye(kGoodbyePatience);
  log.say("the agent ends");
  // The link's thread may be in the middle of a request that takes long; all that matters is on
  // disk.
  std::_Exit(kExitOk);
}

}  // namespace duru::agent
