#include "duru/edge/known/known.h"

namespace duru {

FieldKnown known_of(const State& core, const EdgeState& field, const FieldNodeRecord& node) {
  FieldKnown known;
  known.revision = node.reported.revision;
  known.phase = node.reported.phase;
  known.serving = node.reported.serving;
  known.detail = node.reported.detail;
  known.flapping = node.reported.flapping;
  known.counters = node.reported.counters;
  known.events_through = node.reported.last_event;
  known.enrolled_at = node.enrolled_at;
  const auto in_core = core.nodes.find(node.name);
  const bool down_in_core = in_core != core.nodes.end() && in_core->second.down;
  known.down = down_in_core || node.silence.has_value();
  known.heartbeat = heartbeat_of(field, node);
  const auto fleet = field.fleets.find(node.fleet);
  if (fleet != field.fleets.end()) known.report_every = report_every_of(fleet->second.fleet);
  return known;
}

}  // namespace duru
