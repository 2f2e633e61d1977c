// What a workload asks of the fleet, derived from its job's spec: the ways to run one of its tasks,
// in the order of preference, and the order it waits in.
#pragma once

#include "duru/core/state/records.h"

namespace duru {

// One way: `amount` accelerators of `chip`, or of any chip of `track`. With neither: no
// accelerator.
struct Request {
  std::int32_t variant = 0;  // index into spec.variants; -1: spec.track, or no accelerator
  ChipName chip;
  Track track{};
  MilliDevices amount;

  bool needs_accelerator() const { return amount.value > 0; }
  auto operator<=>(const Request&) const = default;
};

using RequestKey = std::vector<Request>;

RequestKey requests_of(const JobSpec& spec);

// All that placement asks of a workload. Those of one shape wait in one line: where one fits, so
// does the other.
struct Shape {
  RequestKey requests;
  std::int32_t tasks = 0;
  MilliCpu cpu;  // per task
  Bytes memory;  // per task
  auto operator<=>(const Shape&) const = default;
};

Shape shape_of(const JobSpec& spec);

// Higher priority first, then first come.
struct QueuePosition {
  std::int64_t minus_priority = 0;
  std::int64_t queued_seq = 0;
  WorkloadId workload;
  auto operator<=>(const QueuePosition&) const = default;
};

}  // namespace duru
