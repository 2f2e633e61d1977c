
#include "duru/cli/completion.h"

namespace duru::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

bool is_inner(const CompletionWords& words) { return words.path.find(' ') != std::string::npos; }

std::string verbs_of(const std::vector<CompletionWords>& words) {
  std::string text;
  for (const CompletionWords& one : words) {
    if (!is_inner(one)) text += (text.empty() ? "" : " ") + one.path;
  }
  return text;
}

// `case` arms that set `values` and `options` for the verb that stands on the line so far.
std::string case_arms(const std::vector<CompletionWords>& words) {
  std::string text;
  // The longer path first: "journal verify" before "journal".
  for (const bool inner : {true, false}) {
    for (const CompletionWords& one : words) {
      if (is_inner(one) != inner) continue;
      text += "    '" + one.path + (inner ? "'*" : "'|'" + one.path + " '*") + ")\n      values='" +
              joined(one.values) + "'\n      options='" + joined(one.options) + "' ;;\n";
    }
  }
  return text;
}

// What both bash and zsh share: finds the verb among the words before the current one.
std::string find_words_function(const std::vector<CompletionWords>& words) {
  return "_duru_words() {\n"
         "  # $1: the verbs on the line so far, joined by spaces\n"
         "  case \"$1\" in\n" +
         case_arms(words) + "    *)\n      values='" + verbs_of(words) +
         "'\n      options='--help --server --token --data --project' ;;\n  esac\n}\n";
}

std::string bash_script(const std::vector<CompletionWords>& words) {
  return "# duru completion for bash: source <(duru completion bash)\n" +
         find_words_function(words) +
         "_duru() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\" path='' word values='' options='' i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    word=\"${COMP_WORDS[i]}\"\n"
         "    [ \"$word\" != -- ] || return 0\n"
         "    case \"$word\" in -*) ;; *) path=\"${path:+$path }$word\" ;; esac\n"
         "  done\n"
         "  _duru_words \"$path\"\n"
         "  case \"$current\" in\n"
         "    -*) mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$current\") ;;\n"
         "    *) mapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$current\") ;;\n"
         "  esac\n"
         "}\n"
         "complete -o default -F _duru duru\n";
}

std::string zsh_script(const std::vector<CompletionWords>& words) {
  return "#compdef duru\n"
         "# duru completion for zsh\n" +
         find_words_function(words) +
         "_duru() {\n"
         "  local path_so_far='' word values='' options=''\n"
         "  for word in \"${words[@]:1:$((CURRENT - 2))}\"; do\n"
         "    [[ \"$word\" != -- ]] || { _default; return }\n"
         "    [[ \"$word\" == -* ]] || path_so_far=\"${path_so_far:+$path_so_far }$word\"\n"
         "  done\n"
         "  _duru_words \"$path_so_far\"\n"
         "  if [[ \"${words[CURRENT]}\" == -* ]]; then\n"
         "    compadd -- ${=options}\n"
         "  else\n"
         "    compadd -- ${=values}\n"
         "    _files\n"
         "  fi\n"
         "}\n"
         "if [[ \"${funcstack[1]}\" == _duru ]]; then _duru \"$@\"; else compdef _duru duru; fi\n";
}

std::string fish_quoted(const std::string& text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string fish_option(const std::string& condition, const std::string& name) {
  const bool is_long = name.rfind("--", 0) == 0;
  return "complete -c duru -n " + fish_quoted(condition) + (is_long ? " -l " : " -s ") +
         name.substr(is_long ? 2 : 1) + "\n";
}

std::string fish_script(const std::vector<CompletionWords>& words) {
  std::string text = "# duru completion for fish\n";
  const std::string none = "not __fish_seen_subcommand_from " + verbs_of(words);
  for (const CompletionWords& one : words) {
    const std::size_t space = one.path.find(' ');
    const std::string first = one.path.substr(0, space);
    std::string condition = "__fish_seen_subcommand_from " + first;
    if (space == std::string::npos) {
      text += "complete -c duru -f -n " + fish_quoted(none) + " -a " + one.path + " -d " +
              fish_quoted(one.summary) + "\n";
    } else {
      condition += "; and __fish_seen_subcommand_from " + one.path.substr(space + 1);
    }
    if (!one.values.empty()) {
      text += "complete -c duru -n " + fish_quoted(condition) + " -a " +
              fish_quoted(joined(one.values)) + "\n";
    }
    for (const std::string& name : one.options) text += fish_option(condition, name);
  }
  return text;
}

}  // namespace

std::string completion_script(const std::string& shell, const std::vector<CompletionWords>& words) {
  if (shell == "bash") return bash_script(words);
  return shell == "zsh" ? zsh_script(words) : fish_script(words);
}

}  // namespace duru::cli
