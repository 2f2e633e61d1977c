#include "duru/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "duru/cli/exit_code.h"

namespace duru::cli {
namespace {

constexpr const char* kAbout = "Duru opens a mixed fleet of AI accelerators to many tenants.";
constexpr const char* kRootFooter =
    "Start here:\n"
    "  duru up --detach --emulate h100=1     a server on this machine, with one emulated GPU\n"
    "  duru run --chip h100 -- python3 -c 'print(1)'\n"
    "  duru usage\n"
    "  duru down --all\n"
    "duru VERB --help has examples for each verb.\n";

constexpr const char* kVerbFooter =
    "Options of every verb, before or after it: --server, --token, --data, -n, -o, --no-headers;\n"
    "duru --help explains them.\n";

CLI::Option* add(CLI::App& app, const Argument& argument) {
  return std::visit(
      [&](auto* target) -> CLI::Option* {
        using Target = std::remove_pointer_t<decltype(target)>;
        if constexpr (std::is_same_v<Target, bool>) {
          return app.add_flag(argument.names, *target, argument.help);
        } else {
          return app.add_option(argument.names, *target, argument.help);
        }
      },
      argument.target);
}

void add_argument(CLI::App& app, const Argument& argument) {
  CLI::Option* made = add(app, argument);
  if (!argument.value_name.empty()) made->type_name(argument.value_name);
  if (argument.positional) made->type_name("");
  if (argument.required) made->required();
  if (!argument.choices.empty()) {
    made->check([choices = argument.choices](const std::string& value) {
      if (std::find(choices.begin(), choices.end(), value) != choices.end()) return std::string();
      std::string known;
      for (const std::string& choice : choices) known += (known.empty() ? "" : ", ") + choice;
      return "\"" + value + "\" is not one of " + known;
    });
  }
  // A script may set what its caller sets again.
  if (std::holds_alternative<std::string*>(argument.target) ||
      std::holds_alternative<std::optional<std::string>*>(argument.target)) {
    if (!argument.positional) made->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
  // One value a flag: `--file a b` would swallow what follows.
  const bool is_list = std::holds_alternative<std::vector<std::string>*>(argument.target);
  if (is_list && !argument.positional) {
    made->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    made->allow_extra_args(false);
  }
}

void add_verb(CLI::App& parent, const Verb& verb, std::map<const CLI::App*, const Verb*>& made) {
  CLI::App* app = parent.add_subcommand(verb.name, verb.summary);
  made[app] = &verb;
  app->footer("Examples:\n" + verb.examples + kVerbFooter);
  for (const Argument& argument : verb.arguments) add_argument(*app, argument);
  for (const Verb& inner : verb.verbs) add_verb(*app, inner, made);
  if (!verb.verbs.empty()) app->require_subcommand(1);
}

const CLI::App* innermost(const CLI::App* app) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return app;
}

std::string command_of(const CLI::App* app) {
  std::string text = app->get_name();
  for (const CLI::App* up = app->get_parent(); up != nullptr; up = up->get_parent()) {
    text.insert(0, up->get_name() + " ");
  }
  return text;
}

ParsedLine wrong(const CLI::App& root, const std::string& what) {
  const std::string command = command_of(innermost(&root));
  return {nullptr, "error: " + what + "\n`" + command + " --help` shows what is taken\n",
          kExitUsage};
}

// `duru help get` is `duru get --help`.
void turn_help_into_flag(std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0] != "help") return;
  arguments.erase(arguments.begin());
  arguments.push_back("--help");
}

}  // namespace

std::vector<Argument> global_arguments(GlobalOptions& globals) {
  return {
      option("--server", "URL", &globals.server, "the server, as http://HOST:PORT (DURU_SERVER)"),
      option("--token", "TOKEN", &globals.token, "the token for --server (DURU_TOKEN)"),
      option("--data", "DIR", &globals.data, "the data folder of a server on this machine"),
      option("-n,--project", "PROJECT", &globals.project, "the project; default: default"),
      option("-o,--output", "FORMAT", &globals.output, "table, wide, json, yaml or name",
             {"table", "wide", "json", "yaml", "name"}),
      flag("--no-headers", &globals.no_headers, "tables without their first line"),
  };
}

ParsedLine parse_command_line(const std::vector<Verb>& verbs, GlobalOptions& globals,
                              std::vector<std::string> arguments) {
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  const bool has_rest = dashes != arguments.end();
  std::vector<std::string> rest(has_rest ? dashes + 1 : dashes, arguments.end());
  arguments.erase(dashes, arguments.end());
  turn_help_into_flag(arguments);

  CLI::App root(kAbout, "duru");
  root.fallthrough();
  root.require_subcommand(1);
  root.footer(kRootFooter);
  root.set_help_flag("-h,--help", "this text");
  for (const Argument& argument : global_arguments(globals)) add_argument(root, argument);
  std::map<const CLI::App*, const Verb*> made;
  for (const Verb& verb : verbs) add_verb(root, verb, made);

  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    root.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    return {nullptr, root.help(), kExitOk};
  } catch (const CLI::ExtrasError& e) {
    const bool has_command = made.count(innermost(&root)) > 0 && made[innermost(&root)]->rest;
    return wrong(root,
                 std::string(e.what()) + (has_command ? "; the command stands behind \"--\"" : ""));
  } catch (const CLI::ParseError& e) {
    return wrong(root, e.what());
  }
  const Verb* verb = made.at(innermost(&root));
  if (verb->rest != nullptr) {
    *verb->rest = std::move(rest);
  } else if (has_rest) {
    return wrong(root, "this verb takes nothing behind \"--\"");
  }
  return {verb, "", kExitOk};
}

}  // namespace duru::cli
