// The SQLite file of a journal: one connection, the schema, rows in and out. It knows nothing of
// threads, of the head file or of who may write; SqliteJournal does.
//
// SQLite runs in WAL mode with synchronous=FULL; checkpoints happen only when asked for, also not
// at closing, so that a journal that is refused or failed stays as it was found.
//
//   auto database = JournalDatabase::open(path, JournalDatabase::Mode::kCreate);
//   Result<Tail> tail = database.value()->append(Tail{}, entries);   // one transaction
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "duru/base/result.h"
#include "duru/journal/entry.h"

struct sqlite3;

namespace duru {

constexpr int kJournalVersion = 1;
constexpr int kJournalApplicationId = 0x44555255;  // "DURU"

struct StoredEntry {
  Entry entry;
  Digest chain;
  std::string damage;  // not empty: the row does not hold an entry, and why
};

class JournalDatabase {
 public:
  enum class Mode {
    kReadOnly,
    kReadWrite,
    kCreate,  // and make the schema if the file is missing or empty
  };

  // kNotFound if there is no journal in the file, kUnsupported for another version of it, kDamaged
  // for anything that is no journal.
  static Result<std::unique_ptr<JournalDatabase>> open(const std::string& path, Mode mode);
  ~JournalDatabase();
  JournalDatabase(const JournalDatabase&) = delete;
  JournalDatabase& operator=(const JournalDatabase&) = delete;

  // Appends the entries in one durable transaction and gives the new tail. `tail` is where the
  // caller believes the journal ends: kConflict if somebody else has written since. After any error
  // nothing more must be appended.
  Result<Tail> append(const Tail& tail, const std::vector<Entry>& entries);

  // The last row with first_seq <= seq.
  Result<std::optional<StoredEntry>> last_up_to(std::int64_t seq);
  // Rows in order of first_seq, as they are, in short read transactions.
  Status scan(std::int64_t from_seq, const std::function<Status(const StoredEntry&)>& visitor);
  // What SQLite itself finds wrong with the file; empty if nothing.
  Result<std::vector<std::string>> integrity_problems();

  // Moves the log into the database and syncs it, as far as readers let it; `truncate` also waits
  // for them a while and empties the log.
  Status checkpoint(bool truncate);
  // Pages in the log after the last append.
  int log_pages() const { return log_pages_; }

 private:
  explicit JournalDatabase(std::string path);
  Status connect(Mode mode);
  Status configure(Mode mode);
  Status check_identity(Mode mode);
  Status create_schema();
  Status insert(const Tail& tail, const std::vector<Entry>& entries, Tail& end);
  Status execute(const std::string& sql);
  Result<std::int64_t> query_number(const std::string& sql);
  Result<std::string> query_text(const std::string& sql);

  std::string path_;
  sqlite3* connection_ = nullptr;
  int log_pages_ = 0;
};

// kDamaged, naming the record, unless the stored entry follows the tail and its chain is right.
// `next` becomes the tail after it.
Status check_stored(const Tail& tail, const StoredEntry& stored, Tail& next);
// The tail that a stored entry claims to be.
Tail claimed_tail(const StoredEntry& stored);
// The end of the journal as its last row has it, unchecked; and checked against the row before.
Result<Tail> stored_tail(JournalDatabase& database);
Result<Tail> checked_tail(JournalDatabase& database);
// See JournalReader.
Status read_checked(JournalDatabase& database, std::int64_t from_seq,
                    const std::function<Status(const Entry&)>& visitor);
Result<Digest> stored_chain_at(JournalDatabase& database, std::int64_t seq);

}  // namespace duru
