#include "duru/base/wire.h"

namespace duru {
namespace {

constexpr std::uint32_t kVarint = 0;
constexpr std::uint32_t kDelimited = 2;
constexpr int kDepthMax = 32;

bool is_number(const Type& type) {
  return type.kind == TypeKind::kBoolean || type.kind == TypeKind::kInteger ||
         type.kind == TypeKind::kEnum;
}

void put_varint(std::uint64_t value, std::string& out) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

void put_tag(std::uint32_t number, std::uint32_t wire_type, std::string& out) {
  put_varint(number << 3 | wire_type, out);
}

void put_delimited(std::uint32_t number, std::string_view bytes, std::string& out) {
  put_tag(number, kDelimited, out);
  put_varint(bytes.size(), out);
  out += bytes;
}

// One value of a kind that is neither list, map nor optional; `always` writes a default too.
void put_single(std::uint32_t number, const Type& type, const void* value, bool always,
                std::string& out) {
  if (is_number(type)) {
    const std::int64_t v = type.get(value);
    if (v == 0 && !always) return;
    put_tag(number, kVarint, out);
    put_varint(static_cast<std::uint64_t>(v), out);
    return;
  }
  std::string bytes;
  if (type.kind == TypeKind::kText) {
    bytes = type.to_text(value);
  } else {
    encode_into(type, value, bytes);
  }
  if (bytes.empty() && !always) return;
  put_delimited(number, bytes, out);
}

void put_list(std::uint32_t number, const Type& type, const void* value, std::string& out) {
  const Type& element = type.element();
  const std::size_t size = type.size(value);
  if (size == 0) return;
  if (!is_number(element)) {
    for (std::size_t i = 0; i < size; ++i) {
      put_single(number, element, type.at(value, i), true, out);
    }
    return;
  }
  std::string packed;
  for (std::size_t i = 0; i < size; ++i) {
    put_varint(static_cast<std::uint64_t>(element.get(type.at(value, i))), packed);
  }
  put_delimited(number, packed, out);
}

void put_map(std::uint32_t number, const Type& type, const void* value, std::string& out) {
  struct Context {
    std::uint32_t number;
    const Type& element;
    std::string& out;
  } context{number, type.element(), out};
  type.each(value, &context, [](void* c, const std::string& key, const void* v) {
    auto& ctx = *static_cast<Context*>(c);
    std::string entry;
    if (!key.empty()) put_delimited(1, key, entry);
    put_single(2, ctx.element, v, false, entry);
    put_delimited(ctx.number, entry, ctx.out);
  });
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty(); }

  bool varint(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return false;
      const auto byte = static_cast<unsigned char>(rest_[0]);
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) return false;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return byte != 0 || shift == 0;  // the shortest form only
    }
    return false;
  }
  bool delimited(std::string_view& bytes) {
    std::uint64_t length = 0;
    if (!varint(length) || length > rest_.size()) return false;
    bytes = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return true;
  }

 private:
  std::string_view rest_;
};

Error bad(const Type& type, std::string_view what) {
  return Error{ErrorCode::kDamaged, "record " + std::string(type.name) + ": " + std::string(what),
               false, false};
}
Error bad_field(const Type& type, const Field& field, std::string_view what) {
  return bad(type, "field " + std::string(field.name) + ": " + std::string(what));
}

Status read_record(const Type& type, std::string_view bytes, void* record, int depth);

Status read_single(const Type& owner, const Field& field, const Type& type, Reader& reader,
                   std::uint32_t wire_type, void* value, int depth) {
  if (is_number(type)) {
    std::uint64_t v = 0;
    if (wire_type != kVarint || !reader.varint(v)) {
      return bad_field(owner, field, "is not a number");
    }
    if (!type.set(value, static_cast<std::int64_t>(v))) {
      return bad_field(owner, field, "has a value out of range or unknown");
    }
    return ok_status();
  }
  std::string_view bytes;
  if (wire_type != kDelimited || !reader.delimited(bytes)) {
    return bad_field(owner, field, "is cut short or of another type");
  }
  if (type.kind == TypeKind::kText) {
    if (!type.from_text(value, bytes)) return bad_field(owner, field, "has unacceptable text");
    return ok_status();
  }
  return read_record(type, bytes, value, depth + 1);
}

Status read_packed(const Type& owner, const Field& field, const Type& list, Reader& reader,
                   void* value) {
  std::string_view bytes;
  if (!reader.delimited(bytes)) return bad_field(owner, field, "is cut short");
  Reader packed(bytes);
  while (!packed.done()) {
    std::uint64_t v = 0;
    if (!packed.varint(v) ||
        !list.element().set(list.append(value), static_cast<std::int64_t>(v))) {
      return bad_field(owner, field, "holds a bad number");
    }
  }
  return ok_status();
}

Status read_map_entry(const Type& owner, const Field& field, const Type& map, Reader& reader,
                      void* value, int depth) {
  std::string_view bytes;
  if (!reader.delimited(bytes)) return bad_field(owner, field, "is cut short");
  Reader entry(bytes);
  std::string_view key;
  void* slot = nullptr;
  std::uint64_t tag = 0;
  if (!entry.done()) {
    if (!entry.varint(tag)) return bad_field(owner, field, "has a damaged entry");
    if (tag == (1U << 3 | kDelimited)) {
      if (!entry.delimited(key)) return bad_field(owner, field, "has a damaged key");
      tag = 0;
      if (!entry.done() && !entry.varint(tag))
        return bad_field(owner, field, "has a damaged entry");
    }
  }
  slot = map.insert(value, std::string(key));
  if (slot == nullptr) return bad_field(owner, field, "has a key twice");
  if (tag == 0) return ok_status();
  if (tag >> 3 != 2) return bad_field(owner, field, "has an unknown entry");
  DURU_TRY(read_single(owner, field, map.element(), entry, static_cast<std::uint32_t>(tag & 7),
                       slot, depth));
  if (!entry.done()) return bad_field(owner, field, "has bytes behind an entry");
  return ok_status();
}

Status read_field(const Type& owner, const Field& field, Reader& reader, std::uint32_t wire_type,
                  void* record, int depth) {
  const Type& type = field.type();
  void* value = field.member(record);
  switch (type.kind) {
    case TypeKind::kList:
      if (wire_type != kDelimited) return bad_field(owner, field, "is not a list");
      if (is_number(type.element())) return read_packed(owner, field, type, reader, value);
      return read_single(owner, field, type.element(), reader, wire_type, type.append(value),
                         depth);
    case TypeKind::kMap:
      if (wire_type != kDelimited) return bad_field(owner, field, "is not a map");
      return read_map_entry(owner, field, type, reader, value, depth);
    case TypeKind::kOptional:
      return read_single(owner, field, type.element(), reader, wire_type, type.append(value),
                         depth);
    default:
      return read_single(owner, field, type, reader, wire_type, value, depth);
  }
}

Status read_record(const Type& type, std::string_view bytes, void* record, int depth) {
  if (depth > kDepthMax) return bad(type, "is nested too deep");
  Reader reader(bytes);
  std::uint32_t last = 0;
  std::size_t next = 0;
  while (!reader.done()) {
    std::uint64_t tag = 0;
    if (!reader.varint(tag)) return bad(type, "has a damaged tag");
    const auto number = static_cast<std::uint32_t>(tag >> 3);
    const bool again = number == last;
    if (number < last) return bad(type, "has its fields out of order");
    while (next < type.fields.size() && type.fields[next].number < number) ++next;
    if (next == type.fields.size() || type.fields[next].number != number) {
      return bad(type, "has an unknown field " + std::to_string(number) +
                           "; it was written by a newer version");
    }
    const Field& field = type.fields[next];
    const TypeKind kind = field.type().kind;
    if (again && kind != TypeKind::kList && kind != TypeKind::kMap) {
      return bad_field(type, field, "stands twice");
    }
    DURU_TRY(read_field(type, field, reader, static_cast<std::uint32_t>(tag & 7), record, depth));
    last = number;
  }
  return ok_status();
}

}  // namespace

void encode_into(const Type& type, const void* record, std::string& out) {
  DURU_ASSERT(type.kind == TypeKind::kRecord);
  for (const Field& field : type.fields) {
    const Type& field_type = field.type();
    const void* value = field.get(record);
    switch (field_type.kind) {
      case TypeKind::kList:
        put_list(field.number, field_type, value, out);
        break;
      case TypeKind::kMap:
        put_map(field.number, field_type, value, out);
        break;
      case TypeKind::kOptional:
        if (field_type.size(value) == 1) {
          put_single(field.number, field_type.element(), field_type.at(value, 0), true, out);
        }
        break;
      default:
        put_single(field.number, field_type, value, false, out);
    }
  }
}

Status decode_into(const Type& type, std::string_view bytes, void* record) {
  return read_record(type, bytes, record, 0);
}

}  // namespace duru
