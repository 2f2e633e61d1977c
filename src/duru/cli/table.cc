#include "duru/cli/table.h"

#include <algorithm>

namespace duru::cli {
namespace {

// Wide in East Asian terminals: Hangul, CJK, full-width forms.
bool is_wide(char32_t c) {
  return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
         (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
         (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
}

// Takes one character off the front; broken UTF-8 counts byte by byte.
char32_t take_character(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text[0]);
  std::size_t length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  length = std::min(length, text.size());
  char32_t c = length == 1 ? first : first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    c = (c << 6) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  text.remove_prefix(length);
  return c;
}

std::string padded(const Cell& cell, std::size_t width, bool last, bool colored) {
  const std::string text = printable(cell.text);
  const std::size_t used = display_width(text);
  const std::string space(width > used ? width - used : 0, ' ');
  const std::string shown = colored ? paint(text, cell.color) : text;
  if (cell.right) return space + shown;
  return last ? shown : shown + space;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) width += is_wide(take_character(text)) ? 2U : 1U;
  return width;
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t c = take_character(text);
    const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
    out += control ? std::string("?") : std::string(before.substr(0, before.size() - text.size()));
  }
  return out;
}

std::string Table::text(bool headers, bool colored) const {
  std::vector<std::size_t> widths;
  return text(headers, colored, widths);
}

std::string Table::text(bool headers, bool colored, std::vector<std::size_t>& widths) const {
  widths.resize(headers_.size());
  for (std::size_t i = 0; headers && i < headers_.size(); ++i) {
    widths[i] = std::max(widths[i], display_width(headers_[i]));
  }
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(printable(row[i].text)));
    }
  }
  std::string out;
  const auto write_row = [&](const std::vector<Cell>& row, bool painted) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += (i > 0 ? "  " : "") + padded(row[i], widths[i], i + 1 == row.size(), painted);
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out += line + "\n";
  };
  if (headers) {
    std::vector<Cell> row;
    for (std::size_t i = 0; i < headers_.size(); ++i) {
      const bool right = !rows_.empty() && i < rows_[0].size() && rows_[0][i].right;
      row.push_back({headers_[i], Color::kNone, right});
    }
    write_row(row, false);
  }
  for (const auto& row : rows_) write_row(row, colored);
  return out;
}

}  // namespace duru::cli
