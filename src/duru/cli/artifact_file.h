// From an artifact of the server to a file of this machine: whole, with the right bytes, or not at
// all.
//
//   Status done = fetch_artifact(api, {project, digest}, "model.onnx", /*replace=*/false);
#pragma once

#include <string>

#include "duru/base/result.h"
#include "duru/cli/api_client.h"

namespace duru::cli {

struct ArtifactPlace {
  std::string project;
  std::string digest;  // SHA-256, 64 lower-case characters
};

// Written beside `path` under another name, checked, then given its name at once. Errors:
// kInvalid if something is there and `replace` is false, kDamaged for bytes of another digest,
// kNotFound if the server keeps it no more, and those of the disk.
Status fetch_artifact(ApiClient& api, const ArtifactPlace& place, const std::string& path,
                      bool replace);

}  // namespace duru::cli
