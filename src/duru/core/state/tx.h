// Tx: one decision. It reads the state and emits facts; each fact evolves the state at once, so
// that a scheduling pass sees its own decisions.
//
//   Outcome decide_cancel(Tx& tx, const CancelJob& command) {
//     const JobRecord* job = tx.state().job(command.job);
//     if (job == nullptr) return Rejection{"not-found", …};   // before any emit
//     tx.emit(JobCancelRequested{job->id, tx.principal()});
//     return Accepted{{job->id}};
//   }
#pragma once

#include <variant>

#include "duru/core/state/state.h"
#include "duru/domain/commands.h"
#include "duru/domain/rejection.h"

namespace duru {

// Where and when a fact stands.
struct FactContext {
  std::int64_t seq = 0;
  std::int64_t term = 0;
  Timestamp now;
};

using EvolveFunction = void (*)(State&, const Message& fact, const FactContext&);

struct Accepted {
  std::vector<JobId> jobs;  // made or touched, in the command's order
};
using Outcome = std::variant<Accepted, Rejection>;

class Tx {
 public:
  Tx(State& state, EvolveFunction evolve, FactContext next, std::string principal)
      : state_(state), evolve_(evolve), next_(next), principal_(std::move(principal)) {}

  const State& state() const { return state_; }
  Timestamp now() const { return next_.now; }
  const std::string& principal() const { return principal_; }
  const std::vector<Message>& facts() const { return facts_; }

  void emit(Message fact) {
    // A term begins with its own fact, so that facts of one commit may raise it.
    if (const auto* started = fact.as<TermStarted>()) next_.term = started->term;
    evolve_(state_, fact, next_);
    facts_.push_back(std::move(fact));
    ++next_.seq;
  }

 private:
  State& state_;
  EvolveFunction evolve_;
  FactContext next_;
  std::string principal_;
  std::vector<Message> facts_;
};

}  // namespace duru
