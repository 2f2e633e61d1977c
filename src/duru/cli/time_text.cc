#include "duru/cli/time_text.h"

namespace duru::cli {
namespace {

std::string two(std::int64_t large, const char* large_unit, std::int64_t small,
                const char* small_unit) {
  std::string text = std::to_string(large) + large_unit;
  return small == 0 ? text : text + std::to_string(small) + small_unit;
}

}  // namespace

std::string short_span(Milliseconds span) {
  const std::int64_t ms = span.value;
  if (ms <= 0) return "0s";
  if (ms < 1000) return std::to_string(ms) + "ms";
  const std::int64_t s = ms / 1000;
  if (s < 10) return format_decimal(ms / 100, 1) + "s";
  if (s < 60) return std::to_string(s) + "s";
  if (s < 3600) return two(s / 60, "m", s % 60, "s");
  if (s < 86'400) return two(s / 3600, "h", s / 60 % 60, "m");
  return two(s / 86'400, "d", s / 3600 % 24, "h");
}

std::string age(std::optional<Timestamp> time, Timestamp now) {
  return time.has_value() ? short_span(since(now, *time)) : "-";
}

}  // namespace duru::cli
