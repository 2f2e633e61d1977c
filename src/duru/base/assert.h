// DURU_ASSERT(condition): our own mistake, never a user's. Aborts in every build with the place and
// the condition; input from outside is answered with a Rejection or an Error instead.
#pragma once

namespace duru {

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace duru

#define DURU_ASSERT(condition)                                                  \
  do {                                                                          \
    if (!(condition)) ::duru::assertion_failed(#condition, __FILE__, __LINE__); \
  } while (false)
