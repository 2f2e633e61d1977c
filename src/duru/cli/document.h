// A YAML or JSON text as strict JSON, with the place of each value.
//
//   DocumentResult read = read_document(text, DocumentForm::kYamlOrJson);
//   if (!read.problems.empty()) …                      // each with line and column
//   use(read.document.json, read.document.positions);
//
// Only what YAML and JSON read alike is taken. Refused, each with its place: a key that stands
// twice, anchors and aliases, tags, a second document, keys that are not text, nesting beyond
// kDepthMax, bytes that are not UTF-8, and plain words that some YAML readers take for something
// else: `010` (8), `1_000`, `0x10`, `1e3`, `yes`, `on`, `12:30`, `2026-01-01`. Quoted, they are
// text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "duru/cli/source_map.h"

namespace duru::cli {

constexpr std::size_t kDocumentBytesMax = std::size_t{1} << 20;
constexpr std::size_t kDepthMax = 32;

enum class DocumentForm { kYamlOrJson, kJson };

struct Document {
  std::string json;
  SourceMap positions;
};

struct DocumentResult {
  Document document;
  std::vector<FileProblem> problems;  // the first 20
};

DocumentResult read_document(std::string_view text, DocumentForm form);

// How a plain (unquoted) YAML word is read.
enum class PlainKind { kText, kNull, kBoolean, kInteger, kFraction, kAmbiguous };
PlainKind classify_plain(std::string_view word);

}  // namespace duru::cli
