// What a person can do about a job, by its state, its reason and the figures of that.
//
//   help_for(parse(R"({"state":"queued","reason":"node_draining"})"))
//     ->  "duru get nodes shows which and why; duru uncordon NODE gives one back"
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace duru::cli {

// Of a job as it is listed; "" where nothing helps or nothing has to.
std::string help_for(const boost::json::value& job_object);

}  // namespace duru::cli
