// What `describe` prints: every field of an object, and of a job its attempts as tables.
//
//   console.out(describe_job(detail, console.colored()));
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace duru::cli {

// One "name: value" a line, nested things as YAML, bytes in units; fields without a value are left
// out.
std::string describe_fields(const boost::json::value& object);
// The JobDetail of the API: the job, what was asked for, outputs, attempts.
std::string describe_job(const boost::json::value& detail, bool colored);

}  // namespace duru::cli
