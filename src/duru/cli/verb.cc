#include "duru/cli/verb.h"

namespace duru::cli {

Argument flag(std::string names, bool* target, std::string help) {
  return {.names = std::move(names), .value_name = "", .target = target, .help = std::move(help)};
}

Argument option(std::string names, std::string value_name, Argument::Target target,
                std::string help, std::vector<std::string> choices) {
  return {.names = std::move(names),
          .value_name = std::move(value_name),
          .target = target,
          .help = std::move(help),
          .choices = std::move(choices)};
}

Argument positional(std::string name, Argument::Target target, std::string help,
                    std::vector<std::string> choices) {
  return {.names = std::move(name),
          .value_name = "",
          .target = target,
          .help = std::move(help),
          .positional = true,
          .required = true,
          .choices = std::move(choices)};
}

Argument optional_positional(std::string name, Argument::Target target, std::string help) {
  Argument argument = positional(std::move(name), target, std::move(help));
  argument.required = false;
  return argument;
}

}  // namespace duru::cli
