// From the data folder back to the state that was: the newest usable snapshot, then the journal's
// tail, into the loop's modules and the view's alike.
#pragma once

#include "duru/journal/journal.h"
#include "duru/loop/loop.h"
#include "duru/loop/recovery.h"
#include "duru/loop/view.h"

namespace duru {

struct RecoveryTargets {
  std::vector<Module*> writer;  // the loop's modules, and the view's
  std::vector<Module*> reader;
  Loop& loop;
  View& view;
  // What a snapshot hides must be known elsewhere: the history has everything up to this fact.
  std::int64_t snapshot_seq_max;
  // Gets the ledger as of the snapshot, before the tail is applied.
  std::function<void(const LedgerRecord&)> restore_ledger;
};

struct RecoveryReport {
  std::int64_t snapshot_seq = 0;  // 0: none was used
  std::int64_t last_seq = 0;
  std::int64_t replayed_commits = 0;
};

// O(facts behind the snapshot). kUnsupported names a fact that this version does not know; kDamaged
// a record.
Result<RecoveryReport> recover(const std::string& dir, JournalReader& journal,
                               const RecoveryTargets& targets);

}  // namespace duru
