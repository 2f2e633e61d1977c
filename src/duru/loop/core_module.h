// The core as a module of the loop.
#pragma once

#include "duru/core/state/tx.h"
#include "duru/loop/module.h"

namespace duru {

class CoreModule : public Module {
 public:
  std::string_view name() const override { return "core"; }
  Outcome decide(const Message& input, Decision& decision) override;
  void evolve(const Message& fact, const FactContext& context) override;
  std::optional<Timestamp> next_deadline(Timestamp now) const override;
  std::string snapshot() const override;
  Status restore(std::string_view bytes) override;

  const State& state() const { return state_; }

 private:
  State state_;
};

}  // namespace duru
