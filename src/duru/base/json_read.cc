#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <set>

#include "duru/base/json.h"
#include "duru/base/suggestion.h"

namespace duru {
namespace {

namespace bj = boost::json;

constexpr std::size_t kProblemsMax = 20;
constexpr std::size_t kShortWord = 3;  // of cpu, gpu, npu each is near to all others

// Sees the document as events: finds doubled keys, which bj::parse drops silently.
struct DuplicateKeys {
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  std::vector<std::set<std::string, std::less<>>> open;
  std::string key;
  std::string doubled;

  using ec = boost::system::error_code;
  bool on_document_begin(ec&) { return true; }
  bool on_document_end(ec&) { return true; }
  bool on_object_begin(ec&) {
    open.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, ec&) {
    open.pop_back();
    return true;
  }
  bool on_array_begin(ec&) { return true; }
  bool on_array_end(std::size_t, ec&) { return true; }
  bool on_key_part(bj::string_view part, std::size_t, ec&) {
    key.append(part.data(), part.size());
    return true;
  }
  bool on_key(bj::string_view part, std::size_t, ec&) {
    key.append(part.data(), part.size());
    if (!open.back().insert(key).second && doubled.empty()) doubled = key;
    key.clear();
    return true;
  }
  bool on_string_part(bj::string_view, std::size_t, ec&) { return true; }
  bool on_string(bj::string_view, std::size_t, ec&) { return true; }
  bool on_number_part(bj::string_view, ec&) { return true; }
  bool on_int64(std::int64_t, bj::string_view, ec&) { return true; }
  bool on_uint64(std::uint64_t, bj::string_view, ec&) { return true; }
  bool on_double(double, bj::string_view, ec&) { return true; }
  bool on_bool(bool, ec&) { return true; }
  bool on_null(ec&) { return true; }
  bool on_comment_part(bj::string_view, ec&) { return true; }
  bool on_comment(bj::string_view, ec&) { return true; }
};

std::string escape_pointer(std::string_view key) {
  std::string out;
  for (char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string kind_name(const bj::value& value) {
  switch (value.kind()) {
    case bj::kind::null:
      return "null";
    case bj::kind::bool_:
      return "a boolean";
    case bj::kind::int64:
    case bj::kind::uint64:
      return "integer " + bj::serialize(value);
    case bj::kind::double_:
      return "a number with a fraction or exponent";
    case bj::kind::string: {
      std::string text(value.get_string().data(),
                       std::min<std::size_t>(value.get_string().size(), 40));
      return "string \"" + text + (value.get_string().size() > 40 ? "…\"" : "\"");
    }
    case bj::kind::array:
      return "a list";
    case bj::kind::object:
      return "an object";
  }
  return "something else";
}

class RecordReader {
 public:
  RecordReader(const JsonLimits& limits, std::vector<JsonProblem>& problems)
      : limits_(limits), problems_(problems) {}

  void read(const Type& type, const bj::value& json, void* value, const std::string& pointer) {
    switch (type.kind) {
      case TypeKind::kBoolean:
        if (!json.is_bool()) return expected(type, json, pointer);
        type.set(value, json.get_bool() ? 1 : 0);
        return;
      case TypeKind::kInteger:
        return read_integer(type, json, value, pointer);
      case TypeKind::kText:
        return read_text(type, json, value, pointer);
      case TypeKind::kEnum:
        return read_enum(type, json, value, pointer);
      case TypeKind::kRecord:
        return read_record(type, json, value, pointer);
      case TypeKind::kList:
        return read_list(type, json, value, pointer);
      case TypeKind::kMap:
        return read_map(type, json, value, pointer);
      case TypeKind::kOptional:
        return read(type.element(), json, type.append(value), pointer);
    }
  }

 private:
  void problem(const std::string& pointer, std::string detail) {
    if (problems_.size() < kProblemsMax) problems_.push_back({pointer, std::move(detail)});
  }
  void expected(const Type& type, const bj::value& json, const std::string& pointer) {
    problem(pointer, "expected " + std::string(type.name) + ", got " + kind_name(json));
  }

  void read_integer(const Type& type, const bj::value& json, void* value,
                    const std::string& pointer) {
    if (type.from_text != nullptr) {
      // A decimal may also be written as a whole number: cpu: 2.
      std::string text;
      if (json.is_string()) {
        text = std::string(json.get_string().data(), json.get_string().size());
      } else if (json.is_int64()) {
        text = std::to_string(json.get_int64());
      } else if (json.is_double()) {
        return problem(pointer, "expected " + std::string(type.name) +
                                    ", got a number with a fraction; write it as a string");
      }
      if (text.empty() || !type.from_text(value, text)) return expected(type, json, pointer);
      return;
    }
    if (!json.is_int64() || !type.set(value, json.get_int64())) expected(type, json, pointer);
  }

  void read_text(const Type& type, const bj::value& json, void* value, const std::string& pointer) {
    if (!json.is_string()) return expected(type, json, pointer);
    const auto& text = json.get_string();
    if (text.size() > limits_.text_bytes_max) {
      return problem(pointer,
                     "is longer than " + std::to_string(limits_.text_bytes_max) + " bytes");
    }
    if (!type.from_text(value, std::string_view(text.data(), text.size()))) {
      expected(type, json, pointer);
    }
  }

  void read_enum(const Type& type, const bj::value& json, void* value, const std::string& pointer) {
    std::string names;
    for (const EnumName& entry : type.enum_names) {
      if (json.is_string() &&
          json.get_string() == bj::string_view(entry.name.data(), entry.name.size())) {
        type.set(value, entry.value);
        return;
      }
      if (!names.empty()) names += ", ";
      names += entry.name;
    }
    problem(pointer, "expected one of " + names + "; got " + kind_name(json) + meant(type, json));
  }

  // "; did you mean …?", or nothing.
  static std::string meant(const Type& type, const bj::value& json) {
    if (!json.is_string() || json.get_string().size() <= kShortWord) return "";
    std::vector<std::string> names;
    for (const EnumName& entry : type.enum_names) names.emplace_back(entry.name);
    const std::string text =
        did_you_mean({json.get_string().data(), json.get_string().size()}, names);
    return text.empty() ? "" : "; " + text;
  }

  // A field that is near, else all that are known.
  static std::string known_or_meant(const Type& type, std::string_view name) {
    std::vector<std::string> names;
    for (const Field& field : type.fields) names.emplace_back(field.name);
    const std::string text = did_you_mean(std::string(name), names);
    return text.empty() ? "known are " + known(type) : text;
  }

  void read_record(const Type& type, const bj::value& json, void* value,
                   const std::string& pointer) {
    if (!json.is_object()) {
      return problem(pointer, "expected an object, got " + kind_name(json));
    }
    for (const auto& [key, member] : json.get_object()) {
      const std::string_view name(key.data(), key.size());
      const std::string at = pointer + "/" + escape_pointer(name);
      const Field* field = find(type, name);
      if (field == nullptr) {
        if (!limits_.skips_unknown) problem(at, "unknown field; " + known_or_meant(type, name));
      } else if (!member.is_null()) {
        read(field->type(), member, field->member(value), at);
      }
    }
  }

  static const Field* find(const Type& type, std::string_view name) {
    for (const Field& field : type.fields) {
      if (field.name == name) return &field;
    }
    return nullptr;
  }
  static std::string known(const Type& type) {
    std::string names;
    for (const Field& field : type.fields) {
      if (!names.empty()) names += ", ";
      names += field.name;
    }
    return names;
  }

  void read_list(const Type& type, const bj::value& json, void* value, const std::string& pointer) {
    if (!json.is_array()) return problem(pointer, "expected a list, got " + kind_name(json));
    const auto& array = json.get_array();
    if (array.size() > limits_.list_length_max) {
      return problem(pointer, "has " + std::to_string(array.size()) + " elements; at most " +
                                  std::to_string(limits_.list_length_max) + " are taken");
    }
    for (std::size_t i = 0; i < array.size(); ++i) {
      read(type.element(), array[i], type.append(value), pointer + "/" + std::to_string(i));
    }
  }

  void read_map(const Type& type, const bj::value& json, void* value, const std::string& pointer) {
    if (!json.is_object()) return problem(pointer, "expected an object, got " + kind_name(json));
    const auto& object = json.get_object();
    if (object.size() > limits_.list_length_max) {
      return problem(pointer, "has " + std::to_string(object.size()) + " entries; at most " +
                                  std::to_string(limits_.list_length_max) + " are taken");
    }
    for (const auto& [key, member] : object) {
      const std::string name(key.data(), key.size());
      void* slot = type.insert(value, name);
      if (slot != nullptr) read(type.element(), member, slot, pointer + "/" + escape_pointer(name));
    }
  }

  const JsonLimits& limits_;
  std::vector<JsonProblem>& problems_;
};

}  // namespace

std::vector<JsonProblem> read_json(const Type& type, std::string_view text,
                                   const JsonLimits& limits, void* record) {
  std::vector<JsonProblem> problems;
  bj::parse_options options;
  options.max_depth = limits.depth_max;
  boost::system::error_code error;
  bj::stream_parser parser({}, options);
  const std::size_t used = parser.write_some(text.data(), text.size(), error);
  if (!error && used == text.size()) parser.finish(error);
  if (error == bj::error::too_deep) {
    return {{"", "is nested deeper than " + std::to_string(limits.depth_max) + " levels"}};
  }
  if (error || used != text.size()) {
    return {{"", "is not valid JSON at byte " + std::to_string(used) + ": " +
                     (error ? error.message() : std::string("text behind the document"))}};
  }
  const bj::value json = parser.release();
  bj::basic_parser<DuplicateKeys> events(options);
  events.write_some(false, text.data(), text.size(), error);
  if (!events.handler().doubled.empty()) {
    return {{"", "the key \"" + events.handler().doubled + "\" stands twice in one object"}};
  }
  RecordReader(limits, problems).read(type, json, record, "");
  return problems;
}

bool is_json_object(std::string_view text) {
  bj::parse_options options;
  options.max_depth = JsonLimits{}.depth_max;
  boost::system::error_code error;
  const bj::value json = bj::parse({text.data(), text.size()}, error, {}, options);
  return !error && json.is_object();
}

}  // namespace duru
