#include <charconv>

#include "duru/base/assert.h"
#include "duru/base/json.h"

namespace duru {
namespace {

void write_integer(std::int64_t value, std::string& out) {
  char buffer[24];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  DURU_ASSERT(error == std::errc());
  out.append(buffer, end);
}

bool is_default(const Type& type, const void* value) {
  switch (type.kind) {
    case TypeKind::kBoolean:
    case TypeKind::kInteger:
    case TypeKind::kEnum:
      return type.get(value) == 0;
    case TypeKind::kText:
      return type.to_text(value).empty();
    case TypeKind::kRecord:
      for (const Field& field : type.fields) {
        if (!is_default(field.type(), field.get(value))) return false;
      }
      return true;
    default:
      return type.size(value) == 0;
  }
}

void write_enum(const Type& type, const void* value, std::string& out) {
  const std::int64_t v = type.get(value);
  for (const EnumName& entry : type.enum_names) {
    if (entry.value == v) return write_json_string(entry.name, out);
  }
  DURU_ASSERT(false);
}

void write_record(const Type& type, const void* value, JsonForm form, std::string& out) {
  out += '{';
  bool first = true;
  for (const Field& field : type.fields) {
    const void* member = field.get(value);
    if (form == JsonForm::kSparse && is_default(field.type(), member)) continue;
    if (!first) out += ',';
    first = false;
    out += '"';
    out += field.name;
    out += "\":";
    write_json(field.type(), member, form, out);
  }
  out += '}';
}

void write_map(const Type& type, const void* value, JsonForm form, std::string& out) {
  struct Context {
    const Type& element;
    JsonForm form;
    std::string& out;
    bool first;
  } context{type.element(), form, out, true};
  out += '{';
  type.each(value, &context, [](void* c, const std::string& key, const void* v) {
    auto& ctx = *static_cast<Context*>(c);
    if (!ctx.first) ctx.out += ',';
    ctx.first = false;
    write_json_string(key, ctx.out);
    ctx.out += ':';
    write_json(ctx.element, v, ctx.form, ctx.out);
  });
  out += '}';
}

}  // namespace

void write_json_string(std::string_view text, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

void write_json(const Type& type, const void* value, JsonForm form, std::string& out) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      out += type.get(value) != 0 ? "true" : "false";
      return;
    case TypeKind::kInteger:
      if (type.to_text != nullptr) return write_json_string(type.to_text(value), out);
      return write_integer(type.get(value), out);
    case TypeKind::kText:
      return write_json_string(type.to_text(value), out);
    case TypeKind::kEnum:
      return write_enum(type, value, out);
    case TypeKind::kRecord:
      return write_record(type, value, form, out);
    case TypeKind::kMap:
      return write_map(type, value, form, out);
    case TypeKind::kOptional:
      if (type.size(value) == 0) {
        out += "null";
        return;
      }
      return write_json(type.element(), type.at(value, 0), form, out);
    case TypeKind::kList: {
      out += '[';
      const std::size_t size = type.size(value);
      for (std::size_t i = 0; i < size; ++i) {
        if (i > 0) out += ',';
        write_json(type.element(), type.at(value, i), form, out);
      }
      out += ']';
      return;
    }
  }
}

}  // namespace duru
