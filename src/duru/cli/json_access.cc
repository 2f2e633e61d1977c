#include "duru/cli/json_access.h"

#include <array>
#include <boost/json.hpp>
#include <charconv>

namespace duru::cli {

namespace bj = boost::json;

Result<bj::value> parse_answer(std::string_view body) {
  boost::system::error_code error;
  bj::parse_options options;
  options.max_depth = 64;
  bj::value value = bj::parse(bj::string_view(body.data(), body.size()), error, {}, options);
  if (error) {
    return Error{ErrorCode::kUnavailable,
                 "the answer is not JSON (" + error.message() + "); is this a Duru server?", false,
                 false};
  }
  return value;
}

const bj::value* member_of(const bj::value& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const bj::value* found =
      object.get_object().if_contains(bj::string_view(name.data(), name.size()));
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::string scalar_text(const bj::value& value) {
  if (value.is_string()) return {value.get_string().data(), value.get_string().size()};
  if (value.is_null()) return "";
  return json_text(value);
}

std::string text_of(const bj::value& object, std::string_view name) {
  const bj::value* found = member_of(object, name);
  if (found == nullptr || found->is_structured()) return "";
  return scalar_text(*found);
}

std::optional<std::int64_t> number_of(const bj::value& object, std::string_view name) {
  const bj::value* found = member_of(object, name);
  if (found == nullptr || !found->is_int64()) return std::nullopt;
  return found->get_int64();
}

std::optional<Timestamp> time_of(const bj::value& object, std::string_view name) {
  Timestamp time;
  if (!parse_timestamp(text_of(object, name), time)) return std::nullopt;
  return time;
}

bool flag_of(const bj::value& object, std::string_view name) {
  const bj::value* found = member_of(object, name);
  return found != nullptr && found->is_bool() && found->get_bool();
}

const bj::array& list_of(const bj::value& object, std::string_view name) {
  static const bj::array empty;
  const bj::value* found = member_of(object, name);
  return found != nullptr && found->is_array() ? found->get_array() : empty;
}

std::string joined_list(const bj::value& object, std::string_view name) {
  std::string text;
  for (const bj::value& item : list_of(object, name)) {
    text += (text.empty() ? "" : ", ") + scalar_text(item);
  }
  return text;
}

// Boost.JSON writes 960 as 9.6E2 where it was 960.0: numbers are written as people read them.
std::string json_text(const bj::value& value) {
  if (const auto* number = value.if_double()) {
    std::array<char, 32> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), *number);
    return std::string(text.data(), end.ptr);
  }
  if (const auto* list = value.if_array()) {
    std::string out;
    for (const bj::value& item : *list) out += (out.empty() ? "" : ",") + json_text(item);
    return "[" + out + "]";
  }
  if (const auto* object = value.if_object()) {
    std::string out;
    for (const auto& [name, member] : *object) {
      out += (out.empty() ? "" : ",") + bj::serialize(name) + ":" + json_text(member);
    }
    return "{" + out + "}";
  }
  return bj::serialize(value);
}

std::string kind_text(const boost::json::value& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return "null";
    case boost::json::kind::string:
      return "string " + json_text(value);
    case boost::json::kind::array:
      return "a list";
    case boost::json::kind::object:
      return "an object";
    default:
      return json_text(value);
  }
}

}  // namespace duru::cli
