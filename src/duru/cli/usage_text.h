// The bill as people read it: the five classes of the fleet's time, the items, totals that never
// mix emulated and real, and what stands behind the figures.
//
//   console.out(usage_text(answer, /*wide=*/false, /*headers=*/true));
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace duru::cli {

std::string usage_text(const boost::json::value& usage, bool wide, bool headers);

}  // namespace duru::cli
