#include "duru/agent/loose_json.h"

#include <boost/json.hpp>

namespace duru::agent {
namespace {

namespace bj = boost::json;

std::optional<bj::object> parse_object(std::string_view text) {
  boost::system::error_code error;
  const bj::value value = bj::parse(bj::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) return std::nullopt;
  return value.get_object();
}

}  // namespace

std::optional<std::int64_t> integer_member(std::string_view text, std::string_view name) {
  const auto object = parse_object(text);
  if (!object) return std::nullopt;
  const bj::value* member = object->if_contains(bj::string_view(name.data(), name.size()));
  if (!member || !member->is_int64()) return std::nullopt;
  return member->get_int64();
}

std::string text_member(std::string_view text, std::string_view name) {
  const auto object = parse_object(text);
  if (!object) return "";
  const bj::value* member = object->if_contains(bj::string_view(name.data(), name.size()));
  if (!member || !member->is_string()) return "";
  return std::string(member->get_string().data(), member->get_string().size());
}

}  // namespace duru::agent
