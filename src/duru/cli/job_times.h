// When a job that was tried more than once was last queued and last began: a list of jobs has only
// its first start. What squeue and kubectl users expect of WAITED and RAN.
//
//   boost::json::value row = with_last_times(api, "default", job);
//
// It gets two members more: "last_queued_at", and "last_started_at" once the last attempt runs. A
// job of one attempt stays as it is, and so does one that cannot be looked up.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "duru/cli/api_client.h"

namespace duru::cli {

// One request more, if it was tried more than once or is queued again.
boost::json::value with_last_times(ApiClient& api, const std::string& project,
                                   const boost::json::value& job_object);
// The same of a job in full, as it stands in a list.
boost::json::value with_last_times(const boost::json::value& detail);

}  // namespace duru::cli
