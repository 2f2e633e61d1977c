// `duru journal accept-loss --to SEQ`: a person goes on without facts that were acknowledged and
// are missing. The head file is set back to where the journal ends, and the loss becomes a fact of
// its own.
#pragma once

#include <cstdint>
#include <string>

#include "duru/base/result.h"

namespace duru {

struct JournalLoss {
  std::int64_t first_seq = 0;
  std::int64_t last_seq = 0;  // 0: unknown, the head file itself was lost
};

// kConflict when nothing is missing or a server runs on the folder.
Result<JournalLoss> accept_journal_loss(const std::string& dir, std::int64_t seq,
                                        const std::string& principal);

}  // namespace duru
