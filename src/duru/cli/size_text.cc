#include "duru/cli/size_text.h"

namespace duru::cli {

std::string size_text(Bytes size) {
  int shift = 0;
  const char* unit = "B";
  for (const char* larger : {"KiB", "MiB", "GiB", "TiB"}) {
    if (size.value >> (shift + 10) == 0) break;
    shift += 10;
    unit = larger;
  }
  return format_decimal(Wide{size.value} * 10 >> shift, 1) + unit;
}

}  // namespace duru::cli
