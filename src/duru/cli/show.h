// How verbs show what the server answered, in the form that -o asks for.
//
//   return show_object(context, *find_kind_info("node"), body);
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "duru/cli/context.h"
#include "duru/cli/kinds.h"

namespace duru::cli {

// A list answer {"items": […], …}; -o json passes `body` through. `items` are those to show.
void show_list(Context& context, const KindInfo& kind, const std::string& body,
               const std::vector<const boost::json::value*>& items);
// One object of the kind.
void show_object(Context& context, const KindInfo& kind, const boost::json::value& object);
// JSON as -o json or -o yaml wants it.
void show_json(Context& context, const boost::json::value& value);
// After `submit` and `run`: the jobs that were accepted, and what to do next.
int show_submitted(Context& context, const std::string& answer);
// After a verb that changed something: the object by -o json, yaml or name, else `sentence` on
// stderr.
int show_done(Context& context, const KindInfo& kind, const std::string& answer,
              const std::string& sentence);

}  // namespace duru::cli
