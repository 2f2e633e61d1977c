// State: the tables of the core and the indexes over them. Only evolve() changes it (tx.h);
// everybody else reads.
//
// Indexes iterate by name, id or value, never by order of arrival, and hold nothing that the
// records do not: a state restored from a snapshot decides like the one that was never stopped.
#pragma once

#include <set>

#include "duru/core/state/waiting_line.h"

namespace duru {

// Who holds an accelerator.
struct Holder {
  WorkloadId workload;
  std::int32_t attempt = 0;
  std::int32_t task = 0;
  auto operator<=>(const Holder&) const = default;
};

// What is free on a node now; derived from the live attempts.
struct NodeCapacity {
  MilliCpu cpu_free;
  Bytes memory_free;
  std::map<std::int32_t, Holder> holders;                   // accelerator index -> holder
  std::map<ChipName, std::set<std::int32_t>> free_by_chip;  // healthy and not held
  std::int32_t task_count = 0;                              // live task runs
  bool operator==(const NodeCapacity&) const = default;
};

class State {
 public:
  // --- tables ---
  InstallationId installation;
  std::int64_t term = 0;
  std::int64_t last_seq = 0;
  Timestamp now;
  Timestamp anchor;
  std::string boot_id;
  Timestamp pass_ended_at;  // when a scheduling pass last ended before its work did
  std::map<ChipName, Chip> chips;
  std::map<SiteName, Site> sites;
  std::map<NodeName, NodeRecord> nodes;
  std::map<JobId, JobRecord> jobs;
  std::map<WorkloadId, WorkloadRecord> workloads;

  // --- indexes ---
  std::map<std::string, ChipName> chip_by_alias;  // also by name
  std::map<NodeName, NodeCapacity> capacity;
  std::map<ChipName, std::set<NodeName>> nodes_of_chip;    // nodes that take jobs and have it
  std::map<ChipName, std::set<NodeName>> pinned_of_chip;   // nodes that take services alone
  std::map<ChipName, std::set<NodeName>> nodes_with_free;  // schedulable, at least one free
  std::map<Shape, WaitingLine> waiting;                    // dependencies fulfilled, no attempt
  std::map<std::pair<ProjectName, std::string>, JobId> unfinished_by_name;
  std::map<JobId, std::set<JobId>> dependents;  // unfinished jobs that wait for this one
  std::set<std::pair<Timestamp, JobId>> backoffs, leases, retirements;
  std::map<NodeName, std::set<WorkloadId>> live_on_node;
  std::set<NodeName> draining_nodes;
  std::map<NodeName, std::set<WorkloadId>> services_on_node;
  std::set<std::pair<Timestamp, WorkloadId>> idle_services;  // no attempt, not ending; not_before

  // Its site takes jobs, not only services that are pinned to its nodes.
  bool takes_jobs(const NodeName& node) const;
  // A node takes new jobs: up, not cordoned.
  bool schedulable(const NodeName& node) const;
  bool healthy(const AcceleratorId& accelerator) const;
  const Accelerator* accelerator(const AcceleratorId& id) const;
  const JobRecord* job(const JobId& id) const;
  const WorkloadRecord* workload(const WorkloadId& id) const;
  // The unfinished job of that name, else the newest ended one still here; nullptr when there is
  // none.
  const JobRecord* job_named(const ProjectName& project, std::string_view name) const;
  bool dependencies_fulfilled(const JobRecord& job) const;
  std::vector<Chip const*> chips_of(const Request& request) const;  // by name

  // --- index upkeep, called by the rooms' evolve functions ---
  void index_chips();  // after any change to the chips: names first, then aliases, by chip
  void index_node(const NodeName& node);  // after any change to the node's record or its holders
  void unindex_node(const NodeName& node);
  void hold(const WorkloadRecord& workload);  // allocations of its live attempt
  void release(const WorkloadRecord& workload, std::int32_t task);
  void index_job(const JobRecord& job);    // after any change to the job or its workload
  void unindex_job(const JobRecord& job);  // before any change
  void index_service(const WorkloadRecord& workload);    // after any change to it
  void unindex_service(const WorkloadRecord& workload);  // before any change

  StateRecord record() const;
  static State from_record(StateRecord record);
  Digest digest() const;  // SHA-256 of record()'s wire form

 private:
  void refresh_free(const NodeName& node);
};

inline WorkloadId workload_of(const JobId& job) { return {job.str(), 0}; }

}  // namespace duru
