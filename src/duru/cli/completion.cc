#include "duru/cli/completion.h"

#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <utility>

#include "duru/cli/command_line.h"
#include "duru/cli/exit_code.h"
#include "duru/cli/json_access.h"
#include "duru/cli/kinds.h"
#include "duru/cli/verbs.h"

namespace duru::cli {
namespace {

constexpr const char* kNamesAtMost = "200";

bool begins_with(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

bool is_option(const std::string& word) { return word.size() > 1 && word[0] == '-'; }

// A reading of the line, word by word.
class Line {
 public:
  explicit Line(const std::vector<Verb>& verbs)
      : verbs_(&verbs), globals_(global_arguments(found_.globals)) {}

  void take(const std::string& word) {
    if (const Argument* option = std::exchange(pending_, nullptr)) return set(*option, word);
    if (is_option(word)) return take_option(word);
    if (!verbs_->empty()) {
      verb_ = find_verb(*verbs_, word);
      static const std::vector<Verb> none;
      verbs_ = verb_ == nullptr ? &none : &verb_->verbs;
      return;
    }
    positionals_.push_back(word);
  }

  Completion finish(const std::string& typed, bool behind_equals_sign) {
    found_.typed = typed;
    const std::size_t equals = typed.find('=');
    if (pending_ != nullptr) {
      offer_values(*pending_, "");
    } else if (is_option(typed) && equals != std::string::npos) {
      const Argument* option = option_named(typed.substr(0, equals));
      found_.typed = typed.substr(equals + 1);
      // bash replaces what stands behind the sign, others the whole word.
      const std::string before = behind_equals_sign ? "" : typed.substr(0, equals + 1);
      if (option != nullptr) offer_values(*option, before);
    } else if (!typed.empty() && typed[0] == '-') {
      offer_options();
    } else if (!verbs_->empty()) {
      for (const Verb& verb : *verbs_) offer(verb.name);
    } else if (verb_ != nullptr) {
      offer_positional();
    }
    return std::move(found_);
  }

 private:
  const Argument* option_named(const std::string& name) const {
    const Argument* own = verb_ == nullptr ? nullptr : find_option(verb_->arguments, name);
    return own != nullptr ? own : find_option(globals_, name);
  }

  void take_option(const std::string& word) {
    const std::size_t equals = word.find('=');
    const Argument* option = option_named(word.substr(0, equals));
    if (option == nullptr || option->is_flag()) return;
    if (equals == std::string::npos) {
      pending_ = option;
    } else {
      set(*option, word.substr(equals + 1));
    }
  }

  // Only the global ones matter: they name the server.
  void set(const Argument& option, const std::string& value) {
    if (auto* const* optional = std::get_if<std::optional<std::string>*>(&option.target)) {
      **optional = value;
    } else if (auto* const* text = std::get_if<std::string*>(&option.target)) {
      **text = value;
    }
  }

  void offer(const std::string& word, const std::string& before = "") {
    if (begins_with(word, found_.typed)) found_.words.push_back(before + word);
  }

  void offer_values(const Argument& argument, std::string before) {
    if (const std::size_t comma = found_.typed.rfind(',');
        argument.several && comma != std::string::npos) {
      before += found_.typed.substr(0, comma + 1);
      found_.typed.erase(0, comma + 1);
    }
    for (const std::string& choice : argument.choices) offer(choice, before);
    found_.before = before;
    found_.names_of = argument.names_of;
    found_.unfinished = argument.unfinished;
    if (found_.names_of == "outputs" && !positionals_.empty()) found_.job = positionals_[0];
    if (found_.names_of == "KIND") {
      const KindInfo* kind = positionals_.empty() ? nullptr : find_kind_info(positionals_[0]);
      found_.names_of = kind == nullptr ? "" : kind->plural;
    }
  }

  void offer_options() {
    if (verb_ != nullptr) offer_names(verb_->arguments);
    offer_names(globals_);
    offer("--help");
  }

  void offer_names(const std::vector<Argument>& options) {
    for (const Argument& option : options) {
      if (option.positional) continue;
      for (const std::string& name : option_names(option)) offer(name);
    }
  }

  void offer_positional() {
    std::size_t place = 0;
    for (const Argument& argument : verb_->arguments) {
      if (!argument.positional) continue;
      if (place == positionals_.size() || argument.is_list()) return offer_values(argument, "");
      ++place;
    }
  }

  const std::vector<Verb>* verbs_;  // those that may come next
  Completion found_;
  std::vector<Argument> globals_;
  const Verb* verb_ = nullptr;
  const Argument* pending_ = nullptr;  // the option whose value comes next
  std::vector<std::string> positionals_;
};

// bash takes `--state=queued` for three words.
void join_at_equals_signs(std::vector<std::string>& line) {
  for (std::size_t i = 1; i < line.size();) {
    if (line[i] != "=" || !is_option(line[i - 1])) {
      ++i;
      continue;
    }
    line[i - 1] += "=";
    line.erase(line.begin() + static_cast<std::ptrdiff_t>(i));
    if (i >= line.size()) break;
    line[i - 1] += line[i];
    line.erase(line.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

// What the server answers to a GET; null if there is none.
boost::json::value answer_at_server(Context& context, const std::string& target) {
  auto api = context.connect();
  if (!api.ok()) return nullptr;
  const auto body = api.value().get(target);
  auto answer = parse_answer(body.ok() ? body.value() : "");
  return answer.ok() ? std::move(answer.value()) : nullptr;
}

// The names that a server has now; none if there is no server.
std::vector<std::string> names_at_server(Context& context, const Completion& next) {
  if (next.names_of == "outputs") {
    const auto job =
        answer_at_server(context, path_of({"v1", "projects", context.project(), "jobs", next.job}));
    std::vector<std::string> names;
    for (const auto& item : list_of(job, "outputs")) {
      names.push_back(text_of(item, "name"));
    }
    return names;
  }
  const KindInfo* found = find_kind_info(next.names_of);
  if (found == nullptr) return {};
  const KindInfo& kind = *found;
  const std::string states = next.unfinished ? "queued,starting,running,ending" : "";
  const auto answer =
      answer_at_server(context, list_path(kind, context.project()) +
                                    query_of({{"limit", kNamesAtMost}, {"state", states}}));
  std::vector<std::string> names;
  for (const auto& item : list_of(answer, "items")) {
    names.push_back(text_of(item, kind.singular == "attempt" ? "job_name" : "name"));
    for (const auto& alias : list_of(item, "aliases")) names.push_back(scalar_text(alias));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// The shell gives the words as they are typed: "~/data" is not expanded yet.
std::optional<std::string> with_home(const std::optional<std::string>& path,
                                     const Environment& environment) {
  const auto home = environment("HOME");
  const bool begins = path.has_value() && (*path == "~" || begins_with(*path, "~/"));
  return begins && home.has_value() ? *home + path->substr(1) : path;
}

int print_words(Context& context, const std::vector<std::string>& line) {
  Completion next = complete(all_verbs(), line);
  std::string text;
  for (const std::string& word : next.words) text += word + "\n";
  if (!next.names_of.empty()) {
    next.globals.data = with_home(next.globals.data, context.environment());
    Context there(next.globals, context.console(), context.environment());
    for (const std::string& name : names_at_server(there, next)) {
      if (begins_with(name, next.typed)) text += next.before + name + "\n";
    }
  }
  context.console().out(text);
  return kExitOk;
}

}  // namespace

Completion complete(const std::vector<Verb>& verbs, std::vector<std::string> line) {
  // What stands behind "--" is another program's.
  const auto dashes = std::find(line.begin(), line.end(), "--");
  if (dashes != line.end() && dashes + 1 != line.end()) return {};
  const std::size_t words_before = line.size();
  join_at_equals_signs(line);
  const bool joined = line.size() != words_before;
  if (line.empty()) line.emplace_back();
  if (line.size() > 1 && line.front() == "help") line.erase(line.begin());
  Line reading(verbs);
  for (std::size_t i = 0; i + 1 < line.size(); ++i) reading.take(line[i]);
  return reading.finish(line.back(), joined);
}

Verb completion_verb() {
  struct Options {
    std::string shell;
    std::vector<std::string> line;
  };
  auto options = std::make_shared<Options>();
  return {.name = "completion",
          .summary = "Print a completion script for a shell",
          .examples =
              "  source <(duru completion bash)\n"
              "  duru completion zsh > \"${fpath[1]}/_duru\"\n"
              "  duru completion fish > ~/.config/fish/completions/duru.fish\n"
              "  duru completion words -- get no     # what the scripts ask for: nodes, node\n",
          .arguments = {positional("SHELL", &options->shell, "bash, zsh or fish",
                                   {"bash", "zsh", "fish", "words"})},
          .rest = &options->line,
          .run = [options](Context& context) {
            if (options->shell == "words") return print_words(context, options->line);
            context.console().out(completion_script(options->shell));
            return static_cast<int>(kExitOk);
          }};
}

}  // namespace duru::cli
