// What stands between a data folder and serving from it: the head must not be ahead of the journal,
// and both must be of one history.
//
//   DURU_TRY(check_head(database, head, tail));
//
// accept_loss() is the act of a person who has read "facts A-B were acknowledged and are missing"
// and goes on without them:
//
//   Result<AcceptedLoss> loss = accept_loss(dir, 49);   // then write it into the journal as a fact
#pragma once

#include <cstdint>
#include <string>

#include "duru/base/result.h"
#include "duru/journal/entry.h"
#include "duru/journal/sqlite/head_file.h"
#include "duru/journal/sqlite/journal_database.h"

namespace duru {

// The error for a journal that ends at `tail_seq` while the head says `head_seq`.
Error missing_facts(std::int64_t tail_seq, std::int64_t head_seq);

// kDamaged if facts that the head names are missing or are others than those in the journal.
Status check_head(JournalDatabase& database, const Head& head, const Tail& tail);

struct AcceptedLoss {
  std::int64_t first_missing_seq = 0;
  std::int64_t last_missing_seq = 0;  // 0: unknown, the head file itself was lost
};

// Rewrites the head to end at `seq`, which must be where the journal ends (0 for a lost journal).
// kConflict if nothing is missing or a server runs on the folder; kDamaged if the journal's last
// record is damaged.
Result<AcceptedLoss> accept_loss(const std::string& dir, std::int64_t seq);

}  // namespace duru
