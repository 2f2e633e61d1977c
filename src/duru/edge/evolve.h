// What each fact does to the state. Total: it asks nothing and refuses nothing.
#pragma once

#include "duru/domain/decision.h"
#include "duru/edge/state.h"

namespace duru {

void evolve(EdgeState& state, const Message& fact, const FactContext& context);

}  // namespace duru
