// The objects of the API as callers see them, made from the view's state (render.h).
// docs/openapi.yaml describes the same; a test holds the two together. Times are RFC 3339, spans
// "1h30m", amounts and quantities of account exact decimal strings; a field without a value is
// null.
#pragma once

#include "duru/api/field_objects.h"
#include "duru/core/state/state.h"
#include "duru/domain/reason.h"

namespace duru {

struct JobObject {
  std::string id;
  std::string name;
  std::string project;
  JobKind kind{};
  JobState state{};
  std::string reason;  // a waiting job: why (reason.h); an ended one: why it ended so; else ""
  std::string message;
  std::map<std::string, std::int64_t> figures;  // of the reason
  std::optional<Timestamp> until;               // of the reason, when it is known
  std::optional<Timestamp> submitted_at;
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> ended_at;
  std::int32_t attempt_count = 0;
  std::int32_t tasks = 0;
  std::int32_t priority = 0;
  Track track{};                   // of the last attempt's chip, else of what is asked
  std::string chip;                // of the last attempt; "" without an accelerator
  bool emulated = false;           // of the last attempt
  std::vector<std::string> nodes;  // of the last attempt, each once
  std::optional<std::int32_t> exit_code;
  std::optional<std::int32_t> signal;
  std::optional<bool> lost;
  std::optional<Timestamp> lease_ends_at;  // of a running session
};
DURU_DECLARE_RECORD(JobObject)

struct TaskObject {
  std::int32_t task = 0;
  std::string name;  // engine-side
  std::string node;
  std::string chip;
  std::vector<std::string> accelerators;  // "NODE/INDEX"
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> ended_at;
  std::optional<Timestamp> released_at;
  std::string cause;  // exited, stopped, time_limit, failed_to_start, lost; "" while it runs
  std::optional<std::int32_t> exit_code;
  std::optional<std::int32_t> signal;
  std::string message;
};
DURU_DECLARE_RECORD(TaskObject)

struct AttemptObject {
  std::string job;
  std::string job_name;
  std::string project;
  std::int32_t attempt = 0;
  std::string chip;
  bool emulated = false;
  std::string outcome;  // succeeded, failed, time_limit, stopped, lost; "running" or "stopping"
                        // while it lives
  std::string message;
  Timestamp decided_at;
  std::optional<Timestamp> ended_at;
  std::vector<TaskObject> tasks;
};
DURU_DECLARE_RECORD(AttemptObject)

struct OutputObject {
  std::string name;
  std::string digest;
  std::int64_t size_bytes = 0;
};
DURU_DECLARE_RECORD(OutputObject)

// One job in full: GET /v1/projects/{project}/jobs/{id}.
struct JobDetail {
  JobObject job;
  JobSpec spec;
  std::string principal;
  std::vector<std::string> after;  // ids
  std::vector<OutputObject> outputs;
  std::vector<AttemptObject> attempts;
};
DURU_DECLARE_RECORD(JobDetail)

struct NodeObject {
  std::string name;
  std::string site;
  std::string state;  // ready, cordoned, draining, drained, down; of the field also revoked
  std::string reason;
  MilliCpu cpu;
  MilliCpu cpu_free;
  Bytes memory;
  Bytes memory_free;
  std::int32_t accelerator_count = 0;
  std::int32_t accelerator_free_count = 0;  // healthy, not held, and the node takes work
  std::int32_t task_count = 0;
  std::string chips;  // "2 × h100-sxm5-80gb (emulated)"
  bool emulated = false;
  std::map<std::string, std::string> labels;
  Timestamp joined_at;
  std::optional<FieldNodeObject> field;  // of a node that dials out
  std::optional<Timestamp> stop_at;      // of a drain: when what runs is stopped
};
DURU_DECLARE_RECORD(NodeObject)

struct AcceleratorObject {
  std::string name;  // "NODE/INDEX"
  std::string node;
  std::int32_t index = 0;
  std::string chip;
  Track track{};
  bool emulated = false;
  std::string state;  // free, used, releasing, unhealthy, cordoned, down, revoked
  std::string reason;
  std::string job;  // the holder's name
  std::string job_id;
  std::string pci_address;
};
DURU_DECLARE_RECORD(AcceleratorObject)

struct ChipObject {
  std::string name;
  std::vector<std::string> aliases;
  std::string vendor;
  std::string origin;
  Track track{};
  std::int64_t memory_bytes = 0;
  std::optional<std::string> watts;
  FigureKind watts_kind{};
  std::string watts_source;
  std::optional<std::string> price_credits_per_hour;
  FigureKind price_kind{};
  std::string price_source;
  std::int32_t accelerator_count = 0;  // in this fleet
  std::int32_t emulated_count = 0;
};
DURU_DECLARE_RECORD(ChipObject)

struct SiteObject {
  std::string name;
  std::string owner;
  std::string engine;
  std::int32_t node_count = 0;
  std::int32_t accelerator_count = 0;
  EngineCapabilities capabilities;
};
DURU_DECLARE_RECORD(SiteObject)

}  // namespace duru
