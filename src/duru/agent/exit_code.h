// What the program's exit code says: the same as that of `duru` (docs/cli.md).
#pragma once

#include "duru/base/result.h"

namespace duru::agent {

enum ExitCode : int {
  kExitOk = 0,
  kExitFailed = 1,       // this machine: its disk, its rights, a damaged folder
  kExitUsage = 2,        // the command line is wrong
  kExitNotFound = 3,     // nothing is enrolled in this folder
  kExitRefused = 4,      // the server, or another agent on this folder, says no
  kExitUnreachable = 5,  // no server, or one that cannot answer
};

int exit_code_of(const Error& error);

}  // namespace duru::agent
