#include "duru/cli/exit_code.h"

namespace duru::cli {

int exit_code_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalid:
      return kExitUsage;
    case ErrorCode::kNotFound:
      return kExitNotFound;
    case ErrorCode::kConflict:
    case ErrorCode::kDenied:
    case ErrorCode::kExhausted:
    case ErrorCode::kUnsupported:
    case ErrorCode::kDamaged:
      return kExitRefused;
    case ErrorCode::kUnavailable:
    case ErrorCode::kInternal:
      return kExitUnreachable;
    case ErrorCode::kTimeout:
      return kExitTimeout;
  }
  return kExitUnreachable;
}

}  // namespace duru::cli
