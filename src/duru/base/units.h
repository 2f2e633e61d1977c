// The units that Duru counts in. All are integers; the type names the unit.
#pragma once

#include "duru/base/strong.h"

namespace duru {

__extension__ typedef __int128 Wide;  // sums that 64 bits do not hold

using Milliseconds = Quantity<struct MillisecondsTag>;  // a span of time; JSON: "1h30m", "200ms"
using Timestamp =
    Quantity<struct TimestampTag>;  // ms since 1970 UTC; JSON: RFC 3339 with milliseconds
using MilliCpu = Quantity<struct MilliCpuTag>;  // thousandths of a core; JSON: "1.5"
using Bytes = Quantity<struct BytesTag>;        // JSON: 4194304 or "4MiB"
using MilliDevices =
    Quantity<struct MilliDevicesTag>;  // thousandths of an accelerator; JSON: "1", "0.25"
using Milliwatts = Quantity<struct MilliwattsTag>;      // JSON: watts, "350"
using Millijoules = Quantity<struct MillijoulesTag>;    // JSON: joules, "12.345"
using MicroCredits = Quantity<struct MicroCreditsTag>;  // JSON: credits, "0.000001"

constexpr Milliseconds seconds(std::int64_t n) { return Milliseconds(n * 1000); }
constexpr Milliseconds minutes(std::int64_t n) { return seconds(n * 60); }
constexpr Milliseconds hours(std::int64_t n) { return minutes(n * 60); }
constexpr Timestamp operator+(Timestamp t, Milliseconds d) { return Timestamp(t.value + d.value); }
constexpr Timestamp operator-(Timestamp t, Milliseconds d) { return Timestamp(t.value - d.value); }
constexpr Milliseconds since(Timestamp later, Timestamp earlier) {
  return Milliseconds(later.value - earlier.value);
}

// "1h30m", "90s", "200ms": one to five parts of d h m s ms, largest first, none twice.
bool parse_duration(std::string_view text, Milliseconds& out);
std::string format_duration(Milliseconds duration);

// "2026-11-24T22:51:32.123Z"; no other zone is accepted.
bool parse_timestamp(std::string_view text, Timestamp& out);
std::string format_timestamp(Timestamp time);

// An exact decimal with `digits` places: (12345, 3) is "12.345"; trailing zeros are left out
// ("12"). Negative values carry a '-'.
std::string format_decimal(Wide value, int digits);
// The same backwards: at most `digits` places; false for anything else or on overflow.
bool parse_decimal(std::string_view text, int digits, std::int64_t& out);

// "512MiB", "4GiB", "1024": binary multiples only.
bool parse_bytes(std::string_view text, Bytes& out);

}  // namespace duru
