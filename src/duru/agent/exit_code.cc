#include "duru/agent/exit_code.h"

namespace duru::agent {

int exit_code_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kUnsupported:
    case ErrorCode::kInvalid:
      return kExitUsage;
    case ErrorCode::kNotFound:
      return kExitNotFound;
    case ErrorCode::kConflict:
    case ErrorCode::kDenied:
      return kExitRefused;
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
      return kExitUnreachable;
    case ErrorCode::kExhausted:
    case ErrorCode::kDamaged:
    case ErrorCode::kInternal:
      break;
  }
  return kExitFailed;
}

}  // namespace duru::agent
