// Where in a text each value of a document stands: JSON pointer -> line and column, so that a
// complaint about "/jobs/0/cpu" becomes "train.yaml:7:5: jobs[0].cpu: …".
//
//   map.add("/jobs/0/cpu", {7, 5});
//   map.find("/jobs/0/cpu/deeper");       // {7, 5}: the nearest value around it
//
// A member of an object stands where its key begins, an element of a list where it begins itself.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace duru::cli {

struct Position {
  int line = 0;    // from 1; 0 is unknown
  int column = 0;  // from 1
  bool operator==(const Position&) const = default;
};

class SourceMap {
 public:
  void add(std::string pointer, Position at) { positions_.emplace(std::move(pointer), at); }
  // Every place of `other`, so many lines further down, under pointers that begin with `prefix`.
  void add_all(const SourceMap& other, const std::string& prefix, int lines_down);
  Position find(std::string_view pointer) const;

 private:
  std::map<std::string, Position, std::less<>> positions_;
};

// What is wrong at one place of a file.
struct FileProblem {
  Position at;
  std::string pointer;
  std::string detail;
};

// "train.yaml:7:5: jobs[0].cpu: expected …"
std::string describe(const std::string& file, const FileProblem& problem);

std::string pointer_to_member(const std::string& pointer, std::string_view key);
std::string pointer_to_element(const std::string& pointer, std::size_t index);
// "/jobs/0/env/A~1B" -> "jobs[0].env.A/B"
std::string path_text(std::string_view pointer);

}  // namespace duru::cli
