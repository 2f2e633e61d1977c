// Facts: what was decided or observed, in the order it became durable. Numbers and field numbers
// are never used again; evolve() of a retired kind stays. The time of a fact is its commit's now.
#pragma once

#include "duru/domain/job.h"
#include "duru/domain/message.h"

namespace duru {

// --- system: seen by every module
// -------------------------------------------------------------------------------

struct InstallationCreated {
  InstallationId installation;
};
DURU_DECLARE_KIND(InstallationCreated)

// A server took over: the first fact of its term.
struct TermStarted {
  std::int64_t term = 0;
  std::string duru_version;
};
DURU_DECLARE_KIND(TermStarted)

// The control plane is back: an outage of ours lasted from alive_at to the commit's now, so leases
// and other promises of ours move by that span.
struct Resumed {
  Timestamp alive_at;
  std::string boot_id;
  Timestamp anchor;  // now = anchor + boot-time clock, until the next Resumed
};
DURU_DECLARE_KIND(Resumed)

// A person accepted that acknowledged facts are gone (duru journal accept-loss).
struct LossAccepted {
  std::int64_t first_seq_lost = 0;
  std::int64_t last_seq_lost = 0;
};
DURU_DECLARE_KIND(LossAccepted)

// A command with an Idempotency-Key was accepted and changed nothing: only its answer is to be
// kept, in the commit.
struct AnswerKept {
  std::string idempotency_key;
};
DURU_DECLARE_KIND(AnswerKept)

// --- core: the fleet
// --------------------------------------------------------------------------------------------

struct ChipDefined {
  Chip chip;
};
DURU_DECLARE_KIND(ChipDefined)
struct SiteDefined {
  Site site;
};
DURU_DECLARE_KIND(SiteDefined)
struct NodeDefined {  // joined, or changed
  Node node;
};
DURU_DECLARE_KIND(NodeDefined)
struct NodeRemoved {
  NodeName node;
};
DURU_DECLARE_KIND(NodeRemoved)
struct NodeCordoned {
  NodeName node;
  std::string reason;
};
DURU_DECLARE_KIND(NodeCordoned)
struct NodeUncordoned {
  NodeName node;
};
DURU_DECLARE_KIND(NodeUncordoned)
struct NodeDraining {  // cordoned, and what runs is stopped and requeued at stop_at
  NodeName node;
  Timestamp stop_at;
  std::string reason;
};
DURU_DECLARE_KIND(NodeDraining)
struct AcceleratorMarked {
  AcceleratorId accelerator;
  bool healthy = false;
  std::string reason;
};
DURU_DECLARE_KIND(AcceleratorMarked)
struct NodeReported {  // what the engine says of a node
  NodeName node;
  bool up = false;
  std::string detail;
};
DURU_DECLARE_KIND(NodeReported)

// --- core: jobs, workloads, attempts
// -----------------------------------------------------------------------------

struct JobSubmitted {
  JobId job;
  ProjectName project;
  JobSpec spec;  // normalised
  std::vector<JobId> after;
  std::vector<JobInput> inputs;
  std::string principal;
};
DURU_DECLARE_KIND(JobSubmitted)

// The decision to run: from here on the allocations are held and charged.
struct AttemptStarted {
  WorkloadId workload;
  std::int32_t attempt = 0;             // from 1
  std::int32_t variant = 0;             // index into the job's variants; -1: the job's track
  std::vector<Allocation> allocations;  // one a task
  std::map<std::string, Digest> inputs;
  bool ends_pass = false;  // the pass was long enough; the next one comes a millisecond later
};
DURU_DECLARE_KIND(AttemptStarted)

struct TaskStarted {
  WorkloadId workload;
  std::int32_t attempt = 0;
  std::int32_t task = 0;
  Timestamp started_at;
  std::string detail;  // limits that are not enforced, and the like
};
DURU_DECLARE_KIND(TaskStarted)

struct TaskEnded {
  WorkloadId workload;
  std::int32_t attempt = 0;
  std::int32_t task = 0;
  TaskEnd end;
};
DURU_DECLARE_KIND(TaskEnded)

// The task's process tree is proven empty: what it held is free.
struct TaskReleased {
  WorkloadId workload;
  std::int32_t attempt = 0;
  std::int32_t task = 0;
  Timestamp released_at;
};
DURU_DECLARE_KIND(TaskReleased)

enum class StopCause {
  kNone,
  kCancelled,
  kLeaseEnded,
  kDrained,
  kTaskFailed,
  kNodeRemoved,
  kShutdown,
  kServiceEnded
};
DURU_DECLARE_ENUM(StopCause)

// The decision to stop every task of the attempt.
struct AttemptStopping {
  WorkloadId workload;
  std::int32_t attempt = 0;
  StopCause cause{};
  Milliseconds grace;
};
DURU_DECLARE_KIND(AttemptStopping)

enum class AttemptOutcome { kNone, kSucceeded, kFailed, kTimeLimit, kStopped, kLost };
DURU_DECLARE_ENUM(AttemptOutcome)

// Every task is released and, after a success, its outputs are stored.
struct AttemptEnded {
  WorkloadId workload;
  std::int32_t attempt = 0;
  AttemptOutcome outcome{};
  std::map<std::string, StoredOutput> outputs;
  std::string detail;
};
DURU_DECLARE_KIND(AttemptEnded)

struct JobRequeued {
  JobId job;
  Timestamp not_before;  // starting_backoff until then
  bool counts = false;   // as one of the job's retries
  std::string detail;
};
DURU_DECLARE_KIND(JobRequeued)

struct JobCancelRequested {
  JobId job;
  std::string principal;
};
DURU_DECLARE_KIND(JobCancelRequested)

struct LeaseExtended {
  JobId job;
  Milliseconds by;
};
DURU_DECLARE_KIND(LeaseExtended)

struct JobEnded {
  JobId job;
  JobState state{};
  // Why: "" for a success, else dependency, cancelled, time_limit, lease_ended, exit_code, signal,
  // failed_to_start, output_missing or lost.
  std::string reason;
  std::optional<std::int32_t> exit_code;
  std::optional<std::int32_t> signal;
  bool lost = false;
  std::string detail;  // one sentence
};
DURU_DECLARE_KIND(JobEnded)

// What became of the outputs of task 0, when other tasks of the attempt are still to end. The
// engine need not say it again.
struct OutputsReported {
  WorkloadId workload;
  std::int32_t attempt = 0;
  OutputsPhase phase{};
  std::map<std::string, StoredOutput> outputs;
  std::string detail;
};
DURU_DECLARE_KIND(OutputsReported)

// Nothing waits for it and its retention has passed: it leaves the core's state and is history.
struct JobRetired {
  JobId job;
};
DURU_DECLARE_KIND(JobRetired)

}  // namespace duru
