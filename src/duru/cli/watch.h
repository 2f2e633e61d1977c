// `get --watch`: what there is, then every change as it happens, until it is interrupted.
//
//   return watch(context, api, *find_kind_info("jobs"), "");
//
// A table has one line for each change; -o json one object a line. When the stream breaks off it is
// taken up where it was, or, when the server no longer knows that place, listed anew.
#pragma once

#include <string>

#include "duru/cli/context.h"
#include "duru/cli/kinds.h"

namespace duru::cli {

// `name` narrows it to one; "" is all. Answers an exit code.
int watch(Context& context, ApiClient& api, const KindInfo& kind, const std::string& name);

}  // namespace duru::cli
