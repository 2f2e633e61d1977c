// What things are called. Ids are drawn by the server (base/strong.h); names are people's.
#pragma once

#include "duru/base/record.h"

namespace duru {

using JobId = Id<struct JobTag>;
using InstallationId = Name<struct InstallationTag>;  // 8 characters, drawn once
using ProjectName = Name<struct ProjectTag>;
using SiteName = Name<struct SiteTag>;
using NodeName = Name<struct NodeTag>;
using ChipName = Name<struct ChipTag>;
// The engine-side name of a task run: duru-<installation>-<workload>-<attempt>-<task>,
// [a-z0-9-]{1,63}. It never holds the term, so that a repeated launch finds the first one.
using TaskRunName = Name<struct TaskRunTag>;

// A workload belongs to one owner: the ordinal-th workload of the thing `owner` in module `module`.
struct WorkloadId {
  std::string owner;  // the owner's id: a job's, later a node's service or an endpoint's replica
  std::int32_t ordinal = 0;

  std::string str() const { return owner + "-" + std::to_string(ordinal); }
  auto operator<=>(const WorkloadId&) const = default;
};
DURU_DECLARE_RECORD(WorkloadId)

// One physical device: the index-th of a node. Its text is "NODE/INDEX".
struct AcceleratorId {
  NodeName node;
  std::int32_t index = 0;

  std::string str() const { return node.str() + "/" + std::to_string(index); }
  auto operator<=>(const AcceleratorId&) const = default;
};
DURU_DECLARE_RECORD(AcceleratorId)

// "here/0" -> {here, 0}; false for anything else.
bool parse_accelerator(std::string_view text, AcceleratorId& out);

TaskRunName task_run_name(const InstallationId& installation, const WorkloadId& workload,
                          std::int32_t attempt, std::int32_t task);

// What a task run's name says.
struct RunIdentity {
  WorkloadId workload;
  std::int32_t attempt = 0;
  std::int32_t task = 0;
};

// Takes task_run_name() apart; false for a name of another installation, or one that it would not
// make.
bool parse_run_name(const TaskRunName& name, const InstallationId& installation, RunIdentity& out);

// A name that people give (a job, node, output): 1 to `length_max` of [A-Za-z0-9._-], beginning
// with a letter or digit.
bool is_valid_name(std::string_view text, std::size_t length_max = 63);

// A path inside some folder: relative, at most 255 bytes, no part empty, "." or "..", no NUL.
bool is_safe_path(const std::string& path);

}  // namespace duru
