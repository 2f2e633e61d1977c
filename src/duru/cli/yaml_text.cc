#include "duru/cli/yaml_text.h"

#include <boost/json.hpp>

#include "duru/cli/document.h"

namespace duru::cli {
namespace {

namespace bj = boost::json;

bool is_plain(std::string_view text) {
  if (classify_plain(text) != PlainKind::kText) return false;
  const char first = text[0];
  const bool starts_well = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') ||
                           (first >= '0' && first <= '9') || first == '/' || first == '_';
  if (!starts_well) return false;
  for (char c : text) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-' || c == '.' || c == '/' || c == '+';
    if (!fine) return false;
  }
  return true;
}

std::string scalar(const bj::value& value) {
  if (value.is_string()) {
    const auto& text = value.get_string();
    if (is_plain({text.data(), text.size()})) return {text.data(), text.size()};
  }
  return bj::serialize(value);  // a JSON string is a double-quoted YAML one
}

bool fits_line(const bj::value& value) {
  if (value.is_object()) return value.get_object().empty();
  if (value.is_array()) return value.get_array().empty();
  return true;
}

void write_block(const bj::value& value, const std::string& indent, std::string& out);

// What follows "key:" or "-".
void write_after(const bj::value& value, const std::string& indent, std::string& out) {
  if (fits_line(value)) {
    out += " " + scalar(value) + "\n";
    return;
  }
  out += "\n";
  write_block(value, indent, out);
}

void write_object(const bj::object& object, const std::string& indent, bool first_is_placed,
                  std::string& out) {
  for (const auto& [key, member] : object) {
    if (!first_is_placed) out += indent;
    first_is_placed = false;
    out += scalar(bj::value(key)) + ":";
    write_after(member, member.is_array() ? indent : indent + "  ", out);
  }
}

void write_block(const bj::value& value, const std::string& indent, std::string& out) {
  if (value.is_object()) return write_object(value.get_object(), indent, false, out);
  for (const bj::value& element : value.get_array()) {
    out += indent + "-";
    if (element.is_object() && !fits_line(element)) {
      out += " ";
      write_object(element.get_object(), indent + "  ", true, out);
    } else {
      write_after(element, indent + "  ", out);
    }
  }
}

}  // namespace

std::string to_yaml(const bj::value& value) {
  if (fits_line(value)) return scalar(value) + "\n";
  std::string out;
  write_block(value, "", out);
  return out;
}

}  // namespace duru::cli
