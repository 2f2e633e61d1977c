// Completion scripts for shells, made by a walk over the table of verbs: verbs, their options, and
// words of a closed list (kinds, states).
//
//   console.out(completion_script("bash", completion_words(all_verbs())));
#pragma once

#include <string>
#include <vector>

#include "duru/cli/verb.h"

namespace duru::cli {

struct CompletionWords {
  std::string path;  // "journal verify"
  std::string summary;
  std::vector<std::string> options = {};
  std::vector<std::string> values = {};  // of positional arguments; of a family its verbs
};

std::vector<CompletionWords> completion_words(const std::vector<Verb>& verbs);

// For bash, zsh or fish.
std::string completion_script(const std::string& shell, const std::vector<CompletionWords>& words);

}  // namespace duru::cli
