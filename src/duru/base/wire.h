// The binary form of records: protobuf's deterministic wire. encode() is canonical (one value, one
// byte string: it is what is hashed, chained and compared); decode() accepts only what encode()
// writes, so an unknown field, a wrong order or a trailing byte is an error and never skipped.
//
//   std::string bytes = encode(chip);
//   Result<Chip> back = decode<Chip>(bytes);
//
// Truncated bytes can decode as a valid shorter record: whoever stores them adds length and
// checksum. integer, boolean, enum: varint (negative numbers take ten bytes); text, record:
// length-delimited; list: one tag an element, integers packed; map: entries {1: key, 2: value} in
// key order; optional: written whenever set.
#pragma once

#include <string>
#include <string_view>

#include "duru/base/record.h"
#include "duru/base/result.h"

namespace duru {

void encode_into(const Type& type, const void* record, std::string& out);
Status decode_into(const Type& type, std::string_view bytes, void* record);

template <class T>
std::string encode(const T& record) {
  std::string out;
  encode_into(type_of<T>(), &record, out);
  return out;
}

template <class T>
Result<T> decode(std::string_view bytes) {
  T record{};
  DURU_TRY(decode_into(type_of<T>(), bytes, &record));
  return record;
}

}  // namespace duru
