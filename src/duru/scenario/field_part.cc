#include "duru/scenario/field_part.h"

#include "duru/base/record_macros.h"

namespace duru {

DURU_ENUM(ScenarioRolloutState, {kRunning, "running"}, {kPaused, "paused"},
          {kCompleted, "completed"}, {kReturned, "returned"}, {kStopped, "stopped"})
DURU_RECORD(ScenarioFieldTimes, (1, fetch), (2, start), (3, give_up), (4, unwell), (5, boot))
DURU_RECORD(ScenarioAgent, (1, labels), (2, chip), (3, cpu), (4, memory))
DURU_RECORD(ScenarioField, (1, times), (2, agents))
DURU_RECORD(ScenarioApply, (1, fleets), (2, releases), (3, rollouts))
DURU_RECORD(ScenarioLink, (1, node), (2, up))
DURU_RECORD(ScenarioProbe, (1, release), (2, ok))
DURU_RECORD(ScenarioSlow, (1, node), (2, by))
DURU_RECORD(ScenarioSteer, (1, rollout), (2, action))
DURU_RECORD(ScenarioSyncs, (1, lost), (2, reply_lost), (3, doubled), (4, late))
DURU_RECORD(ExpectedRollout, (1, at), (2, rollout), (3, state), (4, waves), (5, reason))
DURU_RECORD(ExpectedAgent, (1, at), (2, node), (3, serving), (4, known), (5, phase), (6, lost))

}  // namespace duru
