// The target of a request line, taken apart: path segments and query, percent-decoded.
//
//   parse_target("/v1/jobs/a%20b?limit=5&state=queued&state=running")
//     → path "/v1/jobs/a%20b", segments {"v1", "jobs", "a b"}, query {limit: 5, state: …, state: …}
//
// Guarantees: a decoded segment is never "." or "..", and nothing decoded holds a NUL; a bad escape
// is refused. A decoded segment may hold a '/', so whoever makes a file name of it checks it first.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace duru::http {

class Query {
 public:
  // The first value of that name, or null.
  const std::string* find(std::string_view name) const;
  std::string get(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  void add(std::string name, std::string value) {
    items_.emplace_back(std::move(name), std::move(value));
  }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  bool empty() const { return items_.empty(); }

 private:
  std::vector<std::pair<std::string, std::string>> items_;
};

struct Target {
  std::string path;  // as it was sent, without the query
  std::vector<std::string> segments;
  Query query;
};

// Takes "/path?query" and "http://host/path?query"; nothing for anything else.
std::optional<Target> parse_target(std::string_view text);

// Escapes all but letters, digits and "-._~": for one path segment, or a query name or value.
std::string percent_encode(std::string_view text);
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace duru::http
