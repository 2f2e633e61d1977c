// A verb of the command line, described as data: the parser (command_line.h), the help and the
// completion are made from it, so no verb knows the library that parses.
//
//   Verb cancel_verb() {
//     auto job = std::make_shared<std::string>();
//     return {.name = "cancel",
//             .summary = "End a job; its work is stopped",
//             .examples = "  duru cancel train",
//             .arguments = {positional("JOB", job.get(), "id or name")},
//             .run = [job](Context& context) { return cancel(context, *job); }};
//   }
//
// A target must live as long as the verb: let `run` keep it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace duru::cli {

class Context;

struct Argument {
  using Target = std::variant<bool*, std::string*, std::optional<std::string>*,
                              std::optional<std::int64_t>*, std::vector<std::string>*>;

  std::string names;  // "-f,--follow", "--grace"; of a positional one, what help calls it: "NODE"
  std::string value_name;  // "DURATION"; empty for a flag
  Target target;
  std::string help;
  bool positional = false;
  bool required = false;
  std::vector<std::string> choices = {};  // if not empty, no other value is taken
  bool several = false;                   // of choices: any number of them, with commas between
  std::string names_of = {};  // completed by what the server has: "jobs", "nodes"; "KIND": of the
                              // kind that stands before it; "outputs": of the job before it
  bool unfinished = false;    // of jobs: only those

  bool is_flag() const { return std::holds_alternative<bool*>(target); }
  bool is_list() const { return std::holds_alternative<std::vector<std::string>*>(target); }
};

// "-f,--follow" -> {"-f", "--follow"}
std::vector<std::string> option_names(const Argument& argument);
// Among them, by one of its names; nullptr if there is none.
const Argument* find_option(const std::vector<Argument>& arguments, const std::string& name);

Argument flag(std::string names, bool* target, std::string help);
Argument option(std::string names, std::string value_name, Argument::Target target,
                std::string help, std::vector<std::string> choices = {});
Argument positional(std::string name, Argument::Target target, std::string help,
                    std::vector<std::string> choices = {});
Argument optional_positional(std::string name, Argument::Target target, std::string help);
// A job, id or name, of those that are not over.
Argument naming_unfinished(Argument argument);
// The same argument, completed by the names of what the server has of a kind.
Argument naming(std::string kind, Argument argument);

struct Verb {
  std::string name;
  std::string summary;   // one line
  std::string examples;  // lines that can be copied, each indented by two
  std::vector<Argument> arguments = {};
  std::vector<std::string>* rest = nullptr;  // takes what stands behind "--"
  std::function<int(Context&)> run = {};     // the exit code
  std::vector<Verb> verbs = {};              // of a family: `duru journal verify`
};

const Verb* find_verb(const std::vector<Verb>& verbs, const std::string& name);  // or nullptr
std::vector<std::string> verb_names(const std::vector<Verb>& verbs);

}  // namespace duru::cli
