// Bytes as people read them, in binary units.
//
//   size_text(Bytes(1'610'612'736))  ->  "1.5GiB"
#pragma once

#include <string>

#include "duru/base/units.h"

namespace duru::cli {

// "0B", "512B", "1.5KiB", "64MiB", "80GiB": one decimal place, cut off.
std::string size_text(Bytes size);

}  // namespace duru::cli
