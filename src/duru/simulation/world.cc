#include "duru/simulation/world.h"

#include <algorithm>

#include "duru/base/assert.h"
#include "duru/base/wire.h"
#include "duru/domain/commands.h"
#include "duru/loop/effects.h"
#include "duru/loop/loop.h"
#include "duru/simulation/replay.h"

namespace duru {
namespace {

// As the live loop does: what got lost on the way is said again.
constexpr Milliseconds kResendEvery = minutes(1);

class NoSink : public LedgerSink {
  void add(const Interval&) override {}
  void add(const Charge&) override {}
};

}  // namespace

// One run of a server, from its start to its death.
struct World::Life {
  explicit Life(World& world)
      : view(reader, {&reader_edge}, {&book, &world.inspector_, &effects}),
        loop({&writer, &writer_edge}, world.journal_, outbox) {
    world.journal_.set_listener([this](std::int64_t seq) { outbox.on_durable(seq); }, {});
  }

  Outbox outbox;
  CoreModule writer;
  EdgeModule writer_edge;
  CoreModule reader;
  EdgeModule reader_edge;
  LedgerBook book;
  Effects effects;
  View view;
  Loop loop;
};

World::World(WorldOptions options)
    : options_(std::move(options)),
      clock_(options_.start),
      engine_(
          [&] {
            if (options_.engine.installation.empty()) {
              options_.engine.installation = InstallationId("simulate");
            }
            return options_.engine;
          }(),
          clock_),
      inspector_(all_checkers(), {&trace_}) {
  begin_life(Recovery::kReplay, options_.start);
}

World::~World() = default;

const State& World::state() const { return life_->reader.state(); }

const EdgeState& World::field() const { return life_->reader_edge.state(); }

// Of the whole state that decides.
Digest World::digest() const {
  return sha256(life_->writer.snapshot() + life_->writer_edge.snapshot());
}

Usage World::usage(Timestamp from, Timestamp to) const { return life_->book.usage(from, to); }

Site World::site() const { return {options_.site, "", "simulated", engine_.capabilities()}; }

void World::begin_life(Recovery recovery, Timestamp alive_at) {
  LedgerBook kept;
  if (life_ != nullptr) kept = life_->book;
  life_ = std::make_unique<Life>(*this);
  const Result<std::vector<DurableCommit>> commits = read_commits(journal_);
  DURU_ASSERT(commits.ok());
  if (recovery == Recovery::kSnapshot) {
    // The snapshot is of the middle; the rest is replayed, as a server does.
    const std::size_t half = commits.value().size() / 2;
    Replica replica(modules_beside_core());
    NoSink sink;
    for (std::size_t i = 0; i < half; ++i) replica.apply(commits.value()[i], sink);
    const Result<SnapshotBody> body = decode<SnapshotBody>(encode(replica.snapshot()));
    Replica restored(modules_beside_core());
    DURU_ASSERT(body.ok() && restored.restore(body.value()).ok());
    for (std::size_t i = half; i < commits.value().size(); ++i) {
      restored.apply(commits.value()[i], sink);
    }
    const SnapshotBody whole = restored.snapshot();
    DURU_ASSERT(restore_modules(whole, {&life_->writer, &life_->writer_edge}).ok());
    DURU_ASSERT(restore_modules(whole, {&life_->reader, &life_->reader_edge}).ok());
    life_->book = std::move(kept);
    life_->book.resume(whole.ledger);
    life_->loop.resume_at(whole.last_seq, whole.term, whole.now, whole.answers);
    life_->view.resume_at(whole.last_seq, whole.now);
  } else {
    for (const DurableCommit& commit : commits.value()) {
      life_->loop.replay(commit);
      life_->view.apply(commit);
    }
  }
  life_->outbox.on_durable(journal_.tail().last_seq);
  submit(StartServer{options_.engine.installation, "simulation", alive_at, "simulated-boot",
                     options_.start});
  submit(DefineFleet{});  // as a server does: it finds the fleet as it was
  life_->effects.begin({{options_.site, &engine_}}, state());
  resent_at_ = now();
  DURU_ASSERT(engine_.start([this](const Message& observation) { take(observation); }).ok());
}

void World::restart(Recovery recovery, Milliseconds outage) {
  const Timestamp died_at = now();
  const Digest before = digest();
  engine_.shutdown();
  const Timestamp back_at = died_at + outage;
  for (auto next = engine_.next_event(); next.has_value() && *next <= back_at;
       next = engine_.next_event()) {
    clock_.advance_to(*next);
    engine_.advance(*next);
  }
  clock_.advance_to(back_at);
  const std::int64_t last_seq = journal_.tail().last_seq;
  begin_life(recovery, died_at);
  const Result<std::vector<DurableCommit>> commits = read_commits(journal_);
  NoSink sink;
  Replica replica(modules_beside_core());
  for (const DurableCommit& commit : commits.value()) {
    if (commit.record.first_seq <= last_seq) replica.apply(commit, sink);
  }
  const SnapshotBody again = replica.snapshot();
  if (sha256(again.modules.at("core") + again.modules.at("edge")) != before) {
    own_violations_.push_back("recovery: the journal gives another state than the one that died");
  }
}

void World::take(const Message& observation) {
  life_->loop.observe(observation, now());
  drain();
}

void World::drain() {
  while (life_->view.drain(life_->outbox)) {
  }
}

Reply World::submit(Message command) {
  Reply reply;
  CommandRequest request;
  request.command = std::move(command);
  request.principal = "operator";
  request.answer = [](const Accepted& accepted) {
    std::string text;
    for (const JobId& id : accepted.jobs) text += (text.empty() ? "" : " ") + id.str();
    return text;
  };
  bool answered = false;
  request.reply = [&](Reply r) {
    reply = std::move(r);
    answered = true;
  };
  const Digest before = digest();
  life_->loop.submit(std::move(request), now());
  drain();
  DURU_ASSERT(answered);
  if (reply.kind == Reply::Kind::kRejected && digest() != before) {
    own_violations_.push_back("rejection: a refused command changed the state");
  }
  return reply;
}

JobId World::draw_job_id() { return make_id<JobId>(now().value, ++jobs_drawn_); }

std::optional<Timestamp> World::next_event() const {
  std::optional<Timestamp> next = engine_.next_event();
  const auto consider = [&](std::optional<Timestamp> t) {
    if (t.has_value() && (!next.has_value() || *t < *next)) next = t;
  };
  consider(life_->loop.next_deadline());
  consider(resent_at_ + kResendEvery);
  return next;
}

bool World::tick_if_due() {
  const auto is_due = [&] {
    const auto deadline = life_->loop.next_deadline();
    return deadline.has_value() && *deadline <= now();
  };
  if (!is_due()) return true;
  life_->loop.tick(now());
  drain();
  if (!is_due()) return true;
  own_violations_.push_back("timer: one is due at " + format_timestamp(now()) +
                            " and does nothing");
  return false;
}

void World::run_until(Timestamp t) {
  for (auto next = next_event(); next.has_value() && *next <= t; next = next_event()) {
    clock_.advance_to(*next);
    engine_.advance(now());
    if (!tick_if_due()) break;
    if (since(now(), resent_at_) >= kResendEvery) {
      resent_at_ = now();
      life_->view.read([&](const View::Reading& reading) { life_->effects.resend(reading.state); });
    }
  }
  clock_.advance_to(t);
  life_->loop.mark_time(std::min(now(), engine_.observed_through()));
  drain();
}

void World::check_settled() {
  std::set<TaskRunName> desired;
  for (const auto& [id, workload] : state().workloads) {
    if (!workload.attempt.has_value()) continue;
    for (std::size_t i = 0; i < workload.attempt->tasks.size(); ++i) {
      desired.insert(task_run_name(state().installation, id, workload.attempt->number,
                                   static_cast<std::int32_t>(i)));
    }
  }
  for (const TaskRunName& name : engine_.runs()) {
    if (desired.erase(name) == 0) own_violations_.push_back("engine: runs unasked: " + name.str());
  }
  for (const TaskRunName& name : desired) {
    own_violations_.push_back("engine: does not run: " + name.str());
  }
}

std::vector<std::string> World::violations() const {
  std::vector<std::string> all = inspector_.violations();
  all.insert(all.end(), own_violations_.begin(), own_violations_.end());
  return all;
}

}  // namespace duru
