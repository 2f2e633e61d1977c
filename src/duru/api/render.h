// From the state to the objects of the API. Pure: the same state gives the same object, whoever
// asks, so a list, a watch event and the answer to a command cannot differ.
//
//   JobObject job = job_object(state, record, now);
//   std::string json = to_json(job);
//
// Cost: O(tasks of the last attempt), and for a job that waits one explain() (core/explain).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "duru/api/objects.h"

namespace duru {

// `now` is what a waiting job's reason is worked out for.
JobObject job_object(const State& state, const JobRecord& job, Timestamp now);
// Without the reason of a waiting job: for answers that hold thousands of jobs.
JobObject job_object_unexplained(const State& state, const JobRecord& job);
JobDetail job_detail(const State& state, const JobRecord& job, Timestamp now);

AttemptObject attempt_object(const State& state, const JobRecord& job,
                             const AttemptRecord& attempt);
// Past ones first; the live one, if any, last.
std::vector<const AttemptRecord*> attempts_of(const State& state, const JobRecord& job);

NodeObject node_object(const State& state, const NodeRecord& node);
AcceleratorObject accelerator_object(const State& state, const NodeRecord& node,
                                     const Accelerator& accelerator);
ChipObject chip_object(const State& state, const Chip& chip);
SiteObject site_object(const State& state, const Site& site);

// The name of an enum's value: "queued".
std::string_view enum_name(const Type& type, std::int64_t value);
template <class Enum>
std::string_view enum_name(Enum value) {
  return enum_name(type_of<Enum>(), static_cast<std::int64_t>(value));
}

}  // namespace duru
