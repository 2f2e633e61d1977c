// A reading of a host: a value, or nothing there to read, or something there that could not be
// read. The three are kept apart, because a failed parse shown as 0 degrees or "no devices" is how
// a monitor lies.
//
//   Reading<std::int32_t> numa = ...;
//   if (numa.has_value()) use(numa.value());
//   else if (numa.failed()) report(numa.reason());
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "duru/base/assert.h"

namespace duru {

template <class T>
class Reading {
 public:
  Reading() = default;                                     // absent
  Reading(T value) : value_(std::move(value)) {}           // NOLINT: a value is a reading
  static Reading make_failed(const std::string& reason) {  // one line: which file, what was wrong
    Reading reading;
    reading.reason_ = reason;
    return reading;
  }

  bool has_value() const { return value_.has_value(); }
  bool failed() const { return !reason_.empty(); }
  bool absent() const { return !has_value() && !failed(); }
  const T& value() const {
    DURU_ASSERT(has_value());
    return *value_;
  }
  const std::string& reason() const { return reason_; }

  // The same state for a reading of another type; only without a value.
  template <class Other>
  Reading<Other> as() const {
    DURU_ASSERT(!has_value());
    return failed() ? Reading<Other>::make_failed(reason_) : Reading<Other>();
  }

 private:
  std::optional<T> value_;
  std::string reason_;
};

}  // namespace duru
