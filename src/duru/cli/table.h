// Text in columns: headers in capitals, two spaces between, the last column ragged.
//
//   Table table({"NAME", "STATE"});
//   table.add({{"train"}, {"running", Color::kWaiting}});
//   console.out(table.text(/*headers=*/true, console.colored()));
//
// Widths count what a terminal shows, so "2 × h100" and Korean line up. Control characters in a
// cell become '?': a job's name or message cannot move the cursor.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "duru/cli/console.h"

namespace duru::cli {

struct Cell {
  std::string text;
  Color color = Color::kNone;
  bool right = false;  // numbers
};

class Table {
 public:
  explicit Table(std::vector<std::string> headers) : headers_(std::move(headers)) {}

  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  std::string text(bool headers, bool colored) const;
  // The same for a table that goes on: columns are at least as wide as `widths`, which grow.
  std::string text(bool headers, bool colored, std::vector<std::size_t>& widths) const;

 private:
  std::vector<std::string> headers_;
  std::vector<std::vector<Cell>> rows_;
};

// Columns that a terminal takes for the text.
std::size_t display_width(std::string_view text);
// Control characters become '?'.
std::string printable(std::string_view text);

}  // namespace duru::cli
