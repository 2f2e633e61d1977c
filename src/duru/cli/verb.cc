#include "duru/cli/verb.h"

#include <algorithm>

namespace duru::cli {

std::vector<std::string> option_names(const Argument& argument) {
  std::vector<std::string> names;
  for (std::size_t from = 0; from <= argument.names.size();) {
    const std::size_t end = std::min(argument.names.find(',', from), argument.names.size());
    names.push_back(argument.names.substr(from, end - from));
    from = end + 1;
  }
  return names;
}

const Argument* find_option(const std::vector<Argument>& arguments, const std::string& name) {
  for (const Argument& argument : arguments) {
    if (argument.positional) continue;
    const auto names = option_names(argument);
    if (std::find(names.begin(), names.end(), name) != names.end()) return &argument;
  }
  return nullptr;
}

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

Argument naming(std::string kind, Argument argument) {
  argument.names_of = std::move(kind);
  return argument;
}

Argument naming_unfinished(Argument argument) {
  argument.unfinished = true;
  return naming("jobs", std::move(argument));
}

const Verb* find_verb(const std::vector<Verb>& verbs, const std::string& name) {
  const auto found =
      std::find_if(verbs.begin(), verbs.end(), [&](const Verb& verb) { return verb.name == name; });
  return found == verbs.end() ? nullptr : &*found;
}

std::vector<std::string> verb_names(const std::vector<Verb>& verbs) {
  std::vector<std::string> names;
  for (const Verb& verb : verbs) names.push_back(verb.name);
  return names;
}

}  // namespace duru::cli
