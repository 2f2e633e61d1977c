#include "duru/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace duru {

void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "duru: assertion failed: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace duru
