// Services: work without an end that is pinned to one node and keeps its accelerators. The core
// schedules them as workloads of one task; they are not jobs. Module `edge` owns those of the
// field.
#pragma once

#include "duru/domain/job.h"
#include "duru/domain/message.h"

namespace duru {

// What a node is given to run: a signed manifest by its digest (domain/field.h).
struct ReleaseRef {
  std::string name;
  Digest digest;
  std::string signature;
};
DURU_DECLARE_RECORD(ReleaseRef)

// One decision covers both: the node runs `current` and goes back to `previous` by itself where
// `current` does not become well. Restarts and that return are observed, not decided.
struct Revision {
  std::int64_t number = 0;  // from 1, rising
  ReleaseRef current;
  std::optional<ReleaseRef> previous;
};
DURU_DECLARE_RECORD(Revision)

struct ServiceSpec {
  std::string name;  // what bills and reasons call it: the fleet's name
  ProjectName project;
  NodeName node;
  ChipName chip;        // empty: no accelerator
  MilliDevices amount;  // of the chip, whole accelerators
  MilliCpu cpu;
  Bytes memory;
};
DURU_DECLARE_RECORD(ServiceSpec)

// --- commands, handed over by the owning module

// Makes the service, or gives it another revision; the same again changes nothing. What a service
// is (its spec) never changes: another spec is refused.
struct SetService {
  WorkloadId workload;
  ServiceSpec spec;
  Revision revision;
};
DURU_DECLARE_KIND(SetService)

// The node stops it and its accelerators are free again; then it is gone.
struct EndService {
  WorkloadId workload;
  Milliseconds grace;
};
DURU_DECLARE_KIND(EndService)

// --- facts

struct ServiceDefined {
  WorkloadId workload;
  ServiceSpec spec;
};
DURU_DECLARE_KIND(ServiceDefined)

struct ServiceRevised {
  WorkloadId workload;
  Revision revision;
};
DURU_DECLARE_KIND(ServiceRevised)

// No new attempt is made for it.
struct ServiceEnding {
  WorkloadId workload;
};
DURU_DECLARE_KIND(ServiceEnding)

struct ServiceRemoved {
  WorkloadId workload;
};
DURU_DECLARE_KIND(ServiceRemoved)

}  // namespace duru
