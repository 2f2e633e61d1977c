#include "duru/journal/sqlite/sqlite_journal.h"

#include <fmt/core.h>

#include <iterator>
#include <utility>

#include "duru/journal/sqlite/recovery.h"

namespace duru {
namespace {

constexpr int kLogPagesPerCheckpoint = 1000;  // 4 MB of log
constexpr std::size_t kBatchEntriesMax = 4096;
constexpr std::size_t kBatchBytesMax = std::size_t{64} << 20;

class SqliteReader : public JournalReader {
 public:
  SqliteReader(std::unique_ptr<JournalDatabase> database, const Tail& tail, std::int64_t alive_ms)
      : database_(std::move(database)), tail_(tail), alive_ms_(alive_ms) {}

  Tail tail() const override { return tail_; }
  std::int64_t alive_ms() const override { return alive_ms_; }
  Status read(std::int64_t from_seq, const Visitor& visitor) override {
    return read_checked(*database_, from_seq, visitor);
  }
  Result<Digest> chain_at(std::int64_t seq) override { return stored_chain_at(*database_, seq); }

 private:
  const std::unique_ptr<JournalDatabase> database_;
  const Tail tail_;
  const std::int64_t alive_ms_;
};

struct Opened {
  std::unique_ptr<JournalDatabase> database;
  Tail tail;
  Head head;
};

Error head_is_lost(const std::string& what, std::int64_t tail_seq) {
  return Error{ErrorCode::kDamaged,
               fmt::format("{}: whether facts after {} were acknowledged and are missing cannot be "
                           "told. Nothing was changed. To go on from there: `duru journal "
                           "accept-loss --to {}`",
                           what, tail_seq, tail_seq)};
}

// Opens the journal that is there, checking it against the head, and writes to neither.
Result<Opened> open_existing(const std::string& dir, const Result<std::optional<Head>>& head) {
  Opened opened;
  const bool head_known = head.ok() && head.value();
  if (head_known) opened.head = *head.value();
  auto database =
      JournalDatabase::open(journal_database_path(dir), JournalDatabase::Mode::kReadWrite);
  if (!database.ok()) {
    const bool missing = database.error().code == ErrorCode::kNotFound;
    if (missing && opened.head.last_seq > 0) return missing_facts(0, opened.head.last_seq);
    return database.error();
  }
  opened.database = std::move(database.value());
  Result<Tail> tail = checked_tail(*opened.database);
  if (!tail.ok()) return tail.error();
  opened.tail = tail.value();
  if (head_known) {
    DURU_TRY(check_head(*opened.database, opened.head, opened.tail));
  } else if (opened.tail.last_seq > 0) {
    return head_is_lost("the head file is missing", opened.tail.last_seq);
  }
  return opened;
}

// An empty journal. The head comes first: a journal with facts and no head is one whose head was
// lost.
Result<Opened> create(const std::string& dir) {
  DURU_TRY(create_head(journal_head_path(dir), Head{}));
  auto database = JournalDatabase::open(journal_database_path(dir), JournalDatabase::Mode::kCreate);
  if (!database.ok()) return database.error();
  return Opened{std::move(database.value()), Tail{}, Head{}};
}

Result<Opened> open_or_create(const std::string& dir) {
  const Result<std::optional<Head>> head = load_head(journal_head_path(dir));
  if (!head.ok() && head.error().code != ErrorCode::kDamaged) return head.error();
  Result<Opened> opened = open_existing(dir, head);
  if (opened.ok() && !head.ok()) {
    return head_is_lost(head.error().message, opened.value().tail.last_seq);
  }
  if (opened.ok() && !head.value()) {
    DURU_TRY(create_head(journal_head_path(dir), Head{}));
  }
  if (opened.ok() || opened.error().code != ErrorCode::kNotFound) return opened;
  return head.ok() ? create(dir) : head_is_lost(head.error().message, 0);
}

}  // namespace

struct SqliteJournal::Parts {
  std::string dir;
  FolderLock lock;
  std::unique_ptr<JournalDatabase> database;
  HeadFile head;
  Tail tail;
};

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open(const std::string& dir) {
  DURU_TRY(durable::make_folder(dir));
  DURU_TRY(refuse_network_file_system(dir));
  Result<FolderLock> lock = FolderLock::take(dir);
  if (!lock.ok()) return lock.error();
  Result<Opened> opened = open_or_create(dir);
  if (!opened.ok()) return opened.error();
  const Tail& tail = opened.value().tail;

  // What a crash left in the log is written once more, into the database, and synced: a log whose
  // sync failed may be in the page cache only.
  DURU_TRY(opened.value().database->checkpoint(true));
  Result<HeadFile> head = HeadFile::open(journal_head_path(dir), opened.value().head);
  if (!head.ok()) return head.error();
  DURU_TRY(head.value().write(Head{.last_seq = tail.last_seq,
                                   .term = tail.term,
                                   .alive_ms = head.value().current().alive_ms,
                                   .chain = tail.chain}));
  DURU_TRY(head.value().sync());
  return std::unique_ptr<SqliteJournal>(
      new SqliteJournal(Parts{dir, std::move(lock.value()), std::move(opened.value().database),
                              std::move(head.value()), tail}));
}

Result<std::unique_ptr<JournalReader>> SqliteJournal::open_readonly(const std::string& dir) {
  auto database =
      JournalDatabase::open(journal_database_path(dir), JournalDatabase::Mode::kReadOnly);
  if (!database.ok()) return database.error();
  Result<Tail> tail = stored_tail(*database.value());
  if (!tail.ok()) return tail.error();
  const Result<std::optional<Head>> head = load_head(journal_head_path(dir));
  const bool head_known = head.ok() && head.value();
  return std::unique_ptr<JournalReader>(std::make_unique<SqliteReader>(
      std::move(database.value()), tail.value(), head_known ? head.value()->alive_ms : 0));
}

SqliteJournal::SqliteJournal(Parts parts)
    : dir_(std::move(parts.dir)),
      lock_(std::move(parts.lock)),
      database_(std::move(parts.database)),
      head_(std::move(parts.head)),
      tail_(parts.tail),
      writer_([this] { run(); }) {}

SqliteJournal::~SqliteJournal() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  queued_.notify_all();
  writer_.join();
  if (error_) return;
  // Nothing can be said to anybody any more, and nothing is lost: opening does both again.
  (void)head_.sync().ok();
  (void)database_->checkpoint(true).ok();
}

void SqliteJournal::set_listener(DurableListener durable, FailureListener failed) {
  const std::lock_guard lock(mutex_);
  durable_ = std::move(durable);
  failed_ = std::move(failed);
}

void SqliteJournal::append(Entry entry) {
  {
    const std::lock_guard lock(mutex_);
    if (error_) return;
    queue_.push_back(std::move(entry));
  }
  queued_.notify_one();
}

Status SqliteJournal::flush() {
  std::unique_lock lock(mutex_);
  settled_.wait(lock, [this] { return error_ || (queue_.empty() && !busy_); });
  return error_ ? Status(*error_) : ok_status();
}

Status SqliteJournal::record_alive(std::int64_t alive_ms) {
  {
    // After a failure the head may be another server's.
    const std::lock_guard lock(mutex_);
    if (error_) return *error_;
  }
  const std::lock_guard lock(head_mutex_);
  Head head = head_.current();
  head.alive_ms = alive_ms;
  return head_.write(head);
}

Tail SqliteJournal::tail() const {
  const std::lock_guard lock(mutex_);
  return tail_;
}

std::int64_t SqliteJournal::alive_ms() const {
  const std::lock_guard lock(head_mutex_);
  return head_.current().alive_ms;
}

// Readings have a connection each: the writer's is in its own thread's hands.
Status SqliteJournal::read(std::int64_t from_seq, const Visitor& visitor) {
  auto reader = open_readonly(dir_);
  return reader.ok() ? reader.value()->read(from_seq, visitor) : Status(reader.error());
}

Result<Digest> SqliteJournal::chain_at(std::int64_t seq) {
  auto reader = open_readonly(dir_);
  return reader.ok() ? reader.value()->chain_at(seq) : Result<Digest>(reader.error());
}

void SqliteJournal::run() {
  for (;;) {
    const std::vector<Entry> batch = wait_for_batch();
    if (batch.empty()) return;
    if (Status stored = store(batch); !stored.ok()) return fail(stored.error());
    DurableListener listener;
    std::int64_t last_seq = 0;
    {
      const std::lock_guard lock(mutex_);
      listener = durable_;
      last_seq = tail_.last_seq;
    }
    if (listener) listener(last_seq);
    if (Status moved = checkpoint_if_due(); !moved.ok()) return fail(moved.error());
    {
      const std::lock_guard lock(mutex_);
      busy_ = false;
    }
    settled_.notify_all();
  }
}

// Empty when the journal ends.
std::vector<Entry> SqliteJournal::wait_for_batch() {
  std::unique_lock lock(mutex_);
  queued_.wait(lock, [this] { return ending_ || !queue_.empty(); });
  std::vector<Entry> batch;
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < queue_.size() && count < kBatchEntriesMax && bytes < kBatchBytesMax) {
    bytes += queue_[count++].body.size();
  }
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  batch.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  busy_ = !batch.empty();
  return batch;
}

// Durable, then in the head, then visible as the tail; whoever is told is told after.
Status SqliteJournal::store(const std::vector<Entry>& batch) {
  Result<Tail> end = database_->append(tail(), batch);
  if (!end.ok()) return end.error();
  const Tail& tail = end.value();
  {
    const std::lock_guard lock(head_mutex_);
    Head head = head_.current();
    head.last_seq = tail.last_seq;
    head.term = tail.term;
    head.chain = tail.chain;
    if (Status written = head_.write(head); !written.ok()) {
      Error error = written.error();
      error.outcome_unknown = true;  // the entries are durable and nobody was told
      return error;
    }
  }
  const std::lock_guard lock(mutex_);
  tail_ = tail;
  return ok_status();
}

Status SqliteJournal::checkpoint_if_due() {
  if (database_->log_pages() < kLogPagesPerCheckpoint) return ok_status();
  DURU_TRY(head_.sync());  // without head_mutex_: record_alive() must not wait for the disk
  return database_->checkpoint(false);
}

void SqliteJournal::fail(const Error& error) {
  Error last = error;
  last.retryable = false;  // a failure is final, whatever it was
  last.message = "the journal failed and nothing more becomes durable: " + last.message;
  FailureListener listener;
  {
    const std::lock_guard lock(mutex_);
    error_ = last;
    queue_.clear();
    busy_ = false;
    listener = failed_;
  }
  settled_.notify_all();
  if (listener) listener(last);
}

}  // namespace duru
