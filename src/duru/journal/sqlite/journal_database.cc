#include "duru/journal/sqlite/journal_database.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <utility>

#include "duru/journal/durable_file.h"
#include "duru/journal/sqlite/statement.h"

namespace duru {
namespace {

constexpr char kSchema[] =
    "CREATE TABLE entry (first_seq INTEGER PRIMARY KEY, fact_count INTEGER NOT NULL, "
    "term INTEGER NOT NULL, now_ms INTEGER NOT NULL, cause_kind INTEGER NOT NULL, "
    "body BLOB NOT NULL, chain BLOB NOT NULL) STRICT";
constexpr char kColumns[] = "first_seq, fact_count, term, now_ms, cause_kind, body, chain";
constexpr int kBusyTimeoutMs = 5000;
constexpr int kRowsPerReadMax = 256;

StoredEntry decode_row(const Statement& row) {
  StoredEntry stored;
  Entry& entry = stored.entry;
  entry.first_seq = row.number(0);
  entry.term = row.number(2);
  entry.now_ms = row.number(3);
  const std::int64_t fact_count = row.number(1);
  const std::int64_t cause_kind = row.number(4);
  if (entry.first_seq < 1) {
    stored.damage = "sequence numbers start at 1";
  } else if (fact_count < 1 || fact_count > std::numeric_limits<std::int32_t>::max() ||
             entry.first_seq > std::numeric_limits<std::int64_t>::max() - fact_count) {
    stored.damage = fmt::format("claims {} facts", fact_count);
  } else {
    entry.fact_count = static_cast<std::int32_t>(fact_count);
  }
  if (cause_kind < 0 || cause_kind > std::numeric_limits<std::uint32_t>::max()) {
    stored.damage = fmt::format("claims a cause of kind {}", cause_kind);
  } else {
    entry.cause_kind = static_cast<std::uint32_t>(cause_kind);
  }
  entry.body = row.blob(5);
  const std::string_view chain = row.blob(6);
  if (chain.size() != stored.chain.bytes.size()) {
    stored.damage = fmt::format("has a chain value of {} bytes", chain.size());
  } else {
    for (std::size_t i = 0; i < chain.size(); ++i) {
      stored.chain.bytes[i] = static_cast<unsigned char>(chain[i]);
    }
  }
  return stored;
}

int note_log_pages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

Error not_found(const std::string& path) {
  return Error{ErrorCode::kNotFound, path + " holds no journal"};
}

}  // namespace

JournalDatabase::JournalDatabase(std::string path) : path_(std::move(path)) {}

JournalDatabase::~JournalDatabase() { sqlite3_close(connection_); }

Result<std::unique_ptr<JournalDatabase>> JournalDatabase::open(const std::string& path, Mode mode) {
  std::unique_ptr<JournalDatabase> database(new JournalDatabase(path));
  DURU_TRY(database->connect(mode));
  DURU_TRY(database->check_identity(mode));
  DURU_TRY(database->configure(mode));
  return database;
}

Status JournalDatabase::connect(Mode mode) {
  if (::access(path_.c_str(), F_OK) != 0) {
    if (mode != Mode::kCreate) return not_found(path_);
    // SQLite would let everybody read it; its log takes over the mode.
    Result<durable::File> file = durable::open_file(path_, O_RDWR | O_CREAT, 0600);
    if (!file.ok()) return file.error();
  }
  int flags = SQLITE_OPEN_NOMUTEX;
  flags |= mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  const int code = sqlite3_open_v2(path_.c_str(), &connection_, flags, nullptr);
  if (code != SQLITE_OK) return sqlite_error(connection_, path_, code);
  sqlite3_extended_result_codes(connection_, 1);
  sqlite3_busy_timeout(connection_, kBusyTimeoutMs);
  sqlite3_wal_hook(connection_, note_log_pages, &log_pages_);
  // Closing must not touch a journal that was refused or that failed.
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  return ok_status();
}

Status JournalDatabase::check_identity(Mode mode) {
  Result<std::int64_t> application = query_number("PRAGMA application_id");
  if (!application.ok()) return application.error();
  Result<std::int64_t> version = query_number("PRAGMA user_version");
  if (!version.ok()) return version.error();
  Result<std::int64_t> tables = query_number("SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return tables.error();
  if (application.value() == 0 && version.value() == 0 && tables.value() == 0) {
    return mode == Mode::kCreate ? create_schema() : not_found(path_);
  }
  if (application.value() != kJournalApplicationId) {
    return Error{ErrorCode::kDamaged, path_ + " is not a journal of Duru"};
  }
  if (version.value() != kJournalVersion) {
    return Error{ErrorCode::kUnsupported,
                 fmt::format("{} has format {}; this build reads format {}", path_, version.value(),
                             kJournalVersion)};
  }
  Result<std::string> schema = query_text("SELECT sql FROM sqlite_schema WHERE name = 'entry'");
  if (!schema.ok()) return schema.error();
  if (tables.value() != 1 || schema.value() != kSchema) {
    return Error{ErrorCode::kDamaged, path_ + " has tables that are not a journal's"};
  }
  return ok_status();
}

Status JournalDatabase::create_schema() {
  // The file's own setting, outside any transaction; then all or nothing.
  DURU_TRY(execute("PRAGMA journal_mode = WAL"));
  DURU_TRY(execute("PRAGMA synchronous = FULL"));
  DURU_TRY(
      execute(fmt::format("BEGIN IMMEDIATE; {}; PRAGMA application_id = {}; "
                          "PRAGMA user_version = {}; COMMIT",
                          kSchema, kJournalApplicationId, kJournalVersion)));
  const std::filesystem::path folder = std::filesystem::path(path_).parent_path();
  return durable::sync_folder(folder.empty() ? "." : folder.string());
}

Status JournalDatabase::configure(Mode mode) {
  DURU_TRY(execute("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0"));
  Result<std::string> journal_mode = query_text("PRAGMA journal_mode");
  if (!journal_mode.ok()) return journal_mode.error();
  if (journal_mode.value() != "wal") {
    return Error{ErrorCode::kDamaged, path_ + " is in journal mode " + journal_mode.value() +
                                          ", not wal: somebody changed it"};
  }
  return mode == Mode::kReadOnly ? ok_status() : execute("PRAGMA synchronous = FULL");
}

Result<Tail> JournalDatabase::append(const Tail& tail, const std::vector<Entry>& entries) {
  DURU_TRY(execute("BEGIN IMMEDIATE"));
  Tail end = tail;
  Status inserted = insert(tail, entries, end);
  if (!inserted.ok()) {
    if (sqlite3_get_autocommit(connection_) == 0) (void)execute("ROLLBACK").ok();
    return inserted.error();
  }
  if (Status committed = execute("COMMIT"); !committed.ok()) {
    Error error = committed.error();
    error.outcome_unknown = true;
    return error;
  }
  return end;
}

Status JournalDatabase::insert(const Tail& tail, const std::vector<Entry>& entries, Tail& end) {
  // The fence: whoever wrote last leads. It is read under the write lock that the insert holds.
  Result<Tail> found = stored_tail(*this);
  if (!found.ok()) return found.error();
  if (found.value() != tail) {
    return Error{
        ErrorCode::kConflict,
        fmt::format("another server has taken over: {} ends at fact {} of term {}, this "
                    "server wrote up to fact {} in term {}",
                    path_, found.value().last_seq, found.value().term, tail.last_seq, tail.term)};
  }
  Statement insertion(connection_, fmt::format("INSERT INTO entry ({}) VALUES (?1, ?2, ?3, ?4, "
                                               "?5, ?6, ?7)",
                                               kColumns));
  for (const Entry& entry : entries) {
    DURU_TRY(check_follows(end, entry));
    end = advance(end, entry);
    insertion.bind(1, entry.first_seq);
    insertion.bind(2, entry.fact_count);
    insertion.bind(3, entry.term);
    insertion.bind(4, entry.now_ms);
    insertion.bind(5, std::int64_t{entry.cause_kind});
    insertion.bind(6, entry.body);
    insertion.bind(7, end.chain.raw());
    insertion.step();
    if (!insertion.done()) return insertion.error(path_);
    insertion.reset();
  }
  return ok_status();
}

Result<std::optional<StoredEntry>> JournalDatabase::last_up_to(std::int64_t seq) {
  Statement row(connection_,
                fmt::format("SELECT {} FROM entry WHERE first_seq <= ?1 ORDER BY first_seq DESC "
                            "LIMIT 1",
                            kColumns));
  row.bind(1, seq);
  if (row.step()) return std::optional<StoredEntry>(decode_row(row));
  if (!row.done()) return row.error(path_);
  return std::optional<StoredEntry>();
}

Status JournalDatabase::scan(std::int64_t from_seq,
                             const std::function<Status(const StoredEntry&)>& visitor) {
  Statement rows(connection_,
                 fmt::format("SELECT {} FROM entry WHERE first_seq >= ?1 ORDER BY first_seq "
                             "LIMIT {}",
                             kColumns, kRowsPerReadMax));
  std::int64_t from = from_seq;
  for (int count = kRowsPerReadMax; count == kRowsPerReadMax;) {
    count = 0;
    rows.reset();
    rows.bind(1, from);
    while (rows.step()) {
      const StoredEntry stored = decode_row(rows);
      if (stored.entry.first_seq < from) {
        return Error{ErrorCode::kDamaged, fmt::format("{}: record {} is out of order: the index is "
                                                      "damaged",
                                                      path_, stored.entry.first_seq)};
      }
      DURU_TRY(visitor(stored));
      if (stored.entry.first_seq == std::numeric_limits<std::int64_t>::max()) return ok_status();
      from = stored.entry.first_seq + 1;
      ++count;
    }
    if (!rows.done()) return rows.error(path_);
  }
  return ok_status();
}

Result<std::vector<std::string>> JournalDatabase::integrity_problems() {
  constexpr char kSound[] = "ok";
  std::vector<std::string> problems;
  Statement rows(connection_, "PRAGMA integrity_check(20)");
  while (rows.step()) {
    if (rows.blob(0) != kSound) problems.emplace_back(rows.blob(0));
  }
  if (!rows.done()) return rows.error(path_);
  return problems;
}

Status JournalDatabase::checkpoint(bool truncate) {
  const int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  const int code = sqlite3_wal_checkpoint_v2(connection_, nullptr, mode, nullptr, nullptr);
  // A reader holds part of the log: it stays there until the next time.
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) return ok_status();
  return sqlite_error(connection_, path_, code);
}

Status JournalDatabase::execute(const std::string& sql) {
  const int code = sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? ok_status() : Status(sqlite_error(connection_, path_, code));
}

Result<std::int64_t> JournalDatabase::query_number(const std::string& sql) {
  Statement row(connection_, sql);
  if (!row.step()) return row.error(path_);
  return row.number(0);
}

Result<std::string> JournalDatabase::query_text(const std::string& sql) {
  Statement row(connection_, sql);
  if (row.step()) return std::string(row.blob(0));
  if (!row.done()) return row.error(path_);
  return std::string();
}

}  // namespace duru
