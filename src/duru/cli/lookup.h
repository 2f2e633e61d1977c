// One thing by its name, from the route of one or from the list of its kind.
//
//   auto fleet = find_object(api, *find_kind_info("fleet"), "default", "cams");
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "duru/base/result.h"
#include "duru/cli/api_client.h"
#include "duru/cli/kinds.h"

namespace duru::cli {

// As the server tells it; kNotFound, with the verb that lists the others.
Result<boost::json::value> find_object(ApiClient& api, const KindInfo& kind,
                                       const std::string& project, const std::string& name);
Error no_such(const KindInfo& kind, const std::string& name);

}  // namespace duru::cli
