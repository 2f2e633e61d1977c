#include "duru/journal/sqlite/recovery.h"

#include <fmt/core.h>

#include <memory>
#include <optional>

#include "duru/journal/sqlite/data_folder.h"

namespace duru {

Error missing_facts(std::int64_t tail_seq, std::int64_t head_seq) {
  return Error{ErrorCode::kDamaged,
               fmt::format("{} were acknowledged and are missing from the journal. Nothing was "
                           "changed. Restore the data folder from a backup, or go on without them: "
                           "`duru journal accept-loss --to {}`",
                           describe_facts(tail_seq + 1, head_seq), tail_seq)};
}

Status check_head(JournalDatabase& database, const Head& head, const Tail& tail) {
  if (head.last_seq > tail.last_seq) return missing_facts(tail.last_seq, head.last_seq);
  Result<Digest> chain = stored_chain_at(database, head.last_seq);
  if (!chain.ok() && chain.error().code != ErrorCode::kNotFound) return chain.error();
  if (chain.ok() && chain.value() == head.chain) return ok_status();
  return Error{ErrorCode::kDamaged,
               fmt::format("the head file and the journal are not of one history: fact {} that was "
                           "acknowledged is another one in the journal. Nothing was changed; "
                           "restore the data folder, all of it, from one backup",
                           head.last_seq)};
}

namespace {

struct Ends {
  Tail tail;
  std::optional<Head> head;  // empty: lost or damaged
};

// Where journal and head end, if facts are missing between the two.
Result<Ends> find_loss(const std::string& dir) {
  Ends ends;
  const std::string path = journal_database_path(dir);
  // A read-only connection: the log with what is left of the tail stays as it is.
  auto database = JournalDatabase::open(path, JournalDatabase::Mode::kReadOnly);
  if (database.ok()) {
    Result<Tail> tail = checked_tail(*database.value());
    if (!tail.ok()) return tail.error();
    ends.tail = tail.value();
  } else if (database.error().code != ErrorCode::kNotFound) {
    return database.error();
  }
  Result<std::optional<Head>> head = load_head(journal_head_path(dir));
  if (head.ok()) {
    ends.head = head.value();
  } else if (head.error().code != ErrorCode::kDamaged) {
    return head.error();
  }
  if (!ends.head || ends.head->last_seq > ends.tail.last_seq) return ends;
  if (database.ok()) DURU_TRY(check_head(*database.value(), *ends.head, ends.tail));
  return Error{ErrorCode::kConflict,
               fmt::format("nothing is missing: what was acknowledged ends at "
                           "fact {}, the journal at fact {}",
                           ends.head->last_seq, ends.tail.last_seq)};
}

}  // namespace

Result<AcceptedLoss> accept_loss(const std::string& dir, std::int64_t seq) {
  DURU_TRY(refuse_network_file_system(dir));
  Result<FolderLock> lock = FolderLock::take(dir);
  if (!lock.ok()) return lock.error();
  Result<Ends> ends = find_loss(dir);
  if (!ends.ok()) return ends.error();
  const Tail& tail = ends.value().tail;
  if (seq != tail.last_seq) {
    return Error{ErrorCode::kInvalid, fmt::format("the journal ends at fact {}: to go on from "
                                                  "there, say `--to {}`",
                                                  tail.last_seq, tail.last_seq)};
  }
  const std::optional<Head>& old = ends.value().head;
  const Head head{.last_seq = tail.last_seq,
                  .term = tail.term,
                  .alive_ms = old ? old->alive_ms : tail.now_ms,
                  .chain = tail.chain,
                  .turn = old ? old->turn + 1 : 0};
  DURU_TRY(create_head(journal_head_path(dir), head));
  return AcceptedLoss{tail.last_seq + 1, old ? old->last_seq : 0};
}

}  // namespace duru
