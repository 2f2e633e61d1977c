#include "duru/server/accept_loss.h"

#include "duru/edge/edge_module.h"
#include "duru/journal/sqlite/recovery.h"
#include "duru/journal/sqlite/sqlite_journal.h"
#include "duru/loop/core_module.h"
#include "duru/loop/loop.h"

namespace duru {

Result<JournalLoss> accept_journal_loss(const std::string& dir, std::int64_t seq,
                                        const std::string& principal) {
  Result<AcceptedLoss> accepted = accept_loss(dir, seq);
  if (!accepted.ok()) return accepted.error();
  const JournalLoss loss{accepted.value().first_missing_seq, accepted.value().last_missing_seq};
  Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open(dir);
  if (!journal.ok()) return journal.error();
  CoreModule core;
  EdgeModule edge;
  Outbox outbox;
  Loop loop({&core, &edge}, *journal.value(), outbox);
  DURU_TRY(journal.value()->read(1, [&](const Entry& entry) -> Status {
    Result<DurableCommit> commit = from_entry(entry);
    if (!commit.ok()) return commit.error();
    loop.replay(commit.value());
    return ok_status();
  }));
  loop.submit({AcceptLoss{loss.first_seq, loss.last_seq}, principal, "", {}, {}, {}},
              loop.last_now());
  DURU_TRY(journal.value()->flush());
  return loss;
}

}  // namespace duru
