// The program `duru`: one table of verbs (verbs.h), parsed, run, its exit code answered.
//
//   int main(int argc, char** argv) { return run_cli({argv + 1, argv + argc}, …); }
#pragma once

#include <string>
#include <vector>

#include "duru/cli/console.h"
#include "duru/cli/server_location.h"

namespace duru::cli {

int run_cli(const std::vector<std::string>& arguments, Console& console,
            const Environment& environment);

}  // namespace duru::cli
