#include "duru/simulation/replay.h"

#include "duru/base/wire.h"
#include "duru/edge/edge_module.h"
#include "duru/loop/loop.h"

namespace duru {
namespace {

// Keeps what was appended last; durable at once.
class LastEntry : public Journal {
 public:
  void set_listener(DurableListener durable, FailureListener) override {
    durable_ = std::move(durable);
  }
  void append(Entry entry) override {
    last_ = std::move(entry);
    if (durable_) durable_(last_->last_seq());
  }
  Status flush() override { return ok_status(); }
  Status record_alive(std::int64_t) override { return ok_status(); }
  Tail tail() const override { return {}; }
  std::int64_t alive_ms() const override { return 0; }
  Status read(std::int64_t, const Visitor&) override { return ok_status(); }
  Result<Digest> chain_at(std::int64_t) override { return Digest{}; }

  std::optional<Entry> take() { return std::exchange(last_, std::nullopt); }

 private:
  DurableListener durable_;
  std::optional<Entry> last_;
};

class Decider {
 public:
  Decider() : loop_({&core_, &edge_}, journal_, outbox_) {
    journal_.set_listener([this](std::int64_t seq) { outbox_.on_durable(seq); }, {});
  }

  Status restore(const SnapshotBody& body) {
    DURU_TRY(restore_modules(body, {&core_, &edge_}));
    loop_.resume_at(body.last_seq, body.term, body.now, body.answers);
    return ok_status();
  }

  Status repeat(const DurableCommit& commit) {
    const Commit& record = commit.record;
    const auto family = static_cast<Family>(record.cause_family);
    const Result<Message> cause = load(family, record.cause);
    if (!cause.ok()) return cause.error();
    if (family == Family::kCommand) {
      loop_.submit({cause.value(), record.principal, record.idempotency_key, record.request_digest,
                    [&](const Accepted&) { return record.answer; }, nullptr},
                   record.now);
    } else if (cause.value().as<Tick>() != nullptr) {
      loop_.tick(record.now);
    } else {
      loop_.observe(cause.value(), record.now);
    }
    outbox_.take();
    const std::optional<Entry> entry = journal_.take();
    if (entry.has_value() && *entry == to_entry(record)) return ok_status();
    return Error{ErrorCode::kInternal, difference(commit, cause.value(), entry), false, false};
  }

 private:
  static std::string facts_text(const std::vector<Message>& facts) {
    std::string out;
    for (const Message& fact : facts) out += "\n    " + to_text(fact);
    return out.empty() ? "\n    nothing" : out;
  }

  static std::string difference(const DurableCommit& commit, const Message& cause,
                                const std::optional<Entry>& entry) {
    std::vector<Message> facts;
    if (entry.has_value()) {
      if (Result<DurableCommit> other = from_entry(*entry); other.ok()) facts = other.value().facts;
    }
    return "fact " + std::to_string(commit.record.first_seq) + ": the cause\n    " +
           to_text(cause) + "\n  gave" + facts_text(commit.facts) + "\n  and now gives" +
           facts_text(facts);
  }

  CoreModule core_;
  EdgeModule edge_;
  LastEntry journal_;
  Outbox outbox_;
  Loop loop_;
};

class NoSink : public LedgerSink {
  void add(const Interval&) override {}
  void add(const Charge&) override {}
};

}  // namespace

Result<std::vector<DurableCommit>> read_commits(JournalReader& journal) {
  std::vector<DurableCommit> commits;
  DURU_TRY(journal.read(1, [&](const Entry& entry) -> Status {
    Result<DurableCommit> commit = from_entry(entry);
    if (!commit.ok()) return commit.error();
    commits.push_back(std::move(commit.value()));
    return ok_status();
  }));
  return commits;
}

Status check_causes(const std::vector<DurableCommit>& commits) {
  Decider decider;
  for (const DurableCommit& commit : commits) DURU_TRY(decider.repeat(commit));
  return ok_status();
}

Status check_restores(const std::vector<DurableCommit>& commits) {
  NoSink sink;
  Replica replica(modules_beside_core());
  for (std::size_t k = 0; k < commits.size(); ++k) {
    replica.apply(commits[k], sink);
    const Result<SnapshotBody> body = decode<SnapshotBody>(encode(replica.snapshot()));
    if (!body.ok()) return body.error();
    Decider decider;
    DURU_TRY(decider.restore(body.value()));
    for (std::size_t i = k + 1; i < commits.size(); ++i) {
      const Status repeated = decider.repeat(commits[i]);
      if (repeated.ok()) continue;
      return Error{ErrorCode::kInternal,
                   "restored after fact " + std::to_string(commits[k].record.last_seq()) + ": " +
                       repeated.error().message,
                   false, false};
    }
  }
  return ok_status();
}

}  // namespace duru
