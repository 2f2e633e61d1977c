// Copies the log of one task of one attempt to stdout, to its end or as it grows.
//
//   Status copied = copy_log(api, console, {.project = "default", .job = id, .attempt = 1});
//
// When the server goes away, the log is taken up again where it was. kNotFound if there is no such
// job, attempt or task. Ends early, and well, when stdout takes no more.
#pragma once

#include <cstdint>
#include <string>

#include "duru/cli/api_client.h"
#include "duru/cli/console.h"

namespace duru::cli {

struct LogWish {
  std::string project;
  std::string job;  // id or name
  std::int64_t attempt = 1;
  std::int64_t task = 0;
  bool follow = true;
};

Status copy_log(ApiClient& api, Console& console, const LogWish& wish);

}  // namespace duru::cli
