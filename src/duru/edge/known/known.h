// What is durable of a node of the field, as the agent engine wants it: read from the core's and
// the module's state at one moment, under the view's lock.
//
//   engine.on_sync(node, request, known_of(core, field, *field.node(node)));
#pragma once

#include "duru/core/state/state.h"
#include "duru/edge/state.h"
#include "duru/engine/agent/sync_news.h"

namespace duru {

FieldKnown known_of(const State& core, const EdgeState& field, const FieldNodeRecord& node);

}  // namespace duru
