// Replay: a recorded run decided once more, to show that nothing is hidden. Each commit's cause,
// given to a fresh core at the commit's time, must give the same commit, byte for byte; from the
// beginning, and from a snapshot at any commit.
//
//   Result<std::vector<DurableCommit>> commits = read_commits(journal);
//   DURU_TRY(check_causes(commits.value()));
//   DURU_TRY(check_restores(commits.value()));
#pragma once

#include "duru/loop/durable_commit.h"
#include "duru/loop/recovery.h"

namespace duru {

Result<std::vector<DurableCommit>> read_commits(JournalReader& journal);

// All causes from the beginning. The error names the first commit that came out otherwise.
Status check_causes(const std::vector<DurableCommit>& commits);

// After every commit: snapshot, restore, and all causes from there. O(commits²) decisions.
Status check_restores(const std::vector<DurableCommit>& commits);

}  // namespace duru
