#include "duru/simulation/world.h"

#include <algorithm>

#include "duru/base/assert.h"
#include "duru/base/wire.h"
#include "duru/domain/commands.h"
#include "duru/edge/invariants.h"
#include "duru/edge/known/known.h"
#include "duru/loop/effects.h"
#include "duru/loop/loop.h"
#include "duru/simulation/replay.h"

namespace duru {
namespace {

// As the live loop does: what got lost on the way is said again.
constexpr Milliseconds kResendEvery = minutes(1);
// As the live agent engine does.
constexpr Milliseconds kCheckLinksEvery = seconds(1);
constexpr Milliseconds kCodeValidFor = hours(1);

std::optional<Timestamp> earlier(std::optional<Timestamp> a, std::optional<Timestamp> b) {
  if (!a.has_value()) return b;
  return b.has_value() ? std::min(*a, *b) : a;
}

class NoSink : public LedgerSink {
  void add(const Interval&) override {}
  void add(const Charge&) override {}
};

}  // namespace

// One run of a server, from its start to its death.
struct World::Life {
  explicit Life(World& world)
      : view(reader, {&reader_edge}, {&book, &world.inspector_, &effects}),
        loop({&writer, &writer_edge}, world.journal_, outbox),
        agents({world.options_.engine.installation,
                [this](const NodeName& name) {
                  const FieldNodeRecord* node = reader_edge.state().node(name);
                  return node != nullptr && node->revoked;
                },
                Milliseconds(0)},
               world.clock_) {
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
  AgentEngine agents;
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
      agents_(options_.field, options_.seed, clock_,
              [this](const NodeName& node, const SyncRequest& request) {
                return answer(node, request);
              }),
      inspector_(options_.checked ? all_checkers() : std::vector<std::unique_ptr<Checker>>(),
                 {&trace_}) {
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
  heard_.clear();
  life_ = std::make_unique<Life>(*this);
  const Result<std::vector<DurableCommit>> commits = read_commits(journal_);
  DURU_ASSERT(commits.ok());
  if (recovery == Recovery::kSnapshot) life_->book = std::move(kept);
  recover(commits.value(), recovery);
  life_->outbox.on_durable(journal_.tail().last_seq);
  submit(StartServer{options_.engine.installation, "simulation", alive_at, "simulated-boot",
                     options_.start});
  submit(DefineFleet{});  // as a server does: it finds the fleet as it was
  begin_work();
}

void World::recover(const std::vector<DurableCommit>& commits, Recovery recovery) {
  if (recovery == Recovery::kReplay) {
    for (const DurableCommit& commit : commits) {
      life_->loop.replay(commit);
      life_->view.apply(commit);
    }
    return;
  }
  // The snapshot is of the middle; the rest is replayed, as a server does.
  const std::size_t half = commits.size() / 2;
  Replica replica(modules_beside_core());
  NoSink sink;
  for (std::size_t i = 0; i < half; ++i) replica.apply(commits[i], sink);
  const Result<SnapshotBody> body = decode<SnapshotBody>(encode(replica.snapshot()));
  Replica restored(modules_beside_core());
  DURU_ASSERT(body.ok() && restored.restore(body.value()).ok());
  for (std::size_t i = half; i < commits.size(); ++i) restored.apply(commits[i], sink);
  const SnapshotBody whole = restored.snapshot();
  DURU_ASSERT(restore_modules(whole, {&life_->writer, &life_->writer_edge}).ok());
  DURU_ASSERT(restore_modules(whole, {&life_->reader, &life_->reader_edge}).ok());
  life_->book.resume(whole.ledger);
  life_->loop.resume_at(whole.last_seq, whole.term, whole.now, whole.answers);
  life_->view.resume_at(whole.last_seq, whole.now);
}

// The engines report what they find, and get the full set of what should run.
void World::begin_work() {
  is_away_ = false;
  DURU_ASSERT(engine_.start([this](const Message& observation) { take(observation); }).ok());
  AgentEngine& agents = life_->agents;
  DURU_ASSERT(
      agents.start([this](Message observation) { heard_.push_back(std::move(observation)); }).ok());
  for (const auto& [name, node] : field().nodes) {
    if (!node.revoked) agents.expect(name, longest_heartbeat_of(field(), node, now()));
  }
  life_->effects.begin({{options_.site, &engine_}, {SiteName(kFieldSite), &agents}}, state());
  resent_at_ = now();
  checked_links_at_ = now();
  hear();
}

void World::restart(Recovery recovery, Milliseconds outage) {
  const Timestamp died_at = now();
  const Digest before = digest();
  engine_.shutdown();
  is_away_ = true;
  const Timestamp back_at = died_at + outage;
  const auto next_without_us = [&] { return earlier(engine_.next_event(), agents_.next_event()); };
  for (auto next = next_without_us(); next.has_value() && *next <= back_at;
       next = next_without_us()) {
    clock_.advance_to(*next);
    engine_.advance(*next);
    agents_.advance();
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

// What the agent engine reported, which may bring more.
void World::hear() {
  while (!heard_.empty()) {
    const Message observation = std::move(heard_.front());
    heard_.pop_front();
    take(observation);
  }
}

void World::drain() {
  while (life_->view.drain(life_->outbox)) {
  }
  check_field();
}

void World::check_field() {
  const std::int64_t seq = journal_.tail().last_seq;
  if (!options_.checked || seq == checked_seq_) return;
  checked_seq_ = seq;
  for (const std::string& found : duru::violations(field())) {
    own_violations_.push_back("field, fact " + std::to_string(seq) + ": " + found);
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
  const Digest before = options_.checked ? digest() : Digest();
  life_->loop.submit(std::move(request), now());
  drain();
  DURU_ASSERT(answered);
  if (options_.checked && reply.kind == Reply::Kind::kRejected && digest() != before) {
    own_violations_.push_back("rejection: a refused command changed the state");
  }
  return reply;
}

Reply World::enrol(const EnrollingNode& node) {
  const std::string number = std::to_string(++codes_made_);
  EnrolNode command;
  command.code = sha256("code-" + number);
  command.credential = sha256("credential-" + number);
  command.service = draw_job_id();
  command.node.name = node.name;
  command.node.cpu = node.cpu;
  command.node.memory = node.memory;
  if (node.chip.has_value()) {
    command.chips.push_back(*node.chip);
    for (std::int32_t i = 0; i < node.accelerators; ++i) {
      command.node.accelerators.push_back({i, node.chip->name, true, ""});
    }
  }
  Reply made = submit(MakeEnrolment{command.code, node.labels, kCodeValidFor});
  if (made.kind != Reply::Kind::kAccepted) return made;
  Reply reply = submit(std::move(command));
  if (reply.kind == Reply::Kind::kAccepted) {
    const Milliseconds heartbeat = heartbeat_of(field(), *field().node(node.name));
    life_->agents.expect(node.name, heartbeat);
    agents_.join(node.name, heartbeat);
  }
  hear();
  return reply;
}

// Nothing: the node is not, or no more, one of ours.
std::optional<FieldKnown> World::known_of_node(const NodeName& name) const {
  const FieldNodeRecord* node = field().node(name);
  if (node == nullptr || node->revoked) return std::nullopt;
  return known_of(state(), field(), *node);
}

SyncAnswer World::answer(const NodeName& node, const SyncRequest& request) {
  if (is_away_) return {};
  AgentEngine& agents = life_->agents;
  std::optional<FieldKnown> known = known_of_node(node);
  if (!known.has_value()) return {SyncAnswer::Kind::kRefused, {}};
  const std::optional<ReportField> news = agents.on_sync(node, request, *known);
  if (news.has_value()) {
    if (submit(*news).kind != Reply::Kind::kAccepted) return {SyncAnswer::Kind::kRefused, {}};
    agents.took(*news);
    known = known_of_node(node);
    DURU_ASSERT(known.has_value());
  }
  SyncAnswer answer{SyncAnswer::Kind::kReply, agents.reply_to(node, *known)};
  hear();
  return answer;
}

JobId World::draw_job_id() { return make_id<JobId>(now().value, ++jobs_drawn_); }

std::optional<Timestamp> World::next_event() const {
  std::optional<Timestamp> next = earlier(engine_.next_event(), agents_.next_event());
  next = earlier(next, life_->loop.next_deadline());
  if (!field().nodes.empty()) next = earlier(next, checked_links_at_ + kCheckLinksEvery);
  return earlier(next, resent_at_ + kResendEvery);
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

void World::check_links_if_due() {
  if (since(now(), checked_links_at_) < kCheckLinksEvery) return;
  checked_links_at_ = now();
  life_->agents.check();
  hear();
}

void World::run_until(Timestamp t) {
  for (auto next = next_event(); next.has_value() && *next <= t; next = next_event()) {
    clock_.advance_to(*next);
    engine_.advance(now());
    agents_.advance();
    check_links_if_due();
    if (!tick_if_due()) break;
    if (since(now(), resent_at_) >= kResendEvery) {
      resent_at_ = now();
      life_->view.read([&](const View::Reading& reading) { life_->effects.resend(reading.state); });
      hear();
    }
  }
  clock_.advance_to(t);
  life_->loop.mark_time(std::min(now(), engine_.observed_through()));
  drain();
}

void World::check_settled() {
  std::set<TaskRunName> desired;
  for (const auto& [id, workload] : state().workloads) {
    if (!workload.attempt.has_value() || workload.service.has_value()) continue;
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
  check_field_settled();
}

void World::check_field_settled() {
  for (const auto& [name, node] : field().nodes) {
    if (node.revoked || life_->agents.link(name).state != LinkState::kOnline) continue;
    const std::string what = "field: " + name.str();
    const std::int64_t wanted = node.given.current.empty() ? 0 : node.given.revision;
    if (agents_.revision(name) != wanted) {
      own_violations_.push_back(what + " has revision " + std::to_string(agents_.revision(name)) +
                                ", not " + std::to_string(wanted));
    }
    if (node.reported.last_event != agents_.raised(name)) {
      own_violations_.push_back(what + " raised " + std::to_string(agents_.raised(name)) +
                                " events, recorded are those through " +
                                std::to_string(node.reported.last_event));
    }
    const bool serves = node.reported.revision == wanted && wanted > 0;
    if (serves && node.reported.serving != agents_.serving(name)) {
      own_violations_.push_back(what + " serves \"" + agents_.serving(name) + "\", known is \"" +
                                node.reported.serving + "\"");
    }
  }
}

std::vector<std::string> World::violations() const {
  std::vector<std::string> all = inspector_.violations();
  all.insert(all.end(), own_violations_.begin(), own_violations_.end());
  return all;
}

}  // namespace duru
