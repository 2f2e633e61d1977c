#include "duru/scenario/yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

#include "duru/base/json.h"

namespace duru {
namespace {

constexpr std::size_t kTextBytesMax = 1 << 20;
constexpr int kDepthMax = 16;

std::string escaped(const std::string& key) {
  std::string out;
  for (char c : key) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

bool is_whole_number(const std::string& text) {
  const std::size_t first = text[0] == '-' ? 1 : 0;
  if (text.size() == first || text.size() > 18) return false;
  if (text[first] == '0' && text.size() > first + 1) return false;
  return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(first), text.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

class Converter {
 public:
  // False with what is wrong in `wrong`, at `wrong_line`.
  bool convert(const YAML::Node& node, const std::string& pointer, int depth) {
    out.lines[pointer] = node.Mark().line + 1;
    if (depth > kDepthMax) return fail(node, "is nested too deep");
    if (node.IsScalar()) {
      write_scalar(node);
      return true;
    }
    if (node.IsSequence()) return convert_list(node, pointer, depth);
    if (node.IsMap()) return convert_map(node, pointer, depth);
    out.json += "null";
    return true;
  }

  YamlText out;
  std::string wrong;
  int wrong_line = 0;

 private:
  bool fail(const YAML::Node& node, std::string what) {
    wrong = std::move(what);
    wrong_line = node.Mark().line + 1;
    return false;
  }

  void write_scalar(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    const bool plain = node.Tag() != "!";
    if (plain && (text.empty() || text == "null" || text == "~")) {
      out.json += "null";
    } else if (plain && (text == "true" || text == "false" || is_whole_number(text))) {
      out.json += text;
    } else {
      write_json_string(text, out.json);
    }
  }

  bool convert_list(const YAML::Node& node, const std::string& pointer, int depth) {
    out.json += '[';
    for (std::size_t i = 0; i < node.size(); ++i) {
      if (i > 0) out.json += ',';
      if (!convert(node[i], pointer + "/" + std::to_string(i), depth + 1)) return false;
    }
    out.json += ']';
    return true;
  }

  bool convert_map(const YAML::Node& node, const std::string& pointer, int depth) {
    out.json += '{';
    std::set<std::string> keys;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) return fail(entry.first, "a key is not a plain text");
      const std::string& key = entry.first.Scalar();
      if (!keys.insert(key).second) return fail(entry.first, "the key " + key + " stands twice");
      if (keys.size() > 1) out.json += ',';
      write_json_string(key, out.json);
      out.json += ':';
      const std::string at = pointer + "/" + escaped(key);
      if (!convert(entry.second, at, depth + 1)) return false;
      out.lines[at] = entry.first.Mark().line + 1;
    }
    out.json += '}';
    return true;
  }
};

Error invalid(const std::string& file, int line, const std::string& what) {
  return {ErrorCode::kInvalid, file + ":" + std::to_string(line) + ": " + what, false, false};
}

}  // namespace

int YamlText::line_of(std::string pointer) const {
  while (true) {
    const auto it = lines.find(pointer);
    if (it != lines.end()) return it->second;
    if (pointer.empty()) return 1;
    pointer.resize(pointer.rfind('/'));
  }
}

Result<YamlText> read_yaml(const std::string& file, const std::string& text) {
  if (text.size() > kTextBytesMax) return invalid(file, 1, "is larger than 1 MiB");
  try {
    Converter converter;
    if (!converter.convert(YAML::Load(text), "", 0)) {
      return invalid(file, converter.wrong_line, converter.wrong);
    }
    return std::move(converter.out);
  } catch (const YAML::Exception& error) {
    return invalid(file, error.mark.line + 1, error.msg);
  }
}

}  // namespace duru
