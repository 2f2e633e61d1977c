#include "duru/base/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace duru {
namespace {

struct DurationUnit {
  std::string_view suffix;
  std::int64_t ms;
};
constexpr std::array<DurationUnit, 5> kDurationUnits = {
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};

// Days since 1970-01-01 of a proleptic Gregorian date, and back (H. Hinnant, "chrono-compatible
// low-level date algorithms", public domain description).
std::int64_t days_from_civil(std::int64_t y, unsigned m, unsigned d) {
  y -= m <= 2;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const auto yoe = static_cast<unsigned>(y - era * 400);
  const unsigned doy = (153 * (m + (m > 2 ? -3U : 9U)) + 2) / 5 + d - 1;
  const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146'097 + static_cast<std::int64_t>(doe) - 719'468;
}

struct CivilDate {
  std::int64_t year;
  unsigned month, day;
};
CivilDate civil_from_days(std::int64_t z) {
  z += 719'468;
  const std::int64_t era = (z >= 0 ? z : z - 146'096) / 146'097;
  const auto doe = static_cast<unsigned>(z - era * 146'097);
  const unsigned yoe = (doe - doe / 1460 + doe / 36'524 - doe / 146'096) / 365;
  const std::int64_t y = static_cast<std::int64_t>(yoe) + era * 400;
  const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const unsigned mp = (5 * doy + 2) / 153;
  const unsigned d = doy - (153 * mp + 2) / 5 + 1;
  const unsigned m = mp < 10 ? mp + 3 : mp - 9;
  return {y + (m <= 2), m, d};
}

bool read_digits(std::string_view text, std::size_t at, std::size_t count, unsigned& out) {
  out = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + static_cast<unsigned>(text[i] - '0');
  }
  return true;
}

void append_padded(std::string& out, std::int64_t value, std::size_t width) {
  std::string digits = std::to_string(value);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

}  // namespace

bool parse_duration(std::string_view text, Milliseconds& out) {
  std::int64_t total = 0;
  std::size_t unit = 0;
  if (text.empty()) return false;
  while (!text.empty()) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || count < 0 || text[0] == '-') return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::size_t letters = std::min(text.find_first_of("0123456789"), text.size());
    const std::string_view suffix = text.substr(0, letters);
    while (unit < kDurationUnits.size() && kDurationUnits[unit].suffix != suffix) ++unit;
    if (unit == kDurationUnits.size()) return false;
    std::int64_t part = 0;
    if (__builtin_mul_overflow(count, kDurationUnits[unit].ms, &part)) return false;
    if (__builtin_add_overflow(total, part, &total)) return false;
    text.remove_prefix(letters);
    ++unit;
  }
  out = Milliseconds(total);
  return true;
}

std::string format_duration(Milliseconds duration) {
  if (duration.value == 0) return "0s";
  std::string text;
  std::int64_t rest = duration.value;
  if (rest < 0) {
    text = "-";
    rest = -rest;
  }
  for (const DurationUnit& unit : kDurationUnits) {
    if (rest < unit.ms) continue;
    text += std::to_string(rest / unit.ms);
    text += unit.suffix;
    rest %= unit.ms;
  }
  return text;
}

bool parse_timestamp(std::string_view text, Timestamp& out) {
  // 2026-11-24T22:51:32[.123]Z
  if (text.size() != 20 && text.size() != 24) return false;
  unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0;
  if (!read_digits(text, 0, 4, year) || text[4] != '-' || !read_digits(text, 5, 2, month) ||
      text[7] != '-' || !read_digits(text, 8, 2, day) || text[10] != 'T' ||
      !read_digits(text, 11, 2, hour) || text[13] != ':' || !read_digits(text, 14, 2, minute) ||
      text[16] != ':' || !read_digits(text, 17, 2, second) || text.back() != 'Z') {
    return false;
  }
  if (text.size() == 24 && (text[19] != '.' || !read_digits(text, 20, 3, ms))) return false;
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) {
    return false;
  }
  const std::int64_t days = days_from_civil(year, month, day);
  const CivilDate back = civil_from_days(days);
  if (back.month != month || back.day != day) return false;
  out = Timestamp((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms);
  return true;
}

std::string format_timestamp(Timestamp time) {
  std::int64_t days = time.value / 86'400'000;
  std::int64_t rest = time.value % 86'400'000;
  if (rest < 0) {
    rest += 86'400'000;
    --days;
  }
  const CivilDate date = civil_from_days(days);
  std::string text;
  append_padded(text, date.year, 4);
  text += '-';
  append_padded(text, date.month, 2);
  text += '-';
  append_padded(text, date.day, 2);
  text += 'T';
  append_padded(text, rest / 3'600'000, 2);
  text += ':';
  append_padded(text, rest / 60'000 % 60, 2);
  text += ':';
  append_padded(text, rest / 1000 % 60, 2);
  text += '.';
  append_padded(text, rest % 1000, 3);
  text += 'Z';
  return text;
}

std::string format_decimal(Wide value, int digits) {
  const bool negative = value < 0;
  std::string reversed;
  for (int place = 0; value != 0 || place <= digits; ++place) {
    if (place == digits && digits > 0) reversed += '.';
    const int digit = static_cast<int>(value % 10);
    reversed += static_cast<char>('0' + (digit < 0 ? -digit : digit));
    value /= 10;
  }
  std::string text(reversed.rbegin(), reversed.rend());
  if (digits > 0) {
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
  }
  return negative ? "-" + text : text;
}

bool parse_decimal(std::string_view text, int digits, std::int64_t& out) {
  bool negative = false;
  if (!text.empty() && text[0] == '-') {
    negative = true;
    text.remove_prefix(1);
  }
  std::int64_t value = 0;
  int places = -1;
  bool any = false;
  for (char c : text) {
    if (c == '.' && places < 0 && any) {
      places = 0;
      continue;
    }
    if (c < '0' || c > '9') return false;
    if (places >= 0 && ++places > digits) return false;
    if (__builtin_mul_overflow(value, 10, &value)) return false;
    if (__builtin_add_overflow(value, c - '0', &value)) return false;
    any = true;
  }
  if (!any || places == 0) return false;
  for (int i = std::max(places, 0); i < digits; ++i) {
    if (__builtin_mul_overflow(value, 10, &value)) return false;
  }
  out = negative ? -value : value;
  return true;
}

bool parse_bytes(std::string_view text, Bytes& out) {
  struct Suffix {
    std::string_view text;
    std::int64_t factor;
  };
  static constexpr std::array<Suffix, 5> kSuffixes = {
      {{"KiB", 1LL << 10}, {"MiB", 1LL << 20}, {"GiB", 1LL << 30}, {"TiB", 1LL << 40}, {"", 1}}};
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || count < 0) return false;
  const std::string_view suffix = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Suffix& known : kSuffixes) {
    if (known.text != suffix) continue;
    std::int64_t value = 0;
    if (__builtin_mul_overflow(count, known.factor, &value)) return false;
    out = Bytes(value);
    return true;
  }
  return false;
}

}  // namespace duru
