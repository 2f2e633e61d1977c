#include "duru/history/history_database.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>

#include "duru/base/wire.h"
#include "duru/history/statement.h"

namespace duru::history {
namespace {

constexpr int kApplicationId = 0x44555248;  // "DURH"
constexpr std::size_t kPageBytesMax = std::size_t{4} << 20;

constexpr const char* kSchema = R"(
CREATE TABLE mark (one INTEGER PRIMARY KEY CHECK (one = 1), first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL, term INTEGER NOT NULL, now_ms INTEGER NOT NULL);
INSERT INTO mark VALUES (1, 0, 0, 0, 0);
CREATE TABLE job (project TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
  state INTEGER NOT NULL, listed TEXT NOT NULL, detail TEXT NOT NULL);
CREATE UNIQUE INDEX job_by_id ON job (project, id);
CREATE INDEX job_by_name ON job (project, name, id);
CREATE TABLE interval (seq INTEGER NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,
  body BLOB NOT NULL);
CREATE INDEX interval_by_end ON interval (to_ms);
CREATE INDEX interval_by_start ON interval (from_ms);
CREATE TABLE charge (seq INTEGER NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,
  body BLOB NOT NULL);
CREATE INDEX charge_by_end ON charge (to_ms);
CREATE TABLE event (seq INTEGER PRIMARY KEY, node TEXT NOT NULL, fleet TEXT NOT NULL,
  at_ms INTEGER NOT NULL, recorded_ms INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX event_by_node ON event (node, seq);
CREATE INDEX event_by_fleet ON event (fleet, seq);
)";

HistoryJob read_job(const Statement& row) {
  HistoryJob job;
  job.project = row.text(0);
  job.id = row.text(1);
  job.name = row.text(2);
  job.state = static_cast<JobState>(row.number(3));
  job.listed = row.text(4);
  job.detail = row.text(5);
  return job;
}

}  // namespace

Result<std::unique_ptr<HistoryDatabase>> HistoryDatabase::open(const std::string& path) {
  std::unique_ptr<HistoryDatabase> database(new HistoryDatabase(path));
  DURU_TRY(database->connect());
  return database;
}

HistoryDatabase::~HistoryDatabase() { sqlite3_close_v2(connection_); }

Status HistoryDatabase::connect() {
  // Its owner's alone; SQLite's own files beside it take after it.
  const int fd = ::open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) return system_error("open " + path_, errno);
  ::close(fd);
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path_.c_str(), &connection_, flags, nullptr);
  if (code != SQLITE_OK) return sqlite_error(connection_, path_, code);
  sqlite3_busy_timeout(connection_, 5000);
  DURU_TRY(execute(connection_, path_, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL"));
  Result<std::int64_t> application = number("PRAGMA application_id");
  if (!application.ok()) return application.error();
  Result<std::int64_t> format = number("PRAGMA user_version");
  if (!format.ok()) return format.error();
  if (application.value() == 0 && format.value() == 0) return create_schema();
  if (application.value() != kApplicationId) {
    return Error{ErrorCode::kDamaged, path_ + " is not a history of Duru"};
  }
  if (format.value() != kFormat) {
    return Error{ErrorCode::kUnsupported, fmt::format("{} has format {}; this build writes {}",
                                                      path_, format.value(), kFormat)};
  }
  return ok_status();
}

Status HistoryDatabase::create_schema() {
  return execute(connection_, path_,
                 fmt::format("BEGIN IMMEDIATE; {} PRAGMA application_id = {}; "
                             "PRAGMA user_version = {}; COMMIT",
                             kSchema, kApplicationId, kFormat));
}

Result<std::int64_t> HistoryDatabase::number(const std::string& sql) {
  Statement row(connection_, sql);
  if (!row.step()) return row.error(path_);
  return row.number(0);
}

Result<CommitMark> HistoryDatabase::mark() {
  Statement row(connection_, "SELECT first_seq, last_seq, term, now_ms FROM mark WHERE one = 1");
  if (!row.step()) {
    return row.done() ? Error{ErrorCode::kDamaged, path_ + " has lost its mark"} : row.error(path_);
  }
  return CommitMark{row.number(0), row.number(1), row.number(2), row.number(3)};
}

Status HistoryDatabase::write(const Batch& batch) {
  DURU_TRY(execute(connection_, path_, "BEGIN IMMEDIATE"));
  Status written = insert(batch);
  if (written.ok()) written = execute(connection_, path_, "COMMIT");
  if (!written.ok() && sqlite3_get_autocommit(connection_) == 0) {
    static_cast<void>(execute(connection_, path_, "ROLLBACK"));  // the first error is the telling
  }
  return written;
}

Status HistoryDatabase::insert(const Batch& batch) {
  for (const auto& [id, job] : batch.jobs) DURU_TRY(insert_job(job));
  DURU_TRY(insert_account("interval", batch.intervals));
  DURU_TRY(insert_account("charge", batch.charges));
  DURU_TRY(insert_events(batch.events));
  Statement mark(connection_,
                 "UPDATE mark SET first_seq = ?1, last_seq = ?2, term = ?3, now_ms = ?4");
  mark.bind(1, batch.mark.first_seq);
  mark.bind(2, batch.mark.last_seq);
  mark.bind(3, batch.mark.term);
  mark.bind(4, batch.mark.now_ms);
  mark.step();
  return mark.done() ? ok_status() : Status(mark.error(path_));
}

Status HistoryDatabase::insert_job(const HistoryJob& job) {
  Statement row(connection_, "INSERT OR REPLACE INTO job VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  row.bind(1, job.project);
  row.bind(2, job.id);
  row.bind(3, job.name);
  row.bind(4, static_cast<std::int64_t>(job.state));
  row.bind(5, job.listed);
  row.bind(6, job.detail);
  row.step();
  return row.done() ? ok_status() : Status(row.error(path_));
}

Status HistoryDatabase::insert_events(const std::vector<HistoryEvent>& events) {
  Statement row(connection_, "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  for (const HistoryEvent& event : events) {
    const std::string body = encode(event.event);
    row.bind(1, event.seq);
    row.bind(2, event.node);
    row.bind(3, event.fleet);
    row.bind(4, event.event.at.value);
    row.bind(5, event.recorded_at.value);
    row.bind(6, body);
    row.step();
    if (!row.done()) return row.error(path_);
    row.reset();
  }
  return ok_status();
}

template <class T>
Status HistoryDatabase::insert_account(const char* table, const std::vector<Numbered<T>>& rows) {
  Statement row(connection_, fmt::format("INSERT INTO {} VALUES (?1, ?2, ?3, ?4)", table));
  for (const Numbered<T>& numbered : rows) {
    const std::string body = encode(numbered.value);
    row.bind(1, numbered.seq);
    row.bind(2, numbered.value.from.value);
    row.bind(3, numbered.value.to.value);
    row.bind(4, body);
    row.step();
    if (!row.done()) return row.error(path_);
    row.reset();
  }
  return ok_status();
}

Result<std::optional<HistoryJob>> HistoryDatabase::job(const std::string& project,
                                                       const std::string& id) {
  Statement row(connection_,
                "SELECT project, id, name, state, listed, detail FROM job "
                "WHERE project = ?1 AND id = ?2");
  row.bind(1, project);
  row.bind(2, id);
  if (row.step()) return std::optional<HistoryJob>(read_job(row));
  if (!row.done()) return row.error(path_);
  return std::optional<HistoryJob>();
}

Result<std::optional<HistoryJob>> HistoryDatabase::newest_named(const std::string& project,
                                                                const std::string& name) {
  Statement row(connection_,
                "SELECT project, id, name, state, listed, detail FROM job "
                "WHERE project = ?1 AND name = ?2 ORDER BY id DESC LIMIT 1");
  row.bind(1, project);
  row.bind(2, name);
  if (row.step()) return std::optional<HistoryJob>(read_job(row));
  if (!row.done()) return row.error(path_);
  return std::optional<HistoryJob>();
}

Result<std::vector<HistoryJob>> HistoryDatabase::jobs_after(const std::string& project,
                                                            const std::string& id,
                                                            std::size_t limit) {
  // In the order of the index job_by_id: nothing is sorted, nothing before the page is looked at.
  Statement row(connection_,
                "SELECT project, id, name, state, listed, detail FROM job "
                "WHERE (project, id) > (?1, ?2) ORDER BY project, id LIMIT ?3");
  row.bind(1, project);
  row.bind(2, id);
  row.bind(3, static_cast<std::int64_t>(limit));
  std::vector<HistoryJob> found;
  std::size_t bytes = 0;
  while (row.step()) {
    found.push_back(read_job(row));
    bytes += found.back().listed.size() + found.back().detail.size();
    if (bytes >= kPageBytesMax) return found;
  }
  if (!row.done()) return row.error(path_);
  return found;
}

Status HistoryDatabase::jobs(const HistoryJobsQuery& query,
                             std::map<std::string, HistoryJob>& into) {
  std::string states;
  for (const JobState state : query.states) {
    states += (states.empty() ? "" : ", ") + std::to_string(static_cast<int>(state));
  }
  Statement rows(
      connection_,
      fmt::format("SELECT project, id, name, state, listed, '' FROM job WHERE project = ?1 {} {} "
                  "ORDER BY id DESC LIMIT ?3",
                  query.before.empty() ? "" : "AND id < ?2",
                  states.empty() ? "" : "AND state IN (" + states + ")"));
  rows.bind(1, query.project);
  if (!query.before.empty()) rows.bind(2, query.before);
  rows.bind(3, static_cast<std::int64_t>(query.limit));
  while (rows.step()) {
    HistoryJob job = read_job(rows);
    const std::string id = job.id;
    into.emplace(id, std::move(job));
  }
  return rows.done() ? ok_status() : Status(rows.error(path_));
}

Status HistoryDatabase::events(const HistoryEventsQuery& query,
                               std::map<std::int64_t, HistoryEvent>& into) {
  std::string where = "at_ms >= ?1";
  if (query.beyond.has_value()) where += query.oldest_first ? " AND seq > ?2" : " AND seq < ?2";
  if (!query.node.empty()) where += " AND node = ?3";
  if (!query.fleet.empty()) where += " AND fleet = ?4";
  Statement rows(connection_,
                 fmt::format("SELECT seq, node, fleet, recorded_ms, body FROM event WHERE {} "
                             "ORDER BY seq {} LIMIT ?5",
                             where, query.oldest_first ? "ASC" : "DESC"));
  rows.bind(1, query.since.value_or(Timestamp()).value);
  if (query.beyond.has_value()) rows.bind(2, *query.beyond);
  if (!query.node.empty()) rows.bind(3, query.node);
  if (!query.fleet.empty()) rows.bind(4, query.fleet);
  rows.bind(5, static_cast<std::int64_t>(query.limit));
  while (rows.step()) {
    Result<FieldEvent> event = decode<FieldEvent>(rows.text(4));
    if (!event.ok()) return Error{ErrorCode::kDamaged, path_ + ": " + event.error().message};
    into.emplace(rows.number(0),
                 HistoryEvent{rows.number(0), std::string(rows.text(1)), std::string(rows.text(2)),
                              std::move(event.value()), Timestamp(rows.number(3))});
  }
  return rows.done() ? ok_status() : Status(rows.error(path_));
}

template <class T>
Status HistoryDatabase::read_account(const char* table, std::int64_t seq_max, Timestamp from,
                                     Timestamp to, LedgerSink& sink) {
  // What is empty counts too: a task that ended at once has a line in the bill.
  Statement rows(connection_, fmt::format("SELECT body FROM {} WHERE to_ms >= ?1 AND from_ms < ?2 "
                                          "AND seq <= ?3",
                                          table));
  rows.bind(1, from.value);
  rows.bind(2, to.value);
  rows.bind(3, seq_max);
  while (rows.step()) {
    Result<T> value = decode<T>(rows.text(0));
    if (!value.ok()) return Error{ErrorCode::kDamaged, path_ + ": " + value.error().message};
    sink.add(value.value());
  }
  return rows.done() ? ok_status() : Status(rows.error(path_));
}

Result<CommitMark> HistoryDatabase::account(std::int64_t seq_max, Timestamp from, Timestamp to,
                                            LedgerSink& sink) {
  DURU_TRY(execute(connection_, path_, "BEGIN"));
  Result<CommitMark> read = account_rows(seq_max, from, to, sink);
  static_cast<void>(execute(connection_, path_, "COMMIT"));  // it has written nothing
  return read;
}

Result<CommitMark> HistoryDatabase::account_rows(std::int64_t seq_max, Timestamp from, Timestamp to,
                                                 LedgerSink& sink) {
  Result<CommitMark> seen = mark();
  if (!seen.ok()) return seen;
  DURU_TRY(read_account<Interval>("interval", seq_max, from, to, sink));
  DURU_TRY(read_account<Charge>("charge", seq_max, from, to, sink));
  return seen;
}

Result<std::optional<Timestamp>> HistoryDatabase::earliest() {
  Statement row(connection_,
                "SELECT min(from_ms), count(from_ms) FROM "
                "(SELECT from_ms FROM interval ORDER BY from_ms LIMIT 1)");
  if (!row.step()) return row.error(path_);
  if (row.number(1) == 0) return std::optional<Timestamp>();
  return std::optional<Timestamp>(Timestamp(row.number(0)));
}

}  // namespace duru::history
