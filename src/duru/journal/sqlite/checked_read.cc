// Reading with the chain in hand: what of journal_database.h does not touch SQLite.
#include <fmt/core.h>

#include <limits>

#include "duru/journal/sqlite/journal_database.h"

namespace duru {
namespace {

Error damaged(const StoredEntry& stored, const std::string& what) {
  return Error{
      ErrorCode::kDamaged,
      fmt::format("the journal is damaged at record {}: {}. Nothing was changed; `duru "
                  "journal verify` lists all damage; restore the data folder from a backup",
                  stored.entry.first_seq, what)};
}

}  // namespace

Status check_stored(const Tail& tail, const StoredEntry& stored, Tail& next) {
  if (!stored.damage.empty()) return damaged(stored, stored.damage);
  if (Status follows = check_follows(tail, stored.entry); !follows.ok()) {
    return damaged(stored, follows.error().message);
  }
  next = advance(tail, stored.entry);
  if (next.chain != stored.chain)
    return damaged(stored, "its chain value is not that of its bytes");
  return ok_status();
}

Tail claimed_tail(const StoredEntry& stored) {
  return Tail{stored.entry.last_seq(), stored.entry.term, stored.entry.now_ms, stored.chain};
}

Result<Tail> stored_tail(JournalDatabase& database) {
  auto last = database.last_up_to(std::numeric_limits<std::int64_t>::max());
  if (!last.ok()) return last.error();
  return last.value() ? claimed_tail(*last.value()) : Tail{};
}

namespace {

// The claimed tail before record `first_seq`.
Result<Tail> tail_before(JournalDatabase& database, std::int64_t first_seq) {
  auto previous = database.last_up_to(first_seq - 1);
  if (!previous.ok()) return previous.error();
  if (!previous.value()) return Tail{};
  if (!previous.value()->damage.empty()) {
    return damaged(*previous.value(), previous.value()->damage);
  }
  return claimed_tail(*previous.value());
}

}  // namespace

Result<Tail> checked_tail(JournalDatabase& database) {
  auto last = database.last_up_to(std::numeric_limits<std::int64_t>::max());
  if (!last.ok()) return last.error();
  if (!last.value()) return Tail{};
  const StoredEntry& stored = *last.value();
  if (!stored.damage.empty()) return damaged(stored, stored.damage);
  Result<Tail> before = tail_before(database, stored.entry.first_seq);
  if (!before.ok()) return before.error();
  Tail tail;
  DURU_TRY(check_stored(before.value(), stored, tail));
  return tail;
}

Status read_checked(JournalDatabase& database, std::int64_t from_seq,
                    const std::function<Status(const Entry&)>& visitor) {
  // From the start, rows that stand before record 1 are seen as well, and are damage.
  const bool from_start = from_seq <= 1;
  Tail tail;
  if (!from_start) {
    Result<Tail> before = tail_before(database, from_seq);
    if (!before.ok()) return before.error();
    tail = before.value();
  }
  const std::int64_t first = from_start ? std::numeric_limits<std::int64_t>::min() : from_seq;
  return database.scan(first, [&](const StoredEntry& stored) -> Status {
    DURU_TRY(check_stored(tail, stored, tail));
    return visitor(stored.entry);
  });
}

Result<Digest> stored_chain_at(JournalDatabase& database, std::int64_t seq) {
  if (seq == 0) return Digest{};
  auto stored = database.last_up_to(seq);
  if (!stored.ok()) return stored.error();
  if (!stored.value() || stored.value()->entry.last_seq() != seq) {
    return Error{ErrorCode::kNotFound, fmt::format("no entry ends at fact {}", seq)};
  }
  return stored.value()->chain;
}

}  // namespace duru
