// The core's state as plain records: what a snapshot holds, and all of it. Indexes over them are in
// state.h and are rebuilt from these.
#pragma once

#include "duru/domain/facts.h"
#include "duru/domain/observations.h"
#include "duru/domain/service.h"

namespace duru {

struct UnhealthyMark {
  std::int32_t index = 0;
  std::string reason;
};
DURU_DECLARE_RECORD(UnhealthyMark)

struct NodeRecord {
  Node node;
  Timestamp joined_at;
  bool cordoned = false;
  std::string cordon_reason;
  bool draining = false;  // also cordoned; work is stopped at stop_at
  Timestamp stop_at;
  bool down = false;  // the engine says so
  std::string down_detail;
  std::vector<UnhealthyMark> unhealthy;  // ascending index
};
DURU_DECLARE_RECORD(NodeRecord)

struct TaskRunRecord {
  Allocation allocation;
  std::optional<Timestamp> started_at;
  std::optional<TaskEnd> end;
  std::optional<Timestamp> released_at;
  std::string detail;
};
DURU_DECLARE_RECORD(TaskRunRecord)

struct AttemptRecord {
  std::int32_t number = 0;
  std::int32_t variant = 0;  // -1: the job's track
  Timestamp decided_at;
  std::int64_t decided_seq = 0;
  std::int64_t term = 0;
  std::vector<TaskRunRecord> tasks;
  std::map<std::string, Digest> inputs;
  StopCause stop_cause{};
  Milliseconds stop_grace;
  AttemptOutcome outcome{};  // kNone while it lives
  Timestamp ended_at;
  std::string detail;
  OutputsPhase outputs_phase{};  // of task 0, reported before the other tasks ended
  std::map<std::string, StoredOutput> outputs;
  std::string outputs_detail;
};
DURU_DECLARE_RECORD(AttemptRecord)

// What a workload is that has no job: pinned to a node, without an end.
struct ServiceRecord {
  ServiceSpec spec;
  Revision revision;
  Timestamp defined_at;
  bool ending = false;   // no new attempt
  Timestamp not_before;  // of the next attempt, after one that ended without our asking
};
DURU_DECLARE_RECORD(ServiceRecord)

// What the core schedules: n equal tasks, all or nothing; of a job, or a service.
struct WorkloadRecord {
  WorkloadId id;
  JobId job;  // the owner, told of its end; empty: a service
  std::int32_t attempt_count = 0;
  std::int64_t queued_seq = 0;           // first-come order; kept over retries
  std::optional<AttemptRecord> attempt;  // the live one
  std::optional<ServiceRecord> service;
};
DURU_DECLARE_RECORD(WorkloadRecord)

struct JobRecord {
  JobId id;
  ProjectName project;
  JobSpec spec;  // normalised
  std::vector<JobId> after;
  std::vector<JobInput> inputs;
  std::string principal;
  Timestamp submitted_at;
  JobState state{};
  Timestamp not_before;  // starting_backoff until then
  std::string backoff_detail;
  std::int32_t retries_used = 0;
  std::int32_t lost_in_a_row = 0;  // infrastructure failures without anything else between
  bool cancel_requested = false;
  Timestamp lease_ends_at;       // of a running session
  Milliseconds lease_extension;  // granted in all, for each attempt
  std::vector<AttemptRecord> past_attempts;
  std::map<std::string, StoredOutput> outputs;
  std::optional<Timestamp> started_at;  // the first time that all tasks ran
  std::optional<Timestamp> ended_at;
  std::string end_reason;  // JobEnded::reason
  std::string end_detail;
  std::optional<std::int32_t> exit_code;
  std::optional<std::int32_t> signal;
  bool lost = false;
};
DURU_DECLARE_RECORD(JobRecord)

struct StateRecord {
  InstallationId installation;
  std::int64_t term = 0;
  std::int64_t last_seq = 0;
  Timestamp now;  // of the last fact
  Timestamp anchor;
  std::string boot_id;
  std::vector<Chip> chips;
  std::vector<Site> sites;
  std::vector<NodeRecord> nodes;
  std::vector<JobRecord> jobs;
  std::vector<WorkloadRecord> workloads;
  Timestamp pass_ended_at;  // when a scheduling pass last ended before its work did
};
DURU_DECLARE_RECORD(StateRecord)

}  // namespace duru
