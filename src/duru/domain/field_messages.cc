#include "duru/domain/field_messages.h"

#include "duru/base/record_macros.h"

namespace duru {

DURU_ENUM(RolloutOutcome, {kNone, "none"}, {kCompleted, "completed"}, {kReturned, "returned"},
          {kStopped, "stopped"})

DURU_RECORD(ApplyField, (1, fleets), (2, releases), (3, rollouts))
DURU_RECORD(RemoveRelease, (1, release))
DURU_RECORD(SteerRollout, (1, rollout), (2, action))
DURU_RECORD(MakeEnrolment, (1, code), (2, labels), (3, valid_for))
DURU_RECORD(EnrolNode, (1, code), (2, credential), (3, service), (4, node), (5, chips))
DURU_RECORD(RevokeNode, (1, node), (2, reason), (3, remove))
DURU_RECORD(ReportField, (1, node), (2, boot_id), (3, revision), (4, phase), (5, serving),
            (6, detail), (7, counters), (8, events), (9, steady_for))
DURU_RECORD(FleetDefined, (1, fleet))
DURU_RECORD(ReleaseDefined, (1, release))
DURU_RECORD(ReleaseRemoved, (1, release))
DURU_RECORD(RolloutDefined, (1, rollout), (2, nodes), (3, wave_sizes))
DURU_RECORD(EnrolmentMade, (1, code), (2, labels), (3, valid_until))
DURU_RECORD(NodeEnrolled, (1, code), (2, credential), (3, service), (4, node), (5, chip),
            (6, labels), (7, amount), (8, cpu), (9, memory), (10, emulated))
DURU_RECORD(NodeRevoked, (1, node), (2, reason), (3, removed))
DURU_RECORD(WaveStarted, (1, rollout), (2, wave))
DURU_RECORD(WaveBaking, (1, rollout), (2, wave), (3, until))
DURU_RECORD(WaveUnsettled, (1, rollout), (2, wave))
DURU_RECORD(RolloutPaused, (1, rollout), (2, reason))
DURU_RECORD(RolloutResumed, (1, rollout))
DURU_RECORD(RolloutEnded, (1, rollout), (2, outcome), (3, reason))
DURU_RECORD(NodeRevised, (1, node), (2, revision))
DURU_RECORD(NodePhaseReported, (1, node), (2, revision), (3, phase), (4, serving), (5, detail),
            (6, flapping))
DURU_RECORD(NodeCounted, (1, node), (2, counters))
DURU_RECORD(EventRecorded, (1, node), (2, fleet), (3, event))
DURU_RECORD(NodeSilent, (1, node), (2, detail), (3, failed))
DURU_RECORD(NodeHeard, (1, node))

DURU_KIND(ApplyField, kCommand, "edge", 40, "apply_field")
DURU_KIND(SteerRollout, kCommand, "edge", 41, "steer_rollout")
DURU_KIND(MakeEnrolment, kCommand, "edge", 42, "make_enrolment")
DURU_KIND(EnrolNode, kCommand, "edge", 43, "enrol_node")
DURU_KIND(RevokeNode, kCommand, "edge", 44, "revoke_node")
DURU_KIND(ReportField, kCommand, "edge", 45, "report_field")
DURU_KIND(RemoveRelease, kCommand, "edge", 46, "remove_release")
DURU_KIND(FleetDefined, kFact, "edge", 100, "fleet_defined")
DURU_KIND(ReleaseDefined, kFact, "edge", 101, "release_defined")
DURU_KIND(RolloutDefined, kFact, "edge", 102, "rollout_defined")
DURU_KIND(EnrolmentMade, kFact, "edge", 103, "enrolment_made")
DURU_KIND(NodeEnrolled, kFact, "edge", 104, "node_enrolled")
DURU_KIND(NodeRevoked, kFact, "edge", 105, "node_revoked")
DURU_KIND(WaveStarted, kFact, "edge", 106, "wave_started")
DURU_KIND(WaveBaking, kFact, "edge", 107, "wave_baking")
DURU_KIND(WaveUnsettled, kFact, "edge", 108, "wave_unsettled")
DURU_KIND(RolloutPaused, kFact, "edge", 109, "rollout_paused")
DURU_KIND(RolloutResumed, kFact, "edge", 110, "rollout_resumed")
DURU_KIND(RolloutEnded, kFact, "edge", 111, "rollout_ended")
DURU_KIND(NodeRevised, kFact, "edge", 112, "node_revised")
DURU_KIND(NodePhaseReported, kFact, "edge", 113, "node_phase_reported")
DURU_KIND(NodeCounted, kFact, "edge", 114, "node_counted")
DURU_KIND(EventRecorded, kFact, "edge", 115, "event_recorded")
DURU_KIND(NodeSilent, kFact, "edge", 116, "node_silent")
DURU_KIND(NodeHeard, kFact, "edge", 117, "node_heard")
DURU_KIND(ReleaseRemoved, kFact, "edge", 118, "release_removed")

}  // namespace duru
