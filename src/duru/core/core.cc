#include "duru/core/core.h"

#include <algorithm>

#include "duru/base/assert.h"
#include "duru/core/fleet/fleet.h"
#include "duru/core/lifecycle/lifecycle.h"
#include "duru/core/queue/queue.h"
#include "duru/core/service/service.h"
#include "duru/domain/commands.h"

namespace duru {
namespace {

Outcome decide_start(Tx& tx, const StartServer& command) {
  // Whoever committed was alive then, whatever became of its notes.
  const Timestamp alive_at = std::max(command.alive_at, tx.state().now);
  if (tx.state().installation.empty()) tx.emit(InstallationCreated{command.installation});
  tx.emit(TermStarted{tx.state().term + 1, command.duru_version});
  tx.emit(Resumed{alive_at, command.boot_id, command.anchor});
  return Accepted{};
}

Outcome remove_node(Tx& tx, const RemoveNode& command) {
  const bool is_there = tx.state().nodes.count(command.node) > 0;
  if (is_there && !tx.state().takes_jobs(command.node)) end_services_of(tx, command.node);
  return decide_remove_node(tx, command);
}

Outcome decide_input(Tx& tx, const Message& input) {
  if (const auto* c = input.as<SubmitJobs>()) return decide_submit(tx, *c);
  if (const auto* c = input.as<CancelJob>()) return decide_cancel(tx, *c);
  if (const auto* c = input.as<ExtendLease>()) return decide_extend(tx, *c);
  if (const auto* c = input.as<CordonNode>()) return decide_cordon(tx, *c);
  if (const auto* c = input.as<UncordonNode>()) return decide_uncordon(tx, *c);
  if (const auto* c = input.as<DrainNode>()) return decide_drain(tx, *c);
  if (const auto* c = input.as<RemoveNode>()) return remove_node(tx, *c);
  if (const auto* c = input.as<MarkAccelerator>()) return decide_mark(tx, *c);
  if (const auto* c = input.as<DefineFleet>()) return decide_define_fleet(tx, *c);
  if (const auto* c = input.as<SetService>()) return decide_set_service(tx, *c);
  if (const auto* c = input.as<EndService>()) return decide_end_service(tx, *c);
  if (const auto* c = input.as<EndAllWork>()) return decide_end_all(tx, *c);
  if (const auto* c = input.as<StartServer>()) return decide_start(tx, *c);
  if (const auto* c = input.as<AcceptLoss>()) {
    tx.emit(LossAccepted{c->first_seq_lost, c->last_seq_lost});
    return Accepted{};
  }
  if (const auto* o = input.as<TaskObserved>()) {
    decide_task_observed(tx, *o);
  } else if (const auto* n = input.as<NodeObserved>()) {
    decide_node_observed(tx, *n);
  }
  return Accepted{};
}

void evolve_system(State& state, const Message& fact) {
  if (const auto* created = fact.as<InstallationCreated>()) {
    state.installation = created->installation;
  } else if (const auto* term = fact.as<TermStarted>()) {
    state.term = term->term;
  } else if (const auto* resumed = fact.as<Resumed>()) {
    state.anchor = resumed->anchor;
    state.boot_id = resumed->boot_id;
  }
}

}  // namespace

Outcome decide(Tx& tx, const Message& input) {
  const std::size_t before = tx.fact_count();
  Outcome outcome = decide_input(tx, input);
  if (std::holds_alternative<Rejection>(outcome)) {
    DURU_ASSERT(tx.fact_count() == before);
    return outcome;
  }
  // A start is no time to hand anything out: what this start found of the fleet comes right after
  // it.
  if (input.as<StartServer>() != nullptr) return outcome;
  decide_tick(tx);
  start_services(tx);
  schedule(tx);
  return outcome;
}

void evolve(State& state, const Message& fact, const FactContext& context) {
  state.last_seq = context.seq;
  state.now = context.now;
  evolve_system(state, fact);
  evolve_fleet(state, fact, context);
  evolve_service(state, fact, context);
  evolve_lifecycle(state, fact, context);
}

}  // namespace duru
