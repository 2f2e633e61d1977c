// DURU_RECORD and DURU_ENUM: the descriptions of records (record.h). Only for .cc files: Boost.PFR
// counts the members, so that a forgotten one does not compile.
//
//   DURU_RECORD(Chip, (1, name), (2, track))
//   DURU_ENUM(Track, {kCpu, "cpu"}, {kGpu, "gpu"}, {kNpu, "npu"})
#pragma once

#include <boost/pfr/tuple_size.hpp>

#include "duru/base/record.h"

#define DURU_FIELD_PARENTHESES ()
#define DURU_FIELD_EXPAND(...) \
  DURU_FIELD_EXPAND3(DURU_FIELD_EXPAND3(DURU_FIELD_EXPAND3(__VA_ARGS__)))
#define DURU_FIELD_EXPAND3(...) \
  DURU_FIELD_EXPAND2(DURU_FIELD_EXPAND2(DURU_FIELD_EXPAND2(__VA_ARGS__)))
#define DURU_FIELD_EXPAND2(...) \
  DURU_FIELD_EXPAND1(DURU_FIELD_EXPAND1(DURU_FIELD_EXPAND1(__VA_ARGS__)))
#define DURU_FIELD_EXPAND1(...) __VA_ARGS__
#define DURU_FIELD_EACH(macro, ...) \
  __VA_OPT__(DURU_FIELD_EXPAND(DURU_FIELD_STEP(macro, __VA_ARGS__)))
#define DURU_FIELD_STEP(macro, first, ...) \
  macro first __VA_OPT__(DURU_FIELD_AGAIN DURU_FIELD_PARENTHESES(macro, __VA_ARGS__))
#define DURU_FIELD_AGAIN() DURU_FIELD_STEP

#define DURU_FIELD_ENTRY(number_, member_)                                    \
  ::duru::Field{number_, #member_, &::duru::type_of<decltype(Self::member_)>, \
                [](void* p) -> void* { return &static_cast<Self*>(p)->member_; }},

#define DURU_RECORD(T, ...)                                                          \
  const Type& TypeOf<T>::get() {                                                     \
    using Self = T;                                                                  \
    static const Field kFields[] = {DURU_FIELD_EACH(DURU_FIELD_ENTRY, __VA_ARGS__)}; \
    static_assert(sizeof(kFields) / sizeof(Field) == boost::pfr::tuple_size_v<T>,    \
                  "every member of " #T " has a numbered field");                    \
    static const Type type = [] {                                                    \
      Type t;                                                                        \
      t.kind = TypeKind::kRecord;                                                    \
      t.name = #T;                                                                   \
      t.fields = kFields;                                                            \
      return t;                                                                      \
    }();                                                                             \
    return type;                                                                     \
  }

#define DURU_ENUM(T, ...)                                                                         \
  const Type& TypeOf<T>::get() {                                                                  \
    using enum T;                                                                                 \
    struct Entry {                                                                                \
      T value;                                                                                    \
      std::string_view name;                                                                      \
    };                                                                                            \
    static constexpr Entry kEntries[] = {__VA_ARGS__};                                            \
    static const std::vector<EnumName> kNames = [] {                                              \
      std::vector<EnumName> names;                                                                \
      for (const Entry& e : kEntries)                                                             \
        names.push_back({static_cast<std::int64_t>(e.value), e.name});                            \
      return names;                                                                               \
    }();                                                                                          \
    static const Type type = [] {                                                                 \
      Type t;                                                                                     \
      t.kind = TypeKind::kEnum;                                                                   \
      t.name = #T;                                                                                \
      t.enum_names = kNames;                                                                      \
      t.get = [](const void* p) { return static_cast<std::int64_t>(*static_cast<const T*>(p)); }; \
      t.set = [](void* p, std::int64_t v) {                                                       \
        for (const Entry& e : kEntries) {                                                         \
          if (static_cast<std::int64_t>(e.value) != v) continue;                                  \
          *static_cast<T*>(p) = e.value;                                                          \
          return true;                                                                            \
        }                                                                                         \
        return false;                                                                             \
      };                                                                                          \
      return t;                                                                                   \
    }();                                                                                          \
    return type;                                                                                  \
  }
