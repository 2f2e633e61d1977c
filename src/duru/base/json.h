// The JSON form of records (record.h), both ways.
//
//   std::string text = to_json(chip);
//   JsonResult<JobSpec> spec = from_json<JobSpec>(text, limits);
//   if (!spec.ok()) for (const JsonProblem& p : spec.problems) …   // {"/variants/1/cpu", "expected
//   …, got …"}
//
// Writing: fields in the order of the table, every field (kAll, the API's form) or without defaults
// (kSparse, the canonical text). An optional that is not set is null in kAll. Quantities with a
// text form are strings. Reading: unknown fields, doubled keys, wrong types, numbers with a
// fraction, texts and lists beyond the limits are problems, each with its JSON pointer; up to 20
// are collected. null means "not given".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "duru/base/record.h"

namespace duru {

enum class JsonForm { kAll, kSparse };

void write_json(const Type& type, const void* value, JsonForm form, std::string& out);
void write_json_string(std::string_view text, std::string& out);

template <class T>
std::string to_json(const T& record, JsonForm form = JsonForm::kAll) {
  std::string out;
  write_json(type_of<T>(), &record, form, out);
  return out;
}

struct JsonLimits {
  std::size_t depth_max = 16;
  std::size_t list_length_max = 10'000;
  std::size_t text_bytes_max = 24 * 1024 * 1024;
  // Unknown fields are passed over: what a newer peer adds is none of an older one's business.
  bool skips_unknown = false;
};

struct JsonProblem {
  std::string pointer;  // RFC 6901; "" is the whole document
  std::string detail;   // what was expected, what is there
};

std::vector<JsonProblem> read_json(const Type& type, std::string_view text,
                                   const JsonLimits& limits, void* record);

// Whether the text is one JSON object, whatever it holds.
bool is_json_object(std::string_view text);

template <class T>
struct JsonResult {
  T value{};
  std::vector<JsonProblem> problems;
  bool ok() const { return problems.empty(); }
};

template <class T>
JsonResult<T> from_json(std::string_view text, const JsonLimits& limits = {}) {
  JsonResult<T> result;
  result.problems = read_json(type_of<T>(), text, limits, &result.value);
  return result;
}

}  // namespace duru
