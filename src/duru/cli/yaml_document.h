// The YAML half of read_document() (document.h): the only place that knows yaml-cpp.
//
//   DocumentResult read = read_yaml_document("jobs:\n  - name: train\n");
#pragma once

#include <string_view>

#include "duru/cli/document.h"

namespace duru::cli {

DocumentResult read_yaml_document(std::string_view text);

}  // namespace duru::cli
