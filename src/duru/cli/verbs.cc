#include "duru/cli/verbs.h"

namespace duru::cli {

std::vector<Verb> all_verbs() {
  return {
      up_verb(),       down_verb(),       run_verb(),      submit_verb(),  get_verb(),
      describe_verb(), logs_verb(),       download_verb(), wait_verb(),    cancel_verb(),
      extend_verb(),   explain_verb(),    usage_verb(),    cordon_verb(),  drain_verb(),
      uncordon_verb(), remove_verb(),     mark_verb(),     apply_verb(),   rollout_verb(),
      enrol_verb(),    revoke_verb(),     events_verb(),   journal_verb(), scenario_verb(),
      task_verb(),     completion_verb(), version_verb(),
  };
}

}  // namespace duru::cli
