#include "duru/loop/recovery.h"

#include "duru/base/assert.h"
#include "duru/base/record_macros.h"

namespace duru {

DURU_RECORD(SnapshotBody, (1, last_seq), (2, term), (3, now), (4, modules), (5, ledger),
            (6, answers))

void Replica::apply(const DurableCommit& commit, LedgerSink& sink) {
  DURU_ASSERT(commit.record.first_seq == last_seq_ + 1);
  FactContext context{commit.record.first_seq, term_, commit.record.now};
  for (const Message& fact : commit.facts) {
    if (const auto* started = fact.as<TermStarted>()) context.term = started->term;
    core_.evolve(fact, context);
    ledger_.apply(core_.state(), fact, context, sink);
    ++context.seq;
  }
  last_seq_ = commit.record.last_seq();
  term_ = context.term;
  now_ = commit.record.now;
  answers_.add(commit.record);
}

SnapshotBody Replica::snapshot() const {
  SnapshotBody body;
  body.last_seq = last_seq_;
  body.term = term_;
  body.now = now_;
  body.modules[std::string(core_.name())] = core_.snapshot();
  body.ledger = ledger_.record();
  body.answers = answers_.all();
  return body;
}

Status Replica::restore(const SnapshotBody& body) {
  const auto core = body.modules.find(std::string(core_.name()));
  if (core == body.modules.end()) {
    return Error{ErrorCode::kDamaged, "the snapshot holds no core", false, false};
  }
  DURU_TRY(core_.restore(core->second));
  ledger_ = Ledger::from_record(body.ledger);
  for (const RememberedAnswer& answer : body.answers) answers_.add(answer);
  last_seq_ = body.last_seq;
  term_ = body.term;
  now_ = body.now;
  return ok_status();
}

}  // namespace duru
