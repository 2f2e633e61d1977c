#include "duru/loop/loop.h"

#include <algorithm>

#include "duru/base/assert.h"
#include "duru/domain/facts.h"
#include "duru/domain/observations.h"

namespace duru {
namespace {

// A command is journaled whole, beside what comes of it: that leaves room for both in an entry.
constexpr std::size_t kCommandBytesMax = std::size_t{48} << 20;

Rejection too_large(std::size_t bytes) {
  return {"too-large", "the request has " + std::to_string(bytes >> 20) + " MiB once it is encoded",
          "at most " + std::to_string(kCommandBytesMax >> 20) + " MiB go at once; send it in parts",
          ""};
}

}  // namespace

// Collects the facts of one decision; each evolves its module at once.
class Loop::OpenDecision : public Decision {
 public:
  OpenDecision(Loop& loop, Timestamp now, std::string principal)
      : loop_(loop), next_{loop.last_seq_ + 1, loop.term_, now}, principal_(std::move(principal)) {}

  void emit(Message fact) override {
    // A term begins with its own fact.
    if (const auto* started = fact.as<TermStarted>()) {
      DURU_ASSERT(started->term > next_.term);
      next_.term = started->term;
    }
    loop_.evolve(fact, next_);
    facts_.push_back(std::move(fact));
    ++next_.seq;
  }
  Timestamp now() const override { return next_.now; }
  std::size_t fact_count() const override { return facts_.size(); }
  const std::string& principal() const override { return principal_; }
  Outcome hand_over(const Message& command) override { return loop_.route(command, *this); }

  std::int64_t term() const { return next_.term; }
  std::vector<Message>& facts() { return facts_; }

 private:
  Loop& loop_;
  FactContext next_;
  std::string principal_;
  std::vector<Message> facts_;
};

Loop::Loop(std::vector<Module*> modules, Journal& journal, Outbox& outbox)
    : modules_(std::move(modules)), journal_(journal), outbox_(outbox) {
  DURU_ASSERT(!modules_.empty());
}

void Loop::replay(const DurableCommit& commit) {
  FactContext context{commit.record.first_seq, 0, commit.record.now};
  DURU_ASSERT(context.seq == last_seq_ + 1);
  context.term = term_;
  for (const Message& fact : commit.facts) {
    if (const auto* started = fact.as<TermStarted>()) context.term = started->term;
    evolve(fact, context);
    ++context.seq;
  }
  last_seq_ = commit.record.last_seq();
  term_ = commit.record.term;
  last_now_ = commit.record.now;
  answers_.add(commit.record);
  outbox_.on_durable(last_seq_);
}

void Loop::resume_at(std::int64_t last_seq, std::int64_t term, Timestamp now,
                     std::vector<RememberedAnswer> answers) {
  last_seq_ = last_seq;
  term_ = term;
  last_now_ = now;
  for (RememberedAnswer& answer : answers) answers_.add(std::move(answer));
  outbox_.on_durable(last_seq_);
}

void Loop::evolve(const Message& fact, const FactContext& context) {
  for (Module* module : modules_) {
    if (fact.kind().module == module->name() || fact.kind().module == "system") {
      module->evolve(fact, context);
    }
  }
}

Outcome Loop::route(const Message& input, Decision& decision) {
  if (input.as<Tick>() != nullptr || input.as<NodeObserved>() != nullptr) {
    for (Module* module : modules_) module->decide(input, decision);
    return Accepted{};
  }
  for (Module* module : modules_) {
    if (input.kind().module == module->name()) return module->decide(input, decision);
  }
  return modules_.front()->decide(input, decision);  // the system's own commands
}

Outcome Loop::decide(const Message& input, const CommandRequest* request, Timestamp now,
                     std::string* answer) {
  now = std::max(now, last_now_);
  StoredMessage cause = store(input);
  if (request != nullptr && cause.body.size() > kCommandBytesMax) {
    return too_large(cause.body.size());
  }
  OpenDecision decision(*this, now, request == nullptr ? "" : request->principal);
  Outcome outcome = route(input, decision);
  const auto* accepted = std::get_if<Accepted>(&outcome);
  if (accepted != nullptr) decided_at_ = now;
  if (answer != nullptr && accepted != nullptr && request->answer) {
    *answer = request->answer(*accepted);
  }
  const bool has_key = request != nullptr && !request->idempotency_key.empty();
  if (decision.facts().empty() && accepted != nullptr && has_key) {
    decision.emit(AnswerKept{request->idempotency_key});
  }
  if (decision.facts().empty()) return outcome;

  auto commit = std::make_shared<DurableCommit>();
  commit->record.first_seq = last_seq_ + 1;
  commit->record.term = decision.term();
  commit->record.now = now;
  commit->record.cause_family = static_cast<std::int32_t>(input.kind().family);
  commit->record.cause = std::move(cause);
  for (const Message& fact : decision.facts()) commit->record.facts.push_back(store(fact));
  commit->facts = std::move(decision.facts());
  if (request != nullptr) {
    commit->record.principal = request->principal;
    commit->record.idempotency_key = request->idempotency_key;
    commit->record.request_digest = request->request_digest;
    if (answer != nullptr) commit->record.answer = *answer;
  }
  last_seq_ = commit->record.last_seq();
  term_ = commit->record.term;
  last_now_ = now;
  answers_.add(commit->record);
  Entry entry = to_entry(commit->record);
  outbox_.add_commit(std::move(commit));
  journal_.append(std::move(entry));
  return outcome;
}

void Loop::submit(CommandRequest request, Timestamp now) {
  Reply reply;
  const RememberedAnswer* known = request.idempotency_key.empty()
                                      ? nullptr
                                      : answers_.find(request.principal, request.idempotency_key);
  if (known != nullptr && known->request_digest != request.request_digest) {
    reply.kind = Reply::Kind::kKeyReused;
  } else if (known != nullptr && known->last_seq > outbox_.durable_seq()) {
    reply.kind = Reply::Kind::kInFlight;
  } else if (known != nullptr) {
    reply.answer = known->answer;
    reply.replayed = true;
  } else {
    const Outcome outcome = decide(request.command, &request, now, &reply.answer);
    if (const auto* rejection = std::get_if<Rejection>(&outcome)) {
      reply.kind = Reply::Kind::kRejected;
      reply.rejection = *rejection;
    }
  }
  if (!request.reply) return;
  outbox_.add_action(last_seq_,
                     [send = std::move(request.reply), reply = std::move(reply)] { send(reply); });
}

void Loop::observe(const Message& observation, Timestamp now) { decide(observation, nullptr, now); }

void Loop::tick(Timestamp now) { decide(Tick{}, nullptr, now); }

void Loop::mark_time(Timestamp mark) { outbox_.add_mark(last_seq_, mark); }

std::optional<Timestamp> Loop::next_deadline() const {
  std::optional<Timestamp> next;
  for (const Module* module : modules_) {
    const std::optional<Timestamp> deadline = module->next_deadline(decided_at_);
    if (deadline.has_value() && (!next.has_value() || *deadline < *next)) next = deadline;
  }
  return next;
}

}  // namespace duru
