// Spans and times as people read them in tables: two figures are enough.
//
//   short_span(Milliseconds(3'725'000))  ->  "1h2m"
#pragma once

#include <optional>
#include <string>

#include "duru/base/units.h"

namespace duru::cli {

// "850ms", "4.2s", "37s", "12m5s", "3h40m", "6d2h"; a negative span is "0s".
std::string short_span(Milliseconds span);
// "-" without a time; else how long before `now` it was.
std::string age(std::optional<Timestamp> time, Timestamp now);

}  // namespace duru::cli
