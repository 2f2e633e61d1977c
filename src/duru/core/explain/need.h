// What a job needs, in words.
#pragma once

#include "duru/core/state/state.h"

namespace duru {

// "1 × h100-sxm5-80gb", "4 × a gpu chip on one node", "2 tasks with 4 × a gpu chip each, each on
// one node".
std::string accelerators_text(const JobSpec& spec, const Request& request);

// What the tasks take of hosts: "2 cpu", "2 cpu and 512 MiB", "2 tasks with 1.5 cpu each".
std::string host_text(const JobSpec& spec);

// Both.
std::string need_text(const JobSpec& spec, const Request& request);

// "512 MiB"; what is below one MiB is left out.
std::string mebibytes(std::int64_t bytes);

// "a, b, c and 2 more": at most so many by name.
std::string listed(const std::vector<std::string>& names, std::size_t names_max);

}  // namespace duru
