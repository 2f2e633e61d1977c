#include "duru/cli/completion.h"

#include <algorithm>
#include <memory>

#include "duru/cli/command_line.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/verbs.h"

namespace duru::cli {
namespace {

std::vector<std::string> split(const std::string& names) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from <= names.size();) {
    const std::size_t end = std::min(names.find(',', from), names.size());
    parts.push_back(names.substr(from, end - from));
    from = end + 1;
  }
  return parts;
}

void add_options(const std::vector<Argument>& arguments, CompletionWords& words) {
  for (const Argument& argument : arguments) {
    if (argument.positional) {
      words.values.insert(words.values.end(), argument.choices.begin(), argument.choices.end());
      continue;
    }
    for (const std::string& name : split(argument.names)) words.options.push_back(name);
  }
}

void walk(const Verb& verb, const std::string& path, const std::vector<Argument>& globals,
          std::vector<CompletionWords>& out) {
  CompletionWords words{path, verb.summary};
  add_options(verb.arguments, words);
  add_options(globals, words);
  words.options.push_back("--help");
  for (const Verb& inner : verb.verbs) words.values.push_back(inner.name);
  out.push_back(std::move(words));
  for (const Verb& inner : verb.verbs) walk(inner, path + " " + inner.name, globals, out);
}

}  // namespace

std::vector<CompletionWords> completion_words(const std::vector<Verb>& verbs) {
  GlobalOptions globals;
  std::vector<CompletionWords> words;
  for (const Verb& verb : verbs) walk(verb, verb.name, global_arguments(globals), words);
  return words;
}

Verb completion_verb() {
  auto shell = std::make_shared<std::string>();
  return {
      .name = "completion",
      .summary = "Print a completion script for a shell",
      .examples =
          "  source <(duru completion bash)\n"
          "  duru completion zsh > \"${fpath[1]}/_duru\"\n"
          "  duru completion fish > ~/.config/fish/completions/duru.fish\n",
      .arguments = {positional("SHELL", shell.get(), "bash, zsh or fish", {"bash", "zsh", "fish"})},
      .run = [shell](Context& context) {
        context.console().out(completion_script(*shell, completion_words(all_verbs())));
        return static_cast<int>(kExitOk);
      }};
}

}  // namespace duru::cli
