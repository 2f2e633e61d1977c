// The one table of verbs. Each is described and done in a file of its own, or with its family.
//
//   for (const Verb& verb : all_verbs()) …
#pragma once

#include <vector>

#include "duru/cli/verb.h"

namespace duru::cli {

std::vector<Verb> all_verbs();

Verb up_verb();
Verb down_verb();
Verb run_verb();
Verb submit_verb();
Verb get_verb();
Verb describe_verb();
Verb logs_verb();
Verb download_verb();
Verb cancel_verb();
Verb wait_verb();
Verb extend_verb();
Verb explain_verb();
Verb usage_verb();
Verb cordon_verb();
Verb drain_verb();
Verb uncordon_verb();
Verb remove_verb();
Verb mark_verb();
Verb apply_verb();
Verb rollout_verb();
Verb enrol_verb();
Verb revoke_verb();
Verb events_verb();
Verb journal_verb();
Verb version_verb();
Verb scenario_verb();
Verb task_verb();
Verb completion_verb();

}  // namespace duru::cli
