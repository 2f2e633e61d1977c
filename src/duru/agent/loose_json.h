// JSON that others write as they like: a workload's status, a server's problem document.
// Where a record is expected (base/json.h) unknown fields are mistakes; here they are none of our
// business.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace duru::agent {

// A member of the object that `text` is; nothing where it is absent, of another type, or `text` is
// no object.
std::optional<std::int64_t> integer_member(std::string_view text, std::string_view name);
std::string text_member(std::string_view text, std::string_view name);

}  // namespace duru::agent
