// What may stand next on a command line, worked out from the table of verbs; the scripts for shells
// only ask for it.
//
//   Completion next = complete(all_verbs(), {"get", "jobs", "--st"});      // words: {"--state"}
//   Completion next = complete(all_verbs(), {"--data", "/d", "logs", ""}); // names_of: "jobs"
//
// The last word is the one that is being typed, "" for a new one.
#pragma once

#include <string>
#include <vector>

#include "duru/cli/context.h"
#include "duru/cli/verb.h"

namespace duru::cli {

struct Completion {
  std::vector<std::string> words;  // each begins with what is there of it
  std::string names_of;            // and the names of this kind (of `get`), or the "outputs" of
                                   // `job`, that begin with `typed`,
  std::string typed;               // each with `before` before it
  std::string before;
  bool unfinished = false;  // of jobs: only those
  std::string job;
  GlobalOptions globals;  // as the line says: which server knows the names
};

Completion complete(const std::vector<Verb>& verbs, std::vector<std::string> line);

// For bash, zsh or fish.
std::string completion_script(const std::string& shell);

}  // namespace duru::cli
