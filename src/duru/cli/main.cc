#include <unistd.h>

#include <iostream>

#include "duru/cli/cli.h"

int main(int argc, char** argv) {
  using duru::cli::Console;
  using duru::cli::ConsoleTraits;
  using duru::cli::Environment;
  const Environment environment = duru::cli::process_environment();
  const bool plain = environment("NO_COLOR").has_value() || environment("TERM") == "dumb";
  const ConsoleTraits traits{.error_is_terminal = ::isatty(STDERR_FILENO) == 1,
                             .colored = ::isatty(STDOUT_FILENO) == 1 && !plain};
  Console console(std::cout, std::cerr, traits);
  return duru::cli::run_cli({argv + 1, argv + argc}, console, environment);
}
