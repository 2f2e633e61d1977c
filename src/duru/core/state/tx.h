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

#include "duru/core/state/state.h"
#include "duru/domain/commands.h"
#include "duru/domain/decision.h"

namespace duru {

// What people say of why: bounded, because it may stand in many facts of one decision.
constexpr std::size_t kReasonMax = 256;
inline Rejection check_reason(const std::string& reason) {
  if (reason.size() <= kReasonMax) return {};
  return {"invalid", "the reason has " + std::to_string(reason.size()) + " bytes",
          "say it in " + std::to_string(kReasonMax) + " bytes", "/reason"};
}

class Tx {
 public:
  Tx(const State& state, FactSink& sink, std::string principal)
      : state_(state), sink_(sink), principal_(std::move(principal)) {}

  const State& state() const { return state_; }
  Timestamp now() const { return sink_.now(); }
  const std::string& principal() const { return principal_; }
  std::size_t fact_count() const { return sink_.fact_count(); }
  void emit(Message fact) { sink_.emit(std::move(fact)); }

 private:
  const State& state_;
  FactSink& sink_;
  std::string principal_;
};

}  // namespace duru
