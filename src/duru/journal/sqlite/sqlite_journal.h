// The journal of a server on one machine: a SQLite file, a head file and a lock in a data folder.
//
// A thread of its own takes all that is queued, stores it in one transaction (one sync), writes the
// head, then tells the listener: "durable" is said after both. A failed commit, sync or head write
// is final. Opening checks lock, file system, versions, the last record and the head, and refuses
// without touching anything if acknowledged facts are missing or damaged; docs/journal.md has the
// format and what an outage can lose.
//
//   Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open(dir);
//   if (!journal.ok()) return journal.error();      // says what is wrong and what would help
//   journal.value()->set_listener(on_durable, on_failed);
//   journal.value()->append(entry);
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "duru/journal/journal.h"
#include "duru/journal/sqlite/data_folder.h"
#include "duru/journal/sqlite/head_file.h"
#include "duru/journal/sqlite/journal_database.h"

namespace duru {

class SqliteJournal : public Journal {
 public:
  // Makes the folder (not its parents) and an empty journal if there is none.
  static Result<std::unique_ptr<SqliteJournal>> open(const std::string& dir);
  // For another process (a snapshot maker, `duru journal dump`): needs no lock, works beside a
  // running server. Its tail() is that of the moment of opening; read() sees what came later too.
  static Result<std::unique_ptr<JournalReader>> open_readonly(const std::string& dir);

  // Stores what is queued, moves the log into the database, syncs the head.
  ~SqliteJournal() override;

  void set_listener(DurableListener durable, FailureListener failed) override;
  void append(Entry entry) override;
  Status flush() override;
  Status record_alive(std::int64_t alive_ms) override;
  Tail tail() const override;
  std::int64_t alive_ms() const override;
  Status read(std::int64_t from_seq, const Visitor& visitor) override;
  Result<Digest> chain_at(std::int64_t seq) override;

 private:
  struct Parts;
  explicit SqliteJournal(Parts parts);

  void run();
  std::vector<Entry> wait_for_batch();
  Status store(const std::vector<Entry>& batch);
  Status checkpoint_if_due();
  void fail(const Error& error);

  const std::string dir_;
  const FolderLock lock_;
  const std::unique_ptr<JournalDatabase> database_;  // the writer thread's alone, once it runs

  mutable std::mutex head_mutex_;
  HeadFile head_;

  mutable std::mutex mutex_;
  std::condition_variable queued_;
  std::condition_variable settled_;
  std::vector<Entry> queue_;
  Tail tail_;            // durable
  bool busy_ = false;    // the writer holds entries that are not settled yet
  bool ending_ = false;  // no more appends: store what is queued and end
  std::optional<Error> error_;
  DurableListener durable_;
  FailureListener failed_;

  std::thread writer_;
};

}  // namespace duru
