#include "duru/server/api/query.h"

#include <algorithm>
#include <charconv>

#include "duru/server/api/answers.h"

namespace duru {

void QueryReader::fault(std::string detail, std::string help) {
  if (!fault_.has_value()) fault_ = {std::move(detail), std::move(help)};
}

std::int64_t QueryReader::integer(std::string_view name, std::int64_t otherwise, std::int64_t min,
                                  std::int64_t max) {
  const std::string* given = query_.find(name);
  if (given == nullptr) return otherwise;
  std::int64_t value = 0;
  const char* end = given->data() + given->size();
  const auto [stop, error] = std::from_chars(given->data(), end, value);
  if (error != std::errc() || stop != end || value < min || value > max) {
    fault(std::string(name) + " is \"" + *given + "\"",
          "give a number from " + std::to_string(min) + " to " + std::to_string(max));
    return otherwise;
  }
  return value;
}

std::size_t QueryReader::limit() {
  return static_cast<std::size_t>(integer("limit", kListLimitDefault, 1, kListLimitMax));
}

bool QueryReader::boolean(std::string_view name) {
  const std::string* given = query_.find(name);
  if (given == nullptr) return false;
  if (*given != "true" && *given != "false") {
    fault(std::string(name) + " is \"" + *given + "\"", "give true or false");
  }
  return *given == "true";
}

std::optional<Timestamp> QueryReader::time(std::string_view name) {
  const std::string* given = query_.find(name);
  if (given == nullptr) return std::nullopt;
  Timestamp value;
  if (!parse_timestamp(*given, value)) {
    fault(std::string(name) + " is \"" + *given + "\"",
          "give a time like 2026-11-24T22:51:32.123Z");
    return std::nullopt;
  }
  return value;
}

std::vector<std::string> QueryReader::words(std::string_view name) const {
  std::vector<std::string> words;
  for (const std::string& given : query_.all(name)) {
    std::size_t start = 0;
    while (start <= given.size()) {
      const std::size_t end = std::min(given.find(',', start), given.size());
      words.push_back(given.substr(start, end - start));
      start = end + 1;
    }
  }
  return words;
}

std::vector<std::int64_t> QueryReader::enums(std::string_view name,
                                             std::span<const EnumName> names) {
  std::vector<std::int64_t> values;
  for (const std::string& word : words(name)) {
    const auto found = std::find_if(names.begin(), names.end(),
                                    [&](const EnumName& entry) { return entry.name == word; });
    if (found != names.end()) {
      values.push_back(found->value);
      continue;
    }
    std::string known;
    for (const EnumName& entry : names) {
      known += (known.empty() ? "" : ", ") + std::string(entry.name);
    }
    fault(std::string(name) + " is \"" + word + "\"", "give one of " + known);
  }
  return values;
}

std::optional<http::Response> QueryReader::problem(
    std::initializer_list<std::string_view> known) const {
  for (const auto& [name, value] : query_) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string names;
    for (const std::string_view one : known)
      names += (names.empty() ? "" : ", ") + std::string(one);
    return bad_request_response("there is no parameter \"" + name + "\" here",
                                names.empty() ? "none is taken" : "known are " + names);
  }
  if (!fault_.has_value()) return std::nullopt;
  return bad_request_response(fault_->first, fault_->second);
}

}  // namespace duru
