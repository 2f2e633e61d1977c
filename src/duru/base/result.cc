#include "duru/base/result.h"

#include <cerrno>
#include <cstring>

namespace duru {

Error system_error(const std::string& what, int error_number) {
  Error error;
  error.message = what + ": " + std::strerror(error_number);
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      error.code = ErrorCode::kExhausted;
      error.retryable = true;
      break;
    case ENOENT:
    case ESRCH:
      error.code = ErrorCode::kNotFound;
      break;
    case EEXIST:
    case EADDRINUSE:
      error.code = ErrorCode::kConflict;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      error.code = ErrorCode::kDenied;
      break;
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
    case EHOSTUNREACH:
      error.code = ErrorCode::kUnavailable;
      error.retryable = true;
      break;
    case ETIMEDOUT:
      error.code = ErrorCode::kTimeout;
      error.retryable = true;
      break;
    default:
      error.code = ErrorCode::kInternal;
  }
  return error;
}

}  // namespace duru
