// The SQLite file of the history: one connection, the schema, batches in, rows out. It knows
// nothing of threads; History does.
//
// WAL mode with synchronous=NORMAL: a power cut may lose the last batches, never half of one; what
// is lost comes again from the journal. A file of another format is as good as none.
//
//   auto database = HistoryDatabase::open(path);
//   database.value()->write(batch);              // one transaction, with the mark it reaches
#pragma once

#include <functional>
#include <memory>

#include "duru/base/result.h"
#include "duru/history/records.h"

struct sqlite3;

namespace duru::history {

// Also of what is in the rows: a change to the objects of the API makes another format.
constexpr int kFormat = 2;

class HistoryDatabase {
 public:
  // Makes the file and the schema when missing. kUnsupported for another format, kDamaged for a
  // file that is none of ours.
  static Result<std::unique_ptr<HistoryDatabase>> open(const std::string& path);
  ~HistoryDatabase();
  HistoryDatabase(const HistoryDatabase&) = delete;
  HistoryDatabase& operator=(const HistoryDatabase&) = delete;

  Status write(const Batch& batch);
  Result<CommitMark> mark();

  Result<std::optional<HistoryJob>> job(const std::string& project, const std::string& id);
  Result<std::optional<HistoryJob>> newest_named(const std::string& project,
                                                 const std::string& name);
  // A page of the jobs of all projects behind this one, with their details; empty at the end.
  Result<std::vector<HistoryJob>> jobs_after(const std::string& project, const std::string& id,
                                             std::size_t limit);
  Status jobs(const HistoryJobsQuery& query, std::map<std::string, HistoryJob>& into);

  Status events(const HistoryEventsQuery& query, std::map<std::int64_t, HistoryEvent>& into);

  // Intervals and charges with seq <= seq_max that end after `from` and begin before `to`, in one
  // consistent reading; gives the mark that it saw.
  Result<CommitMark> account(std::int64_t seq_max, Timestamp from, Timestamp to, LedgerSink& sink);
  Result<std::optional<Timestamp>> earliest();

 private:
  explicit HistoryDatabase(std::string path) : path_(std::move(path)) {}
  Status connect();
  Status create_schema();
  Status insert(const Batch& batch);
  Status insert_job(const HistoryJob& job);
  Status insert_events(const std::vector<HistoryEvent>& events);
  Result<CommitMark> account_rows(std::int64_t seq_max, Timestamp from, Timestamp to,
                                  LedgerSink& sink);
  template <class T>
  Status read_account(const char* table, std::int64_t seq_max, Timestamp from, Timestamp to,
                      LedgerSink& sink);
  template <class T>
  Status insert_account(const char* table, const std::vector<Numbered<T>>& rows);
  Result<std::int64_t> number(const std::string& sql);

  std::string path_;
  sqlite3* connection_ = nullptr;
};

}  // namespace duru::history
