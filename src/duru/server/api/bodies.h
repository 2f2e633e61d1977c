// The bodies of requests, as records; a job's is JobSpec (domain/job.h).
#pragma once

#include "duru/domain/job.h"

namespace duru {

struct JobsBody {
  std::vector<JobSpec> items;
};
DURU_DECLARE_RECORD(JobsBody)

struct ExtendBody {
  std::optional<Milliseconds> by;
};
DURU_DECLARE_RECORD(ExtendBody)

struct ReasonBody {
  std::string reason;
};
DURU_DECLARE_RECORD(ReasonBody)

struct DrainBody {
  std::optional<Milliseconds> grace;  // not given: 30s
  std::string reason;
};
DURU_DECLARE_RECORD(DrainBody)

struct MarkBody {
  std::optional<bool> healthy;
  std::string reason;
};
DURU_DECLARE_RECORD(MarkBody)

}  // namespace duru
