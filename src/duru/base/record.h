// Records: a plain aggregate described once. From that one table of numbered, named fields come
//   - the binary form: protobuf's deterministic wire (ascending field numbers, defaults left out,
//   maps sorted), so
//     that a .proto can be published; it is the canonical form to hash and to compare (wire.h);
//   - the JSON form (json.h) and the canonical text;
//   - the schema.
//
//   struct Chip { ChipName name; Track track = Track::kCpu; std::vector<std::string> aliases; };
//   DURU_DECLARE_RECORD(Chip)                                     // chip.h, in namespace duru
//   DURU_RECORD(Chip, (1, name), (2, track), (3, aliases))        // chip.cc, with record_macros.h
//
// A field may be: bool, an integer, std::string, an enum with DURU_DECLARE_ENUM, Id, Name,
// Quantity, Digest, a record, std::vector<F>, std::map<std::string, F>, std::optional<F>. A number
// is never used twice in the life of a record. The table is type-erased: one walker of each kind
// serves all records, which compiles several times faster than templates (measured, see
// docs/dependencies.md).
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "duru/base/sha256.h"
#include "duru/base/strong.h"
#include "duru/base/units.h"

namespace duru {

struct Type;

struct Field {
  std::uint32_t number;
  std::string_view name;
  const Type& (*type)();
  void* (*member)(void* record);

  const void* get(const void* record) const { return member(const_cast<void*>(record)); }
};

struct EnumName {
  std::int64_t value;
  std::string_view name;
};

enum class TypeKind { kBoolean, kInteger, kText, kEnum, kRecord, kList, kMap, kOptional };

// What the walkers need of one C++ type. Only the members of its kind are set.
struct Type {
  TypeKind kind = TypeKind::kBoolean;
  std::string_view name;  // for messages and schemas: "integer", "duration", "job id", "Chip"

  // kBoolean, kInteger, kEnum. set answers false when the value does not fit.
  std::int64_t (*get)(const void*) = nullptr;
  bool (*set)(void*, std::int64_t) = nullptr;
  // kText: the text itself. kInteger with a text form in JSON (a duration, a time, a decimal): that
  // form.
  std::string (*to_text)(const void*) = nullptr;
  bool (*from_text)(void*, std::string_view) = nullptr;

  std::span<const EnumName> enum_names;                   // kEnum
  std::span<const Field> fields;                          // kRecord
  const Type& (*element)() = nullptr;                     // kList, kMap, kOptional
  std::size_t (*size)(const void*) = nullptr;             // kList, kMap, kOptional (0 or 1)
  const void* (*at)(const void*, std::size_t) = nullptr;  // kList, kOptional
  void* (*append)(void*) = nullptr;                       // kList, kOptional (emplaces)
  void (*each)(const void*, void* context,
               void (*visit)(void* context, const std::string& key, const void* value)) = nullptr;
  void* (*insert)(void*, const std::string& key) = nullptr;  // kMap; nullptr when the key exists
};

template <class T>
struct TypeOf;  // specialised below, and by DURU_DECLARE_RECORD and DURU_DECLARE_ENUM

template <class T>
const Type& type_of() {
  return TypeOf<T>::get();
}

// The description of a quantity's JSON text: durations, times, decimals. Specialised per unit in
// record.cc.
template <class Unit>
struct QuantityText {
  static const Type& type();
};

template <>
struct TypeOf<bool> {
  static const Type& get();
};
template <>
struct TypeOf<std::string> {
  static const Type& get();
};
template <>
struct TypeOf<Digest> {
  static const Type& get();
};

template <class T>
requires std::is_integral_v<T>
struct TypeOf<T> {
  static const Type& get() {
    static const Type type = [] {
      Type t;
      t.kind = TypeKind::kInteger;
      t.name = "integer";
      t.get = [](const void* p) { return static_cast<std::int64_t>(*static_cast<const T*>(p)); };
      t.set = [](void* p, std::int64_t v) {
        if constexpr (std::is_unsigned_v<T>) {
          if (v < 0) return false;
        }
        if constexpr (sizeof(T) < 8) {
          if (v > static_cast<std::int64_t>(std::numeric_limits<T>::max()) ||
              v < static_cast<std::int64_t>(std::numeric_limits<T>::min())) {
            return false;
          }
        }
        *static_cast<T*>(p) = static_cast<T>(v);
        return true;
      };
      return t;
    }();
    return type;
  }
};

template <class Tag>
struct TypeOf<Id<Tag>> {
  static const Type& get() {
    static const Type type = [] {
      Type t;
      t.kind = TypeKind::kText;
      t.name = "id";
      t.to_text = [](const void* p) { return static_cast<const Id<Tag>*>(p)->str(); };
      t.from_text = [](void* p, std::string_view s) {
        return s.empty() || static_cast<Id<Tag>*>(p)->parse(s);
      };
      return t;
    }();
    return type;
  }
};

template <class Tag>
struct TypeOf<Name<Tag>> {
  static const Type& get() {
    static const Type type = [] {
      Type t;
      t.kind = TypeKind::kText;
      t.name = "name";
      t.to_text = [](const void* p) { return static_cast<const Name<Tag>*>(p)->str(); };
      t.from_text = [](void* p, std::string_view s) {
        *static_cast<Name<Tag>*>(p) = Name<Tag>(std::string(s));
        return true;
      };
      return t;
    }();
    return type;
  }
};

template <class Tag>
struct TypeOf<Quantity<Tag>> {
  static const Type& get() { return QuantityText<Quantity<Tag>>::type(); }
};

template <class T>
struct TypeOf<std::vector<T>> {
  static const Type& get() {
    static const Type type = [] {
      using List = std::vector<T>;
      Type t;
      t.kind = TypeKind::kList;
      t.name = "list";
      t.element = &type_of<T>;
      t.size = [](const void* p) { return static_cast<const List*>(p)->size(); };
      t.at = [](const void* p, std::size_t i) {
        return static_cast<const void*>(&(*static_cast<const List*>(p))[i]);
      };
      t.append = [](void* p) { return static_cast<void*>(&static_cast<List*>(p)->emplace_back()); };
      return t;
    }();
    return type;
  }
};

template <class T>
struct TypeOf<std::optional<T>> {
  static const Type& get() {
    static const Type type = [] {
      using Optional = std::optional<T>;
      Type t;
      t.kind = TypeKind::kOptional;
      t.name = "optional";
      t.element = &type_of<T>;
      t.size = [](const void* p) -> std::size_t {
        return static_cast<const Optional*>(p)->has_value() ? 1 : 0;
      };
      t.at = [](const void* p, std::size_t) {
        return static_cast<const void*>(&**static_cast<const Optional*>(p));
      };
      t.append = [](void* p) { return static_cast<void*>(&static_cast<Optional*>(p)->emplace()); };
      return t;
    }();
    return type;
  }
};

template <class T>
struct TypeOf<std::map<std::string, T>> {
  static const Type& get() {
    static const Type type = [] {
      using Map = std::map<std::string, T>;
      Type t;
      t.kind = TypeKind::kMap;
      t.name = "map";
      t.element = &type_of<T>;
      t.size = [](const void* p) { return static_cast<const Map*>(p)->size(); };
      t.each = [](const void* p, void* context,
                  void (*visit)(void*, const std::string&, const void*)) {
        for (const auto& [key, value] : *static_cast<const Map*>(p)) visit(context, key, &value);
      };
      t.insert = [](void* p, const std::string& key) -> void* {
        const auto [it, inserted] = static_cast<Map*>(p)->try_emplace(key);
        return inserted ? static_cast<void*>(&it->second) : nullptr;
      };
      return t;
    }();
    return type;
  }
};

}  // namespace duru

// In a header, inside namespace duru: T is described by DURU_RECORD (or DURU_ENUM) in the source
// file beside it.
#define DURU_DECLARE_RECORD(T) \
  template <>                  \
  struct TypeOf<T> {           \
    static const Type& get();  \
  };
#define DURU_DECLARE_ENUM(T) DURU_DECLARE_RECORD(T)
