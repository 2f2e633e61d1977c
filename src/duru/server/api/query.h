// The query parameters of lists and the like, read with care: an unknown one is a mistake that the
// caller is told of, not one that is passed over.
//
//   QueryReader query(request->query);
//   const std::size_t limit = query.limit();
//   const auto states = query.all<JobState>("state");
//   if (auto bad = query.problem({"limit", "continue", "state"})) return responder.send(*bad);
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "duru/base/record.h"
#include "duru/http/response.h"
#include "duru/http/target.h"

namespace duru {

constexpr std::int64_t kListLimitDefault = 500;
constexpr std::int64_t kListLimitMax = 5000;

class QueryReader {
 public:
  explicit QueryReader(const http::Query& query) : query_(query) {}

  std::string text(std::string_view name) const { return query_.get(name); }
  std::size_t limit();  // of a list
  std::int64_t integer(std::string_view name, std::int64_t otherwise, std::int64_t min,
                       std::int64_t max);
  bool boolean(std::string_view name);
  std::optional<Timestamp> time(std::string_view name);
  // Given several times or with commas.
  std::vector<std::string> words(std::string_view name) const;
  template <class Enum>
  std::vector<Enum> all(std::string_view name) {
    std::vector<Enum> values;
    for (const std::int64_t value : enums(name, type_of<Enum>().enum_names)) {
      values.push_back(static_cast<Enum>(value));
    }
    return values;
  }
  std::vector<std::int64_t> enums(std::string_view name, std::span<const EnumName> names);
  void fault(std::string detail, std::string help);

  // The first thing that was wrong, unknown names included.
  std::optional<http::Response> problem(std::initializer_list<std::string_view> known) const;

 private:
  const http::Query& query_;
  std::optional<std::pair<std::string, std::string>> fault_;  // detail, help
};

}  // namespace duru
