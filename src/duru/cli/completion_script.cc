#include "duru/cli/completion.h"

namespace duru::cli {
namespace {

// Each asks `duru completion words` for what may come next; files where there is nothing.
constexpr const char* kBash = R"script(# duru completion for bash: source <(duru completion bash)
_duru() {
  mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" completion words -- \
    "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _duru duru
)script";

constexpr const char* kZsh = R"script(#compdef duru
# duru completion for zsh
_duru() {
  local -a found
  found=("${(@f)$("${words[1]}" completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "${found[1]}" ]]; then
    compadd -a found
  else
    _files
  fi
}
if [[ "${funcstack[1]}" == _duru ]]; then _duru "$@"; else compdef _duru duru; fi
)script";

constexpr const char* kFish = R"script(# duru completion for fish
function __duru_words
    set -l line (commandline -opc)
    command $line[1] completion words -- $line[2..] (commandline -ct) 2>/dev/null
end
complete -c duru -a '(__duru_words)'
)script";

}  // namespace

std::string completion_script(const std::string& shell) {
  if (shell == "bash") return kBash;
  return shell == "zsh" ? kZsh : kFish;
}

}  // namespace duru::cli
