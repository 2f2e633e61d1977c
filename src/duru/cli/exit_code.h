// What the program's exit code says; scripts may rely on it, docs/cli.md lists it.
//
//   return exit_code_of(error);   // kNotFound -> kExitNotFound
#pragma once

#include "duru/base/result.h"

namespace duru::cli {

enum ExitCode : int {
  kExitOk = 0,
  kExitJobFailed = 1,    // the job did not succeed; a journal that is not sound
  kExitUsage = 2,        // the command line or a file that it names is wrong
  kExitNotFound = 3,     // there is no such thing
  kExitRefused = 4,      // the server said no
  kExitUnreachable = 5,  // no server, or one that cannot answer
  kExitTimeout = 6,      // a time that the caller set ran out
};

int exit_code_of(const Error& error);

}  // namespace duru::cli
