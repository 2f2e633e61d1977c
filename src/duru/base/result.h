// Result<T>: a value, or an Error of the environment (a file, a socket, a database, bytes from
// outside). It is how failure travels between folders: no exception crosses one.
//
//   Result<std::string> text = read_file(path);
//   if (!text.ok()) return text.error();
//   use(text.value());
//
// A refusal of the *domain* (over capacity, unknown chip) is a Rejection (domain/rejection.h), not
// an Error.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "duru/base/assert.h"

namespace duru {

enum class ErrorCode {
  kInvalid,      // the bytes or the request are wrong; trying again will not help
  kNotFound,     // the thing is not there
  kConflict,     // it is there already, or somebody else holds it
  kDenied,       // not allowed
  kExhausted,    // disk full, too many files, over a limit
  kUnavailable,  // not reachable now
  kTimeout,      // no answer in time
  kDamaged,      // stored data fails its checksum, order or digest
  kUnsupported,  // a version or kind that this build does not know
  kInternal,     // anything else the system call said
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;           // one line: what, where, what would help
  bool retryable = false;        // the same call may succeed later
  bool outcome_unknown = false;  // it may have taken effect; look it up before trying again
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}      // NOLINT: a value is a result
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: an error is a result

  bool ok() const { return value_.has_value(); }
  T& value() {
    DURU_ASSERT(ok());
    return *value_;
  }
  const T& value() const {
    DURU_ASSERT(ok());
    return *value_;
  }
  const Error& error() const {
    DURU_ASSERT(!ok());
    return error_;
  }

 private:
  std::optional<T> value_;
  Error error_;
};

struct Unit {};
using Status = Result<Unit>;
inline Status ok_status() { return Status(Unit{}); }

// The error of the system call that just failed: `what: <strerror>`, with ENOSPC, ENOENT, EEXIST
// and EACCES mapped to their codes.
Error system_error(const std::string& what, int error_number);

}  // namespace duru

// Returns the error of `expression` from the enclosing function, if it has one.
#define DURU_TRY(expression)                                                      \
  do {                                                                            \
    if (auto duru_try_ = (expression); !duru_try_.ok()) return duru_try_.error(); \
  } while (false)
