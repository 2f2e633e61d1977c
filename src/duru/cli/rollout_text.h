// What `duru describe rollout` prints: how it stands, its waves, and the nodes that are behind with
// the reason of each.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace duru::cli {

std::string describe_rollout(const boost::json::value& detail, bool colored);

}  // namespace duru::cli
