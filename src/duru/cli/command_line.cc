#include "duru/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "duru/base/suggestion.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/kinds.h"

namespace duru::cli {
namespace {

constexpr const char* kAbout = "Duru opens a mixed fleet of AI accelerators to many tenants.";
constexpr const char* kRootFooter =
    "Start here:\n"
    "  duru up --detach --emulate h100=1     a server on this machine, with one emulated GPU\n"
    "  duru run --chip h100 -- python3 -c 'print(1)'\n"
    "  duru usage\n"
    "  duru down --all\n"
    "duru help VERB, or duru VERB --help, has examples for each verb.\n";

// What is done here by another verb than elsewhere.
struct Elsewhere {
  std::string_view word;
  std::string_view here;
};
constexpr Elsewhere kElsewhere[] = {
    {"ps", "duru get jobs"},        {"list", "duru get jobs"},
    {"ls", "duru get jobs"},        {"squeue", "duru get jobs"},
    {"status", "duru get jobs"},    {"top", "duru get accelerators"},
    {"sinfo", "duru get nodes"},    {"delete", "duru cancel JOB, or duru remove node NODE"},
    {"kill", "duru cancel JOB"},    {"scancel", "duru cancel JOB"},
    {"rm", "duru cancel JOB"},      {"stop", "duru cancel JOB, or duru down for the server"},
    {"sbatch", "duru submit FILE"}, {"create", "duru submit FILE"},
    {"srun", "duru run -- CMD"},    {"exec", "duru run -- CMD"},
    {"start", "duru up --detach"},  {"show", "duru describe KIND NAME"},
    {"sacct", "duru usage"},
};

constexpr const char* kVerbFooter =
    "Options of every verb, before or after it: --server, --token, --ca, --data, -n, -o,\n"
    "--no-headers; duru --help explains them.\n";

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

// "" if it is one of the choices, or several of them where that is taken; else what is wrong.
std::string check_choice(const Argument& argument, const std::string& value) {
  for (std::size_t from = 0; from <= value.size();) {
    const std::size_t comma = argument.several ? value.find(',', from) : std::string::npos;
    const std::size_t end = std::min(comma, value.size());
    const std::string one = value.substr(from, end - from);
    from = end + 1;
    const auto& choices = argument.choices;
    if (std::find(choices.begin(), choices.end(), one) != choices.end()) continue;
    std::string known;
    for (const std::string& choice : choices) known += (known.empty() ? "" : ", ") + choice;
    const std::string meant = did_you_mean(one, choices);
    return "\"" + one + "\" is not one of " + known + (meant.empty() ? "" : "; " + meant);
  }
  return "";
}

void add_argument(CLI::App& app, const Argument& argument) {
  CLI::Option* made = add(app, argument);
  if (!argument.value_name.empty()) made->type_name(argument.value_name);
  if (argument.positional) made->type_name("");
  if (argument.required) made->required();
  // What `-o name` prints elsewhere: job/train.
  if (const KindInfo* kind = find_kind_info(argument.names_of); kind && argument.positional) {
    made->transform([kind](const std::string& name) { return without_kind(*kind, name); });
  }
  if (!argument.choices.empty()) {
    made->check([argument](const std::string& value) { return check_choice(argument, value); });
  }
  // A script may set what its caller sets again.
  if (std::holds_alternative<std::string*>(argument.target) ||
      std::holds_alternative<std::optional<std::string>*>(argument.target)) {
    if (!argument.positional) made->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
  // One value a flag: `--file a b` would swallow what follows.
  if (argument.is_list() && !argument.positional) {
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

ParsedLine wrong(const std::string& command, const std::string& what) {
  return {nullptr, "error: " + what + "\n`" + command + " --help` shows what is taken\n",
          kExitUsage};
}

// "unknown verb \"sumbit\": did you mean \"submit\"?"
std::string unknown(const char* what, const std::string& word,
                    const std::vector<std::string>& known) {
  const std::string meant = did_you_mean(word, known);
  return std::string("unknown ") + what + " \"" + word + "\"" + (meant.empty() ? "" : ": " + meant);
}

std::string unknown_verb(const std::string& word, std::vector<std::string> known, bool first) {
  if (!first) return unknown("verb", word, known);
  for (const Elsewhere& other : kElsewhere) {
    if (other.word == word)
      return "unknown verb \"" + word + "\": here it is " + std::string(other.here);
  }
  known.emplace_back("help");
  return unknown("verb", word, known);
}

// What is wrong if a word stands in a verb's place and is none; else no text.
ParsedLine check_verbs(const std::vector<Verb>& verbs, const std::vector<Argument>& globals,
                       const std::vector<std::string>& arguments) {
  const std::vector<Verb>* known = &verbs;
  std::string command = "duru";
  for (std::size_t i = 0; i < arguments.size() && !known->empty(); ++i) {
    const std::string& word = arguments[i];
    if (word.size() > 1 && word[0] == '-') {
      const Argument* option = find_option(globals, word);
      if (option != nullptr && !option->is_flag()) ++i;  // its value
      continue;
    }
    const Verb* verb = find_verb(*known, word);
    if (verb == nullptr)
      return wrong(command, unknown_verb(word, verb_names(*known), known == &verbs));
    command += " " + word;
    known = &verb->verbs;
  }
  return {};
}

// Of words that nothing took.
std::string unexpected(const std::string& word, const Verb* verb,
                       const std::vector<Argument>& globals) {
  if (word.size() > 1 && word[0] == '-') {
    std::vector<std::string> known = {"--help"};
    for (const auto* arguments : {verb == nullptr ? &globals : &verb->arguments, &globals}) {
      for (const Argument& argument : *arguments) {
        if (argument.positional) continue;
        for (std::string& name : option_names(argument)) known.push_back(std::move(name));
      }
    }
    return unknown("option", word.substr(0, word.find('=')), known);
  }
  const bool takes_command = verb != nullptr && verb->rest != nullptr;
  return "unexpected argument \"" + word + "\"" +
         (takes_command ? "; the command stands behind \"--\"" : "");
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
      option("--server", "URL", &globals.server,
             "the server, as http://HOST:PORT, beyond this machine https:// (DURU_SERVER)"),
      option("--token", "TOKEN", &globals.token, "the token for --server (DURU_TOKEN)"),
      option("--ca", "FILE", &globals.ca, "the CA of an https server: its DIR/ca.pem (DURU_CA)"),
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

  const std::vector<Argument> global = global_arguments(globals);
  if (ParsedLine bad = check_verbs(verbs, global, arguments); !bad.text.empty()) return bad;

  CLI::App root(kAbout, "duru");
  root.fallthrough();
  root.require_subcommand(1);
  root.footer(kRootFooter);
  root.set_help_flag("-h,--help", "this text");
  for (const Argument& argument : global) add_argument(root, argument);
  const Verb* version = find_verb(verbs, "version");
  if (version != nullptr) root.set_version_flag("--version", "", version->summary);
  std::map<const CLI::App*, const Verb*> made;
  for (const Verb& verb : verbs) add_verb(root, verb, made);

  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    root.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    return {nullptr, root.help(), kExitOk};
  } catch (const CLI::CallForVersion&) {
    return {version, "", kExitOk};
  } catch (const CLI::ExtrasError& e) {
    const std::vector<std::string> left = root.remaining(true);
    const CLI::App* app = innermost(&root);
    const Verb* verb = made.count(app) > 0 ? made.at(app) : nullptr;
    return wrong(command_of(app),
                 left.empty() ? std::string(e.what()) : unexpected(left.front(), verb, global));
  } catch (const CLI::ParseError& e) {
    return wrong(command_of(innermost(&root)), e.what());
  }
  const Verb* verb = made.at(innermost(&root));
  if (verb->rest != nullptr) {
    *verb->rest = std::move(rest);
  } else if (has_rest) {
    return wrong(command_of(innermost(&root)), "this verb takes nothing behind \"--\"");
  }
  return {verb, "", kExitOk};
}

}  // namespace duru::cli
