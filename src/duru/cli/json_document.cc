#include "duru/cli/json_document.h"

#include <boost/json.hpp>
#include <set>

namespace duru::cli {
namespace {

namespace bj = boost::json;

// Walks a text that is known to be valid JSON; all it looks for is where things stand.
class PositionWalker {
 public:
  PositionWalker(std::string_view text, DocumentResult& result) : text_(text), result_(result) {}

  void walk() {
    skip_space();
    result_.document.positions.add("", position());
    value("");
  }

 private:
  Position position() const { return {line_, static_cast<int>(offset_ - line_start_) + 1}; }
  char peek() const { return offset_ < text_.size() ? text_[offset_] : '\0'; }
  void skip_space() {
    while (offset_ < text_.size() &&
           (peek() == ' ' || peek() == '\t' || peek() == '\r' || peek() == '\n')) {
      if (text_[offset_++] == '\n') {
        ++line_;
        line_start_ = offset_;
      }
    }
  }
  void step() {
    ++offset_;
    skip_space();
  }

  std::string string() {
    const std::size_t start = offset_;
    for (++offset_; peek() != '"'; ++offset_) {
      if (peek() == '\\') ++offset_;
    }
    ++offset_;
    const bj::value parsed = bj::parse(bj::string_view(text_.data() + start, offset_ - start));
    return std::string(parsed.get_string().data(), parsed.get_string().size());
  }

  void value(const std::string& pointer) {
    if (peek() == '{') return object(pointer);
    if (peek() == '[') return array(pointer);
    if (peek() == '"') {
      string();
      return;
    }
    offset_ = std::min(text_.find_first_of(",]} \t\r\n", offset_), text_.size());
  }

  void object(const std::string& pointer) {
    std::set<std::string> keys;
    for (step(); peek() != '}';) {
      const Position at = position();
      const std::string key = string();
      const std::string member = pointer_to_member(pointer, key);
      if (!keys.insert(key).second) {
        result_.problems.push_back({at, member, "stands twice in one object"});
      }
      result_.document.positions.add(member, at);
      skip_space();
      step();  // ':'
      value(member);
      skip_space();
      if (peek() == ',') step();
    }
    ++offset_;
  }

  void array(const std::string& pointer) {
    step();
    for (std::size_t index = 0; peek() != ']'; ++index) {
      const std::string element = pointer_to_element(pointer, index);
      result_.document.positions.add(element, position());
      value(element);
      skip_space();
      if (peek() == ',') step();
    }
    ++offset_;
  }

  std::string_view text_;
  DocumentResult& result_;
  std::size_t offset_ = 0;
  std::size_t line_start_ = 0;
  int line_ = 1;
};

Position position_of(std::string_view text, std::size_t offset) {
  Position at{1, 1};
  for (std::size_t i = 0; i < offset && i < text.size(); ++i) {
    at = text[i] == '\n' ? Position{at.line + 1, 1} : Position{at.line, at.column + 1};
  }
  return at;
}

}  // namespace

DocumentResult read_json_document(std::string_view text) {
  DocumentResult result;
  bj::parse_options options;
  options.max_depth = kDepthMax;
  boost::system::error_code error;
  bj::stream_parser parser({}, options);
  const std::size_t used = parser.write_some(text.data(), text.size(), error);
  if (!error && used == text.size()) parser.finish(error);
  if (error || used != text.size()) {
    const std::string what = error ? error.message() : std::string("text behind the document");
    result.problems.push_back({position_of(text, used), "", "is not valid JSON: " + what});
    return result;
  }
  PositionWalker(text, result).walk();
  result.document.json = std::string(text);
  return result;
}

}  // namespace duru::cli
