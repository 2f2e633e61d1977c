// From argv to a verb with its options filled in: the only place that knows CLI11.
//
//   ParsedLine parsed = parse_command_line(verbs, globals, {"get", "jobs", "-o", "json"});
//   if (parsed.verb == nullptr) { say(parsed.text); return parsed.exit_code; }   // help, or wrong
//   return parsed.verb->run(context);
//
// Global options are taken before and after the verb. Whatever stands behind "--" goes to the
// verb's `rest` as it is, never parsed.
#pragma once

#include <string>
#include <vector>

#include "duru/cli/context.h"
#include "duru/cli/verb.h"

namespace duru::cli {

struct ParsedLine {
  const Verb* verb = nullptr;
  std::string text;  // without a verb: the help that was asked for, or what is wrong
  int exit_code = 0;
};

ParsedLine parse_command_line(const std::vector<Verb>& verbs, GlobalOptions& globals,
                              std::vector<std::string> arguments);

// The options that every verb takes.
std::vector<Argument> global_arguments(GlobalOptions& globals);

}  // namespace duru::cli
