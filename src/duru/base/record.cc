#include "duru/base/record.h"

namespace duru {
namespace {

template <class T>
Type quantity_type(std::string_view name) {
  Type t;
  t.kind = TypeKind::kInteger;
  t.name = name;
  t.get = [](const void* p) { return static_cast<const T*>(p)->value; };
  t.set = [](void* p, std::int64_t v) {
    static_cast<T*>(p)->value = v;
    return true;
  };
  return t;
}

template <class T, int kDigits>
Type decimal_type(std::string_view name) {
  Type t = quantity_type<T>(name);
  t.to_text = [](const void* p) {
    return format_decimal(static_cast<const T*>(p)->value, kDigits);
  };
  t.from_text = [](void* p, std::string_view s) {
    return parse_decimal(s, kDigits, static_cast<T*>(p)->value);
  };
  return t;
}

}  // namespace

template <>
const Type& QuantityText<Milliseconds>::type() {
  static const Type type = [] {
    Type t = quantity_type<Milliseconds>("duration like 90s or 1h30m");
    t.to_text = [](const void* p) { return format_duration(*static_cast<const Milliseconds*>(p)); };
    t.from_text = [](void* p, std::string_view s) {
      return parse_duration(s, *static_cast<Milliseconds*>(p));
    };
    return t;
  }();
  return type;
}

template <>
const Type& QuantityText<Timestamp>::type() {
  static const Type type = [] {
    Type t = quantity_type<Timestamp>("time like 2026-11-24T22:51:32Z");
    t.to_text = [](const void* p) { return format_timestamp(*static_cast<const Timestamp*>(p)); };
    t.from_text = [](void* p, std::string_view s) {
      return parse_timestamp(s, *static_cast<Timestamp*>(p));
    };
    return t;
  }();
  return type;
}

template <>
const Type& QuantityText<Bytes>::type() {
  static const Type type = [] {
    Type t = quantity_type<Bytes>("bytes like 4GiB");
    t.from_text = [](void* p, std::string_view s) {
      return parse_bytes(s, *static_cast<Bytes*>(p));
    };
    return t;
  }();
  return type;
}

template <>
const Type& QuantityText<MilliCpu>::type() {
  static const Type type = decimal_type<MilliCpu, 3>("cpu count like 2 or \"0.5\"");
  return type;
}
template <>
const Type& QuantityText<MilliDevices>::type() {
  static const Type type = decimal_type<MilliDevices, 3>("amount of accelerators");
  return type;
}
template <>
const Type& QuantityText<Milliwatts>::type() {
  static const Type type = decimal_type<Milliwatts, 3>("watts");
  return type;
}
template <>
const Type& QuantityText<Millijoules>::type() {
  static const Type type = decimal_type<Millijoules, 3>("joules");
  return type;
}
template <>
const Type& QuantityText<MicroCredits>::type() {
  static const Type type = decimal_type<MicroCredits, 6>("credits");
  return type;
}

const Type& TypeOf<bool>::get() {
  static const Type type = [] {
    Type t;
    t.kind = TypeKind::kBoolean;
    t.name = "boolean";
    t.get = [](const void* p) -> std::int64_t { return *static_cast<const bool*>(p) ? 1 : 0; };
    t.set = [](void* p, std::int64_t v) {
      *static_cast<bool*>(p) = v != 0;
      return v == 0 || v == 1;
    };
    return t;
  }();
  return type;
}

const Type& TypeOf<std::string>::get() {
  static const Type type = [] {
    Type t;
    t.kind = TypeKind::kText;
    t.name = "string";
    t.to_text = [](const void* p) { return *static_cast<const std::string*>(p); };
    t.from_text = [](void* p, std::string_view s) {
      *static_cast<std::string*>(p) = std::string(s);
      return true;
    };
    return t;
  }();
  return type;
}

const Type& TypeOf<Digest>::get() {
  static const Type type = [] {
    Type t;
    t.kind = TypeKind::kText;
    t.name = "SHA-256 digest";
    t.to_text = [](const void* p) {
      const auto& digest = *static_cast<const Digest*>(p);
      return digest == Digest{} ? std::string() : digest.hex();
    };
    t.from_text = [](void* p, std::string_view s) {
      return s.empty() || static_cast<Digest*>(p)->parse(s);
    };
    return t;
  }();
  return type;
}

}  // namespace duru
