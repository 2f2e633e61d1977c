// Reading and writing whole small files, with errors that a person can act on.
//
//   Result<std::string> text = read_whole_file("train.yaml", 1 << 20);
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "duru/base/result.h"

namespace duru::cli {

// kNotFound, kDenied, or kInvalid for a folder or a file that is longer than `bytes_max`.
Result<std::string> read_whole_file(const std::string& path, std::size_t bytes_max);
// The same of what stands for itself: kInvalid also for a pipe or a device, which is not waited
// for.
Result<std::string> read_regular_file(const std::string& path, std::size_t bytes_max);
// Standard input to its end; kInvalid if it is longer than `bytes_max`.
Result<std::string> read_standard_input(std::size_t bytes_max);
// Whether the owner may execute it.
bool is_executable_file(const std::string& path);

}  // namespace duru::cli
