// Looking into the server's answers without minding what a newer server added or left out: a field
// that is absent, null or of another kind is empty.
//
//   std::string state = text_of(job, "state");
//   for (const auto& item : list_of(answer, "items")) …
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "duru/base/result.h"
#include "duru/base/units.h"

namespace duru::cli {

// kUnavailable if it is no JSON: whoever answered is not a Duru server.
Result<boost::json::value> parse_answer(std::string_view body);

const boost::json::value* member_of(const boost::json::value& object, std::string_view name);
// Text as it is, numbers and booleans as text.
std::string text_of(const boost::json::value& object, std::string_view name);
std::string scalar_text(const boost::json::value& value);
std::optional<std::int64_t> number_of(const boost::json::value& object, std::string_view name);
std::optional<Timestamp> time_of(const boost::json::value& object, std::string_view name);
bool flag_of(const boost::json::value& object, std::string_view name);
const boost::json::array& list_of(const boost::json::value& object, std::string_view name);
// ["a", "b"] -> "a, b"
std::string joined_list(const boost::json::value& object, std::string_view name);
std::string json_text(const boost::json::value& value);
// What a value is, for "expected …, got …".
std::string kind_text(const boost::json::value& value);

}  // namespace duru::cli
