// The JSON half of read_document() (document.h): checks the text and notes where each value stands.
//
//   DocumentResult read = read_json_document(R"({"jobs": []})");
#pragma once

#include <string_view>

#include "duru/cli/document.h"

namespace duru::cli {

DocumentResult read_json_document(std::string_view text);

}  // namespace duru::cli
