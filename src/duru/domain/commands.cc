#include "duru/domain/commands.h"

#include "duru/base/record_macros.h"
#include "duru/domain/field_messages.h"

namespace duru {

DURU_RECORD(JobSubmission, (1, id), (2, spec))
DURU_RECORD(SubmitJobs, (1, project), (2, jobs), (3, outputs_of_history), (4, succeeded_in_history))
DURU_RECORD(CancelJob, (1, job))
DURU_RECORD(ExtendLease, (1, job), (2, by))
DURU_RECORD(CordonNode, (1, node), (2, reason))
DURU_RECORD(UncordonNode, (1, node))
DURU_RECORD(DrainNode, (1, node), (2, grace), (3, reason))
DURU_RECORD(RemoveNode, (1, node))
DURU_RECORD(MarkAccelerator, (1, accelerator), (2, healthy), (3, reason))
DURU_RECORD(DefineFleet, (1, chips), (2, sites), (3, nodes), (4, is_whole))
DURU_RECORD(EndAllWork, (1, reason))
DURU_RECORD(StartServer, (1, installation), (2, duru_version), (3, alive_at), (4, boot_id),
            (5, anchor))
DURU_RECORD(AcceptLoss, (1, first_seq_lost), (2, last_seq_lost))

DURU_KIND(SubmitJobs, kCommand, "core", 1, "submit_jobs")
DURU_KIND(CancelJob, kCommand, "core", 2, "cancel_job")
DURU_KIND(ExtendLease, kCommand, "core", 3, "extend_lease")
DURU_KIND(CordonNode, kCommand, "core", 4, "cordon_node")
DURU_KIND(UncordonNode, kCommand, "core", 5, "uncordon_node")
DURU_KIND(DrainNode, kCommand, "core", 6, "drain_node")
DURU_KIND(RemoveNode, kCommand, "core", 7, "remove_node")
DURU_KIND(MarkAccelerator, kCommand, "core", 8, "mark_accelerator")
DURU_KIND(DefineFleet, kCommand, "core", 9, "define_fleet")
DURU_KIND(EndAllWork, kCommand, "core", 10, "end_all_work")
DURU_KIND(StartServer, kCommand, "system", 11, "start_server")
DURU_KIND(AcceptLoss, kCommand, "system", 12, "accept_loss")

const std::vector<const Kind*>& command_kinds() {
  static const std::vector<const Kind*> kinds = {
      &kind_of<SubmitJobs>(),   &kind_of<CancelJob>(),       &kind_of<ExtendLease>(),
      &kind_of<CordonNode>(),   &kind_of<UncordonNode>(),    &kind_of<DrainNode>(),
      &kind_of<RemoveNode>(),   &kind_of<MarkAccelerator>(), &kind_of<DefineFleet>(),
      &kind_of<EndAllWork>(),   &kind_of<StartServer>(),     &kind_of<AcceptLoss>(),
      &kind_of<SetService>(),   &kind_of<EndService>(),      &kind_of<ApplyField>(),
      &kind_of<SteerRollout>(), &kind_of<MakeEnrolment>(),   &kind_of<EnrolNode>(),
      &kind_of<RevokeNode>(),   &kind_of<ReportField>(),     &kind_of<RemoveRelease>()};
  return kinds;
}

}  // namespace duru
