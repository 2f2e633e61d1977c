// The bodies of requests, as records; a job's is JobSpec (domain/job.h).
#pragma once

#include "duru/domain/field.h"

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

// A release as it is applied: a manifest whose files are uploaded already.
struct ReleaseBody {
  ReleaseName name;
  std::vector<JobFile> files;  // the server fills in the sizes
  std::vector<std::string> command;
  std::map<std::string, std::string> env;
  HealthProbe probe;
  std::vector<ChipName> chips;  // names or aliases
};
DURU_DECLARE_RECORD(ReleaseBody)

struct ApplyBody {
  std::vector<Fleet> fleets;
  std::vector<ReleaseBody> releases;
  std::vector<Rollout> rollouts;
};
DURU_DECLARE_RECORD(ApplyBody)

struct EnrolmentBody {
  std::map<std::string, std::string> labels;
  std::optional<Milliseconds> valid_for;  // not given: 1h
};
DURU_DECLARE_RECORD(EnrolmentBody)

struct RevokeBody {
  std::string reason;
  bool remove = false;
};
DURU_DECLARE_RECORD(RevokeBody)

}  // namespace duru
