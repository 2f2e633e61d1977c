#include "duru/cli/document.h"

#include "duru/cli/json_document.h"
#include "duru/cli/yaml_document.h"

namespace duru::cli {
namespace {

// The length of the UTF-8 sequence at the start of `text`; 0 if it is none (overlong, a surrogate,
// beyond U+10FFFF, cut off).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  const unsigned char second = byte(1);
  if (first == 0xE0 && second < 0xA0) return 0;
  if (first == 0xED && second > 0x9F) return 0;
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second > 0x8F) return 0;
  return length;
}

std::string_view first_word(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  return start == std::string_view::npos ? std::string_view() : text.substr(start);
}

}  // namespace

DocumentResult read_document(std::string_view text, DocumentForm form) {
  DocumentResult result;
  if (text.size() > kDocumentBytesMax) {
    result.problems.push_back(
        {{}, "", "is longer than " + std::to_string(kDocumentBytesMax) + " bytes"});
    return result;
  }
  Position at{1, 1};
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = sequence_length(text.substr(i));
    if (length == 0 || text[i] == '\0') {
      result.problems.push_back({at, "", "expected UTF-8 text, got another byte"});
      return result;
    }
    at = text[i] == '\n' ? Position{at.line + 1, 1} : Position{at.line, at.column + 1};
    i += length;
  }
  const std::string_view word = first_word(text);
  if (word.empty()) {
    result.problems.push_back({{1, 1}, "", "is empty"});
    return result;
  }
  if (form == DocumentForm::kJson) return read_json_document(text);
  // A flow mapping of YAML begins like JSON; only what is not JSON is read as YAML.
  if (word[0] == '{' || word[0] == '[') {
    DocumentResult json = read_json_document(text);
    if (json.problems.empty()) return json;
  }
  return read_yaml_document(text);
}

}  // namespace duru::cli
