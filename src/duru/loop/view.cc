#include "duru/loop/view.h"

#include <algorithm>

#include "duru/base/assert.h"

namespace duru {

View::View(CoreModule& core, std::vector<Module*> others, std::vector<Projection*> projections)
    : core_(core), others_(std::move(others)), projections_(std::move(projections)) {}

void View::resume_at(std::int64_t applied_seq, Timestamp mark) {
  const std::lock_guard lock(mutex_);
  applied_seq_ = applied_seq;
  term_ = core_.state().term;
  mark_ = mark;
}

void View::apply(const DurableCommit& commit) {
  const std::lock_guard lock(mutex_);
  FactContext context{commit.record.first_seq, term_, commit.record.now};
  DURU_ASSERT(context.seq == applied_seq_ + 1);
  for (const Message& fact : commit.facts) {
    if (const auto* started = fact.as<TermStarted>()) context.term = started->term;
    const std::string_view module = fact.kind().module;
    if (module == core_.name() || module == "system") core_.evolve(fact, context);
    for (Module* other : others_) {
      if (module == other->name() || module == "system") other->evolve(fact, context);
    }
    for (Projection* projection : projections_) {
      projection->on_fact(core_.state(), fact, context);
    }
    ++context.seq;
  }
  term_ = context.term;
  applied_seq_ = commit.record.last_seq();
  for (Projection* projection : projections_) projection->on_commit(core_.state(), commit);
}

bool View::drain(Outbox& outbox) {
  std::deque<Outgoing> going = outbox.take();
  for (Outgoing& item : going) {
    if (item.commit != nullptr) apply(*item.commit);
    if (item.mark.has_value()) {
      const std::lock_guard lock(mutex_);
      mark_ = std::max(mark_, *item.mark);
    }
    if (item.action) item.action();
  }
  return !going.empty();
}

}  // namespace duru
