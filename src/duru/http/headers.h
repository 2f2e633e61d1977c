// The fields of an HTTP message, in order, found without regard to case.
//
//   Headers headers{{"Content-Type", "application/json"}};
//   headers.set("etag", "\"1\"");
//   if (const std::string* type = headers.find("content-type")) …
//
// Guarantee: serialize() never writes a line that a value's own CR, LF or NUL would break in two:
// such characters become spaces.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace duru::http {

bool equal_ignoring_case(std::string_view a, std::string_view b);

class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  // The first field of that name, or null. The pointer lives until the next change.
  const std::string* find(std::string_view name) const;
  // The same as a copy; empty when there is none.
  std::string get(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  // Replaces every field of that name by one.
  void set(std::string name, std::string value);

  // "Name: value\r\n" for each, appended to `out`.
  void serialize(std::string& out) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace duru::http
