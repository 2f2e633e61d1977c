// The core: every decision of Duru, deterministic. It knows base and domain only: no clock, file,
// thread, socket, randomness or floating point. The same inputs give the same facts on any machine,
// live and simulated.
//
//   Outcome decide(Tx&, input)    a command, an observation or a tick; emits facts, each of which
//   evolves the state at once void    evolve(State&, fact)  total; changes the state and nothing
//   else
//
// After every input a scheduling pass starts what fits.
#pragma once

#include "duru/core/state/tx.h"

namespace duru {

// Commands are accepted or rejected; a rejection never follows a fact. Observations and ticks are
// always accepted.
Outcome decide(Tx& tx, const Message& input);

void evolve(State& state, const Message& fact, const FactContext& context);

std::optional<Timestamp> next_deadline(const State& state, Timestamp now);

}  // namespace duru
