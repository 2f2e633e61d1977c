// Fault points: named places between two steps that must both be safe to die at. For the tests that
// kill the agent at each of them; in the field the variable is not set and a point does nothing.
//
//   DURU_AGENT_DIE_AT=switch_recorded duru-agent run --data DIR   # kills itself (KILL) there
//
// All names, in the order in which an update passes them:
//   desired_saved         the new revision is on disk, nothing was done for it
//   revision_recorded     the state names it
//   manifest_kept         the manifest is verified and kept
//   file_downloaded       one file is whole under its temporary name
//   file_kept             it has its own name
//   slot_given_up         the state no longer claims what the other slot held
//   slot_filled           the other slot is unpacked
//   slot_recorded         the state says so
//   stop_asked            the old workload was asked to stop
//   old_stopped           it is gone, the state still names it
//   switch_recorded       the state names the new one, which does not run yet
//   run_prepared          its run folder is written
//   run_started           its supervisor is on disk
//   proven_recorded       it was well for the first time
//   gave_up_recorded      it is given up; the former release comes back
//   events_spooled        events are on our disk, their place in the workload's file is not noted
//   event_segment_noted   events are acknowledged, their segment is still there
#pragma once

namespace duru::agent {

void fault_point(const char* name);

}  // namespace duru::agent
