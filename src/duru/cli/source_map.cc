#include "duru/cli/source_map.h"

#include <algorithm>

namespace duru::cli {
namespace {

bool is_index(std::string_view segment) {
  return !segment.empty() &&
         std::all_of(segment.begin(), segment.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string unescape(std::string_view segment) {
  std::string text;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] == '~' && i + 1 < segment.size()) {
      text += segment[++i] == '1' ? '/' : '~';
    } else {
      text += segment[i];
    }
  }
  return text;
}

}  // namespace

void SourceMap::add_all(const SourceMap& other, const std::string& prefix, int lines_down) {
  for (const auto& [pointer, at] : other.positions_) {
    add(prefix + pointer, {at.line + lines_down, at.column});
  }
}

Position SourceMap::find(std::string_view pointer) const {
  for (;;) {
    const auto it = positions_.find(pointer);
    if (it != positions_.end()) return it->second;
    const std::size_t slash = pointer.rfind('/');
    if (slash == std::string_view::npos) return {};
    pointer = pointer.substr(0, slash);
  }
}

std::string describe(const std::string& file, const FileProblem& problem) {
  std::string text = file;
  if (problem.at.line > 0) {
    text += ":" + std::to_string(problem.at.line) + ":" + std::to_string(problem.at.column);
  }
  const std::string path = path_text(problem.pointer);
  return text + ": " + (path.empty() ? "" : path + ": ") + problem.detail;
}

std::string pointer_to_member(const std::string& pointer, std::string_view key) {
  std::string text = pointer + "/";
  for (char c : key) {
    if (c == '~') {
      text += "~0";
    } else if (c == '/') {
      text += "~1";
    } else {
      text += c;
    }
  }
  return text;
}

std::string pointer_to_element(const std::string& pointer, std::size_t index) {
  return pointer + "/" + std::to_string(index);
}

std::string path_text(std::string_view pointer) {
  std::string text;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    const std::string_view segment = pointer.substr(0, end);
    if (is_index(segment)) {
      text += "[" + std::string(segment) + "]";
    } else {
      text += (text.empty() ? "" : ".") + unescape(segment);
    }
    pointer.remove_prefix(end);
  }
  return text;
}

}  // namespace duru::cli
