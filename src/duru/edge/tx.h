// EdgeTx: one decision of the module. Like the core's Tx, and it hands commands over.
#pragma once

#include "duru/edge/state.h"
#include "duru/loop/module.h"

namespace duru {

class EdgeTx {
 public:
  EdgeTx(const EdgeState& state, Decision& decision) : state_(state), decision_(decision) {}

  const EdgeState& state() const { return state_; }
  Timestamp now() const { return decision_.now(); }
  const std::string& principal() const { return decision_.principal(); }
  void emit(Message fact) { decision_.emit(std::move(fact)); }
  // Empty when it was accepted.
  Rejection hand_over(const Message& command) {
    const Outcome outcome = decision_.hand_over(command);
    const auto* rejection = std::get_if<Rejection>(&outcome);
    return rejection == nullptr ? Rejection{} : *rejection;
  }

 private:
  const EdgeState& state_;
  Decision& decision_;
};

}  // namespace duru
