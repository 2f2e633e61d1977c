// The history: what ended and what it cost, for as long as the installation lives. The core's state
// forgets a job an hour after its end; this does not.
//
// A read model in a SQLite file of its own (DIR/history.db), made from durable facts alone: it is a
// projection of the view, writes behind in batches, and stores the commit that it has reached. What
// is not written yet is answered from memory, so a reader never sees the lag. Lost, damaged, of
// another format, or of another journal: the file is deleted and made again by replaying
// everything.
//
//   auto history = History::open(dir, journal);
//   View view(core, {}, {history.value().get(), …});
//   …restore a snapshot up to history.value()->snapshot_seq_max(), else replay from the first fact…
//   history.value()->restore_ledger(snapshot.ledger);
//
// Thread safe, but ledger(): it is read under the view's lock.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "duru/history/history_database.h"
#include "duru/journal/journal.h"
#include "duru/loop/view.h"

namespace duru {

class History : public Projection, private LedgerSink {
 public:
  using Warn = std::function<void(const Error&)>;

  // `warn` hears, once per trouble, that the file had to be made anew or cannot be written.
  static Result<std::unique_ptr<History>> open(const std::string& dir, JournalReader& journal,
                                               Warn warn = {});
  ~History() override;  // what is in memory is written

  // What a snapshot up to this fact hides is here already; with a later one, something would be
  // missing.
  std::int64_t snapshot_seq_max() const { return reached_at_open_.last_seq; }
  // The ledger as of a snapshot, before the facts behind it are applied.
  void restore_ledger(const LedgerRecord& record) { ledger_ = Ledger::from_record(record); }

  void on_fact(const State& after, const Message& fact, const FactContext& context) override;
  void on_commit(const State& after, const DurableCommit& commit) override;

  // Open intervals and charges.
  const Ledger& ledger() const { return ledger_; }

  Result<std::optional<HistoryJob>> job(const std::string& project, const std::string& id);
  Result<std::optional<HistoryJob>> newest_named(const std::string& project,
                                                 const std::string& name);
  Result<std::vector<HistoryJob>> jobs(const HistoryJobsQuery& query);  // newest first
  // A page of the file's jobs of all projects, by project and id, behind this one ("", "": from the
  // first), with their details; empty at the end. A page ends early when its texts have 4 MiB.
  // flush() first for all of them. O(page).
  Result<std::vector<HistoryJob>> jobs_after(const std::string& project, const std::string& id,
                                             std::size_t limit);
  // Events of the field, in the order of their facts.
  Result<std::vector<HistoryEvent>> events(const HistoryEventsQuery& query);
  // Closed intervals and charges of facts up to `seq_max` that touch [from, to).
  Status account(std::int64_t seq_max, Timestamp from, Timestamp to, LedgerSink& sink);
  // The start of the earliest closed interval.
  Result<std::optional<Timestamp>> earliest();

  // Waits until everything up to now is in the file.
  Status flush();

 private:
  using Database = history::HistoryDatabase;
  History(std::string path, std::unique_ptr<Database> writer, std::unique_ptr<Database> reader,
          history::CommitMark reached, Warn warn);

  void add(const Interval& closed) override;
  void add(const Charge& closed) override;
  void run_writer();
  // True: written. The lock is given back while the file is busy.
  bool write_some(std::unique_lock<std::mutex>& lock);
  void note_trouble(const Error& error);
  template <class Function>
  void for_each_in_memory(Function function);
  template <class Function>
  auto read_file(Function function) -> decltype(function(std::declval<Database&>()));

  const std::string path_;
  const history::CommitMark reached_at_open_;
  const Warn warn_;

  // Under the view's lock.
  Ledger ledger_;
  history::Batch open_;  // of the commit being applied
  std::int64_t fact_seq_ = 0;

  std::mutex mutex_;  // of the members below
  std::condition_variable changed_;
  history::Batch tail_;                            // durable, not written
  std::shared_ptr<const history::Batch> writing_;  // being written
  bool stopping_ = false;
  bool flushing_ = false;
  bool in_trouble_ = false;
  std::optional<Error> trouble_;

  std::mutex reader_mutex_;
  std::unique_ptr<Database> reader_;
  std::unique_ptr<Database> writer_;  // of the writer's thread
  std::thread thread_;
};

}  // namespace duru
