#include "duru/loop/recovery.h"

#include "duru/base/assert.h"
#include "duru/base/record_macros.h"

namespace duru {

DURU_RECORD(SnapshotBody, (1, last_seq), (2, term), (3, now), (4, modules), (5, ledger),
            (6, answers))

Status restore_modules(const SnapshotBody& body, const std::vector<Module*>& modules) {
  for (Module* module : modules) {
    const auto part = body.modules.find(std::string(module->name()));
    if (part == body.modules.end()) {
      return Error{ErrorCode::kDamaged, "the snapshot holds no " + std::string(module->name()),
                   false, false};
    }
    DURU_TRY(module->restore(part->second));
  }
  return ok_status();
}

Replica::Replica(std::vector<std::unique_ptr<Module>> others) : others_(std::move(others)) {}

std::vector<Module*> Replica::modules() {
  std::vector<Module*> all = {&core_};
  for (const auto& other : others_) all.push_back(other.get());
  return all;
}

void Replica::apply(const DurableCommit& commit, LedgerSink& sink) {
  DURU_ASSERT(commit.record.first_seq == last_seq_ + 1);
  FactContext context{commit.record.first_seq, term_, commit.record.now};
  for (const Message& fact : commit.facts) {
    if (const auto* started = fact.as<TermStarted>()) context.term = started->term;
    for (Module* module : modules()) {
      const std::string_view owner = fact.kind().module;
      if (owner == module->name() || owner == "system") module->evolve(fact, context);
    }
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
  for (const auto& other : others_) body.modules[std::string(other->name())] = other->snapshot();
  body.ledger = ledger_.record();
  body.answers = answers_.all();
  return body;
}

Status Replica::restore(const SnapshotBody& body) {
  DURU_TRY(restore_modules(body, modules()));
  ledger_ = Ledger::from_record(body.ledger);
  for (const RememberedAnswer& answer : body.answers) answers_.add(answer);
  last_seq_ = body.last_seq;
  term_ = body.term;
  now_ = body.now;
  return ok_status();
}

}  // namespace duru
