#include "duru/cli/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <set>
#include <sstream>

#include "duru/base/json.h"

namespace duru::cli {
namespace {

constexpr std::size_t kProblemsMax = 20;

Position position_of(const YAML::Mark& mark) {
  return mark.is_null() ? Position{} : Position{mark.line + 1, mark.column + 1};
}

struct TooDeep {
  Position at;
};

// Writes the parser's events as JSON. Events and not a tree: an alias is seen before anything is
// expanded.
class JsonWriter : public YAML::EventHandler {
 public:
  explicit JsonWriter(DocumentResult& result) : result_(result) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (at_key()) return bad_key(mark, "null");
    begin_value(mark);
    check_plain_node(mark, "", anchor);
    json() += "null";
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    begin_value(mark);
    json() += "null";
    problem(mark, pointer_, "aliases (*name) are not read; write the value out");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool plain = tag == "?";
    const PlainKind kind = plain ? classify_plain(value) : PlainKind::kText;
    if (at_key()) {
      if (kind != PlainKind::kText) return bad_key(mark, value);
      check_plain_node(mark, tag, anchor);
      return begin_member(mark, value);
    }
    begin_value(mark);
    check_plain_node(mark, tag, anchor);
    write_scalar(mark, kind, value);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin_container(mark, tag, anchor, false);
  }
  void OnSequenceEnd() override { end_container(']'); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin_container(mark, tag, anchor, true);
  }
  void OnMapEnd() override { end_container('}'); }

 private:
  struct Container {
    std::string pointer;
    bool is_map = false;
    bool expects_key = false;
    std::size_t count = 0;
    std::set<std::string> keys = {};
  };

  std::string& json() { return result_.document.json; }
  bool at_key() const { return !open_.empty() && open_.back().expects_key; }

  void problem(const YAML::Mark& mark, const std::string& pointer, std::string detail) {
    if (result_.problems.size() >= kProblemsMax) return;
    result_.problems.push_back({position_of(mark), pointer, std::move(detail)});
  }

  void check_plain_node(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) {
      problem(mark, pointer_, "anchors (&name) are not read; write the value out");
    }
    if (!tag.empty() && tag != "?" && tag != "!") {
      problem(mark, pointer_, "tags (" + tag + ") are not read; leave it out");
    }
  }

  // The key itself stands in for a text, so that what follows is still checked.
  void bad_key(const YAML::Mark& mark, const std::string& word) {
    problem(mark, open_.back().pointer, "expected text as key, got " + word + "; quote it");
    begin_member(mark, word);
  }

  void begin_member(const YAML::Mark& mark, const std::string& key) {
    Container& map = open_.back();
    pointer_ = pointer_to_member(map.pointer, key);
    if (!map.keys.insert(key).second) problem(mark, pointer_, "stands twice in one object");
    result_.document.positions.add(pointer_, position_of(mark));
    if (map.count++ > 0) json() += ',';
    write_json_string(key, json());
    json() += ':';
    map.expects_key = false;
  }

  void begin_value(const YAML::Mark& mark) {
    if (open_.empty()) {
      pointer_.clear();
      result_.document.positions.add("", position_of(mark));
      return;
    }
    Container& parent = open_.back();
    if (parent.is_map) {
      parent.expects_key = true;  // after this value
      return;
    }
    pointer_ = pointer_to_element(parent.pointer, parent.count);
    result_.document.positions.add(pointer_, position_of(mark));
    if (parent.count++ > 0) json() += ',';
  }

  void begin_container(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       bool is_map) {
    if (at_key()) bad_key(mark, is_map ? "an object" : "a list");
    begin_value(mark);
    check_plain_node(mark, tag, anchor);
    if (open_.size() >= kDepthMax) {
      throw TooDeep{position_of(mark)};
    }
    json() += is_map ? '{' : '[';
    open_.push_back({pointer_, is_map, is_map});
  }

  void end_container(char closing) {
    open_.pop_back();
    json() += closing;
  }

  void write_scalar(const YAML::Mark& mark, PlainKind kind, const std::string& value) {
    switch (kind) {
      case PlainKind::kText:
        return write_json_string(value, json());
      case PlainKind::kNull:
        json() += "null";
        return;
      case PlainKind::kBoolean:
      case PlainKind::kInteger:
      case PlainKind::kFraction:
        json() += value;
        return;
      case PlainKind::kAmbiguous:
        problem(mark, pointer_,
                "YAML readers differ on what " + value + " is; write \"" + value +
                    "\" for the text, else true, false, null or a decimal number");
        json() += "null";
        return;
    }
  }

  DocumentResult& result_;
  std::vector<Container> open_;
  std::string pointer_;  // of the value that comes next
};

}  // namespace

DocumentResult read_yaml_document(std::string_view text) {
  DocumentResult result;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    JsonWriter writer(result);
    if (!parser.HandleNextDocument(writer)) {
      result.problems.push_back({{1, 1}, "", "is empty"});
    } else if (DocumentResult second; result.problems.empty()) {
      JsonWriter ignored(second);
      if (parser.HandleNextDocument(ignored)) {
        result.problems.push_back(
            {second.document.positions.find(""), "", "holds a second document (---)"});
      }
    }
  } catch (const TooDeep& e) {
    result.problems = {
        {e.at, "", "is nested deeper than " + std::to_string(kDepthMax) + " levels"}};
  } catch (const YAML::Exception& e) {
    // What was found before it rests on a misread text.
    result.problems = {{position_of(e.mark), "", "is not valid YAML: " + e.msg}};
  }
  return result;
}

}  // namespace duru::cli
