#include "duru/domain/facts.h"

#include "duru/base/record_macros.h"
#include "duru/domain/field_messages.h"

namespace duru {

DURU_ENUM(StopCause, {kNone, "none"}, {kCancelled, "cancelled"}, {kLeaseEnded, "lease_ended"},
          {kDrained, "drained"}, {kTaskFailed, "task_failed"}, {kNodeRemoved, "node_removed"},
          {kShutdown, "shutdown"}, {kServiceEnded, "service_ended"})
DURU_ENUM(AttemptOutcome, {kNone, "none"}, {kSucceeded, "succeeded"}, {kFailed, "failed"},
          {kTimeLimit, "time_limit"}, {kStopped, "stopped"}, {kLost, "lost"})

DURU_RECORD(InstallationCreated, (1, installation))
DURU_RECORD(TermStarted, (1, term), (2, duru_version))
DURU_RECORD(Resumed, (1, alive_at), (2, boot_id), (3, anchor))
DURU_RECORD(LossAccepted, (1, first_seq_lost), (2, last_seq_lost))
DURU_RECORD(AnswerKept, (1, idempotency_key))
DURU_RECORD(ChipDefined, (1, chip))
DURU_RECORD(SiteDefined, (1, site))
DURU_RECORD(NodeDefined, (1, node))
DURU_RECORD(NodeRemoved, (1, node))
DURU_RECORD(NodeCordoned, (1, node), (2, reason))
DURU_RECORD(NodeUncordoned, (1, node))
DURU_RECORD(NodeDraining, (1, node), (2, stop_at), (3, reason))
DURU_RECORD(AcceleratorMarked, (1, accelerator), (2, healthy), (3, reason))
DURU_RECORD(NodeReported, (1, node), (2, up), (3, detail))
DURU_RECORD(JobSubmitted, (1, job), (2, project), (3, spec), (4, after), (5, inputs),
            (6, principal))
DURU_RECORD(AttemptStarted, (1, workload), (2, attempt), (3, variant), (4, allocations),
            (5, inputs), (6, ends_pass))
DURU_RECORD(TaskStarted, (1, workload), (2, attempt), (3, task), (4, started_at), (5, detail))
DURU_RECORD(TaskEnded, (1, workload), (2, attempt), (3, task), (4, end))
DURU_RECORD(TaskReleased, (1, workload), (2, attempt), (3, task), (4, released_at))
DURU_RECORD(AttemptStopping, (1, workload), (2, attempt), (3, cause), (4, grace))
DURU_RECORD(AttemptEnded, (1, workload), (2, attempt), (3, outcome), (4, outputs), (5, detail))
DURU_RECORD(JobRequeued, (1, job), (2, not_before), (3, counts), (4, detail))
DURU_RECORD(JobCancelRequested, (1, job), (2, principal))
DURU_RECORD(LeaseExtended, (1, job), (2, by))
DURU_RECORD(JobEnded, (1, job), (2, state), (3, reason), (4, exit_code), (5, signal), (6, lost),
            (7, detail))
DURU_RECORD(JobRetired, (1, job))
DURU_RECORD(OutputsReported, (1, workload), (2, attempt), (3, phase), (4, outputs), (5, detail))

DURU_KIND(InstallationCreated, kFact, "system", 1, "installation_created")
DURU_KIND(TermStarted, kFact, "system", 2, "term_started")
DURU_KIND(Resumed, kFact, "system", 3, "resumed")
DURU_KIND(LossAccepted, kFact, "system", 4, "loss_accepted")
DURU_KIND(AnswerKept, kFact, "system", 5, "answer_kept")
DURU_KIND(ChipDefined, kFact, "core", 10, "chip_defined")
DURU_KIND(SiteDefined, kFact, "core", 11, "site_defined")
DURU_KIND(NodeDefined, kFact, "core", 12, "node_defined")
DURU_KIND(NodeRemoved, kFact, "core", 13, "node_removed")
DURU_KIND(NodeCordoned, kFact, "core", 14, "node_cordoned")
DURU_KIND(NodeUncordoned, kFact, "core", 15, "node_uncordoned")
DURU_KIND(NodeDraining, kFact, "core", 16, "node_draining")
DURU_KIND(AcceleratorMarked, kFact, "core", 17, "accelerator_marked")
DURU_KIND(NodeReported, kFact, "core", 18, "node_reported")
DURU_KIND(JobSubmitted, kFact, "core", 30, "job_submitted")
DURU_KIND(AttemptStarted, kFact, "core", 31, "attempt_started")
DURU_KIND(TaskStarted, kFact, "core", 32, "task_started")
DURU_KIND(TaskEnded, kFact, "core", 33, "task_ended")
DURU_KIND(TaskReleased, kFact, "core", 34, "task_released")
DURU_KIND(AttemptStopping, kFact, "core", 35, "attempt_stopping")
DURU_KIND(AttemptEnded, kFact, "core", 36, "attempt_ended")
DURU_KIND(JobRequeued, kFact, "core", 37, "job_requeued")
DURU_KIND(JobCancelRequested, kFact, "core", 38, "job_cancel_requested")
DURU_KIND(LeaseExtended, kFact, "core", 39, "lease_extended")
DURU_KIND(JobEnded, kFact, "core", 40, "job_ended")
DURU_KIND(JobRetired, kFact, "core", 41, "job_retired")
DURU_KIND(OutputsReported, kFact, "core", 42, "outputs_reported")

const std::vector<const Kind*>& fact_kinds() {
  static const std::vector<const Kind*> kinds = {&kind_of<InstallationCreated>(),
                                                 &kind_of<TermStarted>(),
                                                 &kind_of<Resumed>(),
                                                 &kind_of<LossAccepted>(),
                                                 &kind_of<AnswerKept>(),
                                                 &kind_of<ChipDefined>(),
                                                 &kind_of<SiteDefined>(),
                                                 &kind_of<NodeDefined>(),
                                                 &kind_of<NodeRemoved>(),
                                                 &kind_of<NodeCordoned>(),
                                                 &kind_of<NodeUncordoned>(),
                                                 &kind_of<NodeDraining>(),
                                                 &kind_of<AcceleratorMarked>(),
                                                 &kind_of<NodeReported>(),
                                                 &kind_of<JobSubmitted>(),
                                                 &kind_of<AttemptStarted>(),
                                                 &kind_of<TaskStarted>(),
                                                 &kind_of<TaskEnded>(),
                                                 &kind_of<TaskReleased>(),
                                                 &kind_of<AttemptStopping>(),
                                                 &kind_of<AttemptEnded>(),
                                                 &kind_of<JobRequeued>(),
                                                 &kind_of<JobCancelRequested>(),
                                                 &kind_of<LeaseExtended>(),
                                                 &kind_of<JobEnded>(),
                                                 &kind_of<JobRetired>(),
                                                 &kind_of<OutputsReported>(),
                                                 &kind_of<ServiceDefined>(),
                                                 &kind_of<ServiceRevised>(),
                                                 &kind_of<ServiceEnding>(),
                                                 &kind_of<ServiceRemoved>(),
                                                 &kind_of<FleetDefined>(),
                                                 &kind_of<ReleaseDefined>(),
                                                 &kind_of<RolloutDefined>(),
                                                 &kind_of<EnrolmentMade>(),
                                                 &kind_of<NodeEnrolled>(),
                                                 &kind_of<NodeRevoked>(),
                                                 &kind_of<WaveStarted>(),
                                                 &kind_of<WaveBaking>(),
                                                 &kind_of<WaveUnsettled>(),
                                                 &kind_of<RolloutPaused>(),
                                                 &kind_of<RolloutResumed>(),
                                                 &kind_of<RolloutEnded>(),
                                                 &kind_of<NodeRevised>(),
                                                 &kind_of<NodePhaseReported>(),
                                                 &kind_of<NodeCounted>(),
                                                 &kind_of<EventRecorded>(),
                                                 &kind_of<NodeSilent>(),
                                                 &kind_of<NodeHeard>(),
                                                 &kind_of<ReleaseRemoved>()};
  return kinds;
}

}  // namespace duru
