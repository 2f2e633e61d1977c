// Commands: what somebody asks for. A command is whole and validated in form before it reaches the
// core: ids that were drawn for it and digests of what was uploaded are in it, so that replaying it
// gives the same facts.
#pragma once

#include "duru/domain/fleet.h"
#include "duru/domain/job.h"
#include "duru/domain/message.h"

namespace duru {

struct JobSubmission {
  JobId id;  // drawn by the server
  JobSpec spec;
};
DURU_DECLARE_RECORD(JobSubmission)

// One or several jobs: all are accepted or none.
struct SubmitJobs {
  ProjectName project;
  std::vector<JobSubmission> jobs;
  // Inputs whose producer has left the core's state, found in the history: "job/output" -> digest.
  std::map<std::string, Digest> outputs_of_history;
  // Names of jobs that succeeded and left the core's state: `after` is fulfilled by them.
  std::vector<std::string> succeeded_in_history;
};
DURU_DECLARE_KIND(SubmitJobs)

struct CancelJob {
  JobId job;
};
DURU_DECLARE_KIND(CancelJob)

struct ExtendLease {
  JobId job;
  Milliseconds by;
};
DURU_DECLARE_KIND(ExtendLease)

struct CordonNode {
  NodeName node;
  std::string reason;
};
DURU_DECLARE_KIND(CordonNode)
struct UncordonNode {
  NodeName node;
};
DURU_DECLARE_KIND(UncordonNode)
struct DrainNode {
  NodeName node;
  Milliseconds grace;
  std::string reason;
};
DURU_DECLARE_KIND(DrainNode)
struct RemoveNode {
  NodeName node;
};
DURU_DECLARE_KIND(RemoveNode)
struct MarkAccelerator {
  AcceleratorId accelerator;
  bool healthy = false;
  std::string reason;
};
DURU_DECLARE_KIND(MarkAccelerator)

// The fleet as the server found or was told it, at a start: what differs from the state becomes
// facts. When `is_whole`, nodes of the named sites that are absent here have left; else they stay
// as they are.
struct DefineFleet {
  std::vector<Chip> chips;
  std::vector<Site> sites;
  std::vector<Node> nodes;
  bool is_whole = false;
};
DURU_DECLARE_KIND(DefineFleet)

// duru down --all: every unfinished job is cancelled.
struct EndAllWork {
  std::string reason;
};
DURU_DECLARE_KIND(EndAllWork)

// The server starts: draws the installation (first start), takes the term, resumes the clock.
struct StartServer {
  InstallationId installation;  // used only when there is none
  std::string duru_version;
  Timestamp alive_at;
  std::string boot_id;
  Timestamp anchor;
};
DURU_DECLARE_KIND(StartServer)

// A person goes on without facts that were acknowledged and are missing (duru journal accept-loss).
struct AcceptLoss {
  std::int64_t first_seq_lost = 0;
  std::int64_t last_seq_lost = 0;
};
DURU_DECLARE_KIND(AcceptLoss)

}  // namespace duru
