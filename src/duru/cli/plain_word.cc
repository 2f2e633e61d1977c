#include <algorithm>
#include <array>

#include "duru/cli/document.h"

// YAML 1.1 (PyYAML and most readers in use), YAML 1.2 and JSON read some plain words differently.
// What all of them read alike is taken, the rest is ambiguous.
namespace duru::cli {
namespace {

constexpr std::array<std::string_view, 20> kAmbiguousWords = {
    "True", "TRUE", "False", "FALSE", "Null", "NULL", "yes", "Yes", "YES", "no",
    "No",   "NO",   "on",    "On",    "ON",   "off",  "Off", "OFF", "=",   "<<"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t count_digits(std::string_view text, std::size_t from) {
  std::size_t count = 0;
  while (from + count < text.size() && is_digit(text[from + count])) ++count;
  return count;
}

bool only(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

// -?(0|[1-9][0-9]*)(\.[0-9]+)? : the numbers that JSON and every YAML read alike.
PlainKind common_number(std::string_view word) {
  const std::size_t start = word[0] == '-' ? 1 : 0;
  const std::size_t whole = count_digits(word, start);
  if (whole == 0 || (whole > 1 && word[start] == '0')) return PlainKind::kText;
  if (start + whole == word.size()) return PlainKind::kInteger;
  if (word[start + whole] != '.') return PlainKind::kText;
  const std::size_t places = count_digits(word, start + whole + 1);
  const bool all = start + whole + 1 + places == word.size();
  return places > 0 && all ? PlainKind::kFraction : PlainKind::kText;
}

bool looks_like_date(std::string_view word) {
  return word.size() >= 8 && count_digits(word, 0) == 4 && word[4] == '-' &&
         (count_digits(word, 5) == 1 || count_digits(word, 5) == 2) &&
         word.find('-', 5) != std::string_view::npos && is_digit(word[word.find('-', 5) + 1]);
}

// Numbers of some reader: signs, bases, '_', exponents, 12:30:45, .5, .inf
bool looks_like_number(std::string_view word) {
  if (word[0] == '+' || word[0] == '-') word.remove_prefix(1);
  if (word.empty()) return false;
  for (std::string_view special : {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"}) {
    if (word == special) return true;
  }
  const bool starts_like_one =
      is_digit(word[0]) || (word[0] == '.' && word.size() > 1 && is_digit(word[1]));
  if (!starts_like_one) return false;
  if (word.size() > 2 && word[0] == '0') {
    if (word[1] == 'x' && only(word.substr(2), "0123456789abcdefABCDEF_")) return true;
    if (word[1] == 'o' && only(word.substr(2), "01234567")) return true;
    if (word[1] == 'b' && only(word.substr(2), "01_")) return true;
  }
  if (only(word, "0123456789_")) return true;
  if (only(word, "0123456789_:.") && std::count(word.begin(), word.end(), '.') <= 1) return true;
  const std::size_t exponent = word.find_first_of("eE");
  if (exponent == std::string_view::npos) return false;
  std::string_view power = word.substr(exponent + 1);
  if (!power.empty() && (power[0] == '+' || power[0] == '-')) power.remove_prefix(1);
  return only(word.substr(0, exponent), "0123456789_.") && only(power, "0123456789");
}

}  // namespace

PlainKind classify_plain(std::string_view word) {
  if (word.empty() || word == "~" || word == "null") return PlainKind::kNull;
  if (word == "true" || word == "false") return PlainKind::kBoolean;
  const PlainKind number = common_number(word);
  if (number != PlainKind::kText) return number;
  const bool ambiguous =
      std::find(kAmbiguousWords.begin(), kAmbiguousWords.end(), word) != kAmbiguousWords.end();
  if (ambiguous || looks_like_date(word) || looks_like_number(word)) return PlainKind::kAmbiguous;
  return PlainKind::kText;
}

}  // namespace duru::cli
