// What is durable of a node of the field, as the agent engine wants it. Under the view's lock.
#pragma once

#include "duru/core/state/state.h"
#include "duru/edge/state.h"
#include "duru/engine/agent/sync_news.h"

namespace duru {

FieldKnown known_of(const State& core, const EdgeState& field, const FieldNodeRecord& node);

}  // namespace duru
