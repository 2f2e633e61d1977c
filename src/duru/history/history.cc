#include "duru/history/history.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "duru/api/render.h"
#include "duru/base/json.h"
#include "duru/domain/field_messages.h"

namespace duru {
namespace {

using history::Batch;
using history::CommitMark;

constexpr std::size_t kFactsPerBatch = 1000;
constexpr std::size_t kTextBytesPerBatch = std::size_t{16} << 20;
constexpr std::chrono::seconds kWriteEvery(1);
// Whoever replays a whole journal waits for the file now and then, instead of filling the memory.
constexpr std::size_t kTailMax = 20'000;
constexpr std::size_t kTailTextBytesMax = std::size_t{64} << 20;

bool is_worth_writing(const Batch& batch) {
  return batch.fact_count >= kFactsPerBatch || batch.text_bytes >= kTextBytesPerBatch;
}

bool is_full(const Batch& batch) {
  return batch.size() >= kTailMax || batch.text_bytes >= kTailTextBytesMax;
}

CommitMark mark_of(std::int64_t first_seq, std::int64_t last_seq, std::int64_t term,
                   std::int64_t now_ms) {
  return {first_seq, last_seq, term, now_ms};
}

// Whether the journal holds the very commit that the history ends with.
Result<bool> is_of_this_journal(const CommitMark& mark, JournalReader& journal) {
  if (mark.last_seq == 0) return true;
  if (mark.last_seq > journal.tail().last_seq) return false;
  bool same = false;
  const Error enough{ErrorCode::kConflict, "one entry is enough"};
  const Status read = journal.read(mark.first_seq, [&](const Entry& entry) -> Status {
    same = mark_of(entry.first_seq, entry.last_seq(), entry.term, entry.now_ms) == mark;
    return enough;
  });
  if (!read.ok() && read.error().message != enough.message) return read.error();
  return same;
}

Status delete_files(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", ".damaged"}) {
    const std::string name = path + suffix;
    if (::unlink(name.c_str()) != 0 && errno != ENOENT)
      return system_error("remove " + name, errno);
  }
  return ok_status();
}

// Tells the next start to make the file anew.
void mark_damaged(const std::string& path, const Error& error) {
  if (error.code != ErrorCode::kDamaged) return;
  const int fd = ::open((path + ".damaged").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
}

struct Opened {
  std::unique_ptr<history::HistoryDatabase> database;
  CommitMark mark;
};

Result<Opened> open_database(const std::string& path) {
  auto database = history::HistoryDatabase::open(path);
  if (!database.ok()) return database.error();
  Result<CommitMark> mark = database.value()->mark();
  if (!mark.ok()) return mark.error();
  return Opened{std::move(database.value()), mark.value()};
}

// The file as it is, or why it must be made anew.
Result<Opened> open_sound(const std::string& path, JournalReader& journal) {
  if (::access((path + ".damaged").c_str(), F_OK) == 0) {
    return Error{ErrorCode::kDamaged, path + " was found damaged"};
  }
  Result<Opened> opened = open_database(path);
  if (!opened.ok()) return opened;
  Result<bool> same = is_of_this_journal(opened.value().mark, journal);
  if (!same.ok()) return same.error();
  if (!same.value()) return Error{ErrorCode::kDamaged, path + " is of another journal"};
  return opened;
}

}  // namespace

Result<std::unique_ptr<History>> History::open(const std::string& dir, JournalReader& journal,
                                               Warn warn) {
  const std::string path = dir + "/history.db";
  Result<Opened> opened = open_sound(path, journal);
  if (!opened.ok()) {
    const ErrorCode code = opened.error().code;
    if (code != ErrorCode::kDamaged && code != ErrorCode::kUnsupported) return opened.error();
    if (warn) warn(Error{code, opened.error().message + "; it is made again from the journal"});
    DURU_TRY(delete_files(path));
    opened = open_database(path);
    if (!opened.ok()) return opened.error();
  }
  auto reader = Database::open(path);
  if (!reader.ok()) return reader.error();
  return std::unique_ptr<History>(new History(path, std::move(opened.value().database),
                                              std::move(reader.value()), opened.value().mark,
                                              std::move(warn)));
}

History::History(std::string path, std::unique_ptr<Database> writer,
                 std::unique_ptr<Database> reader, CommitMark reached, Warn warn)
    : path_(std::move(path)),
      reached_at_open_(reached),
      warn_(std::move(warn)),
      reader_(std::move(reader)),
      writer_(std::move(writer)),
      thread_([this] { run_writer(); }) {}

History::~History() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void History::on_fact(const State& after, const Message& fact, const FactContext& context) {
  fact_seq_ = context.seq;
  ledger_.apply(after, fact, context, *this);
  if (context.seq <= reached_at_open_.last_seq) return;
  ++open_.fact_count;
  if (const auto* event = fact.as<EventRecorded>()) {
    open_.events.push_back(
        {context.seq, event->node.str(), event->fleet.str(), event->event, context.now});
    return;
  }
  const auto* ended = fact.as<JobEnded>();
  if (ended == nullptr) return;
  const JobDetail detail = job_detail(after, after.jobs.at(ended->job), context.now);
  open_.add({detail.job.id, detail.job.project, detail.job.name, detail.job.state,
             to_json(detail.job), to_json(detail)});
}

void History::add(const Interval& closed) {
  if (fact_seq_ > reached_at_open_.last_seq) open_.intervals.push_back({fact_seq_, closed});
}

void History::add(const Charge& closed) {
  if (fact_seq_ > reached_at_open_.last_seq) open_.charges.push_back({fact_seq_, closed});
}

void History::on_commit(const State& /*after*/, const DurableCommit& commit) {
  const Commit& record = commit.record;
  if (record.last_seq() <= reached_at_open_.last_seq) return;
  open_.mark = mark_of(record.first_seq, record.last_seq(), record.term, record.now.value);
  std::unique_lock lock(mutex_);
  tail_.append(std::move(open_));
  open_ = Batch();
  if (is_worth_writing(tail_)) changed_.notify_all();
  changed_.wait(lock, [&] { return !is_full(tail_) || in_trouble_ || stopping_; });
}

void History::run_writer() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait_for(lock, kWriteEvery, [&] {
      return stopping_ || (!in_trouble_ && (flushing_ || is_worth_writing(tail_)));
    });
    const bool written = write_some(lock);
    if (stopping_ && (tail_.fact_count == 0 || !written)) return;
  }
}

bool History::write_some(std::unique_lock<std::mutex>& lock) {
  if (writing_ == nullptr && tail_.fact_count > 0) {
    writing_ = std::make_shared<const Batch>(std::move(tail_));
    tail_ = Batch();
  }
  bool written = true;
  if (writing_ != nullptr) {
    const std::shared_ptr<const Batch> batch = writing_;
    lock.unlock();
    const Status status = writer_->write(*batch);
    lock.lock();
    written = status.ok();
    if (written) {
      writing_.reset();
      in_trouble_ = false;
      trouble_.reset();
    } else {
      note_trouble(status.error());
    }
  }
  if (tail_.fact_count == 0 || !written) flushing_ = false;
  changed_.notify_all();
  return written;
}

// Nothing is lost: it stays in memory and in the journal. A damaged file is made anew by the next
// start.
void History::note_trouble(const Error& error) {
  if (!in_trouble_ && warn_) warn_(error);
  in_trouble_ = true;
  trouble_ = error;
  mark_damaged(path_, error);
}

Status History::flush() {
  std::unique_lock lock(mutex_);
  flushing_ = true;
  trouble_.reset();
  in_trouble_ = false;
  changed_.notify_all();
  changed_.wait(lock, [&] { return !flushing_; });
  return trouble_.has_value() ? Status(*trouble_) : ok_status();
}

// Readers look into memory first and into the file after that: what moves from one to the other
// meanwhile is seen twice, never missed.
template <class Function>
void History::for_each_in_memory(Function function) {
  const std::lock_guard lock(mutex_);
  if (writing_ != nullptr) function(*writing_);
  function(tail_);
}

template <class Function>
auto History::read_file(Function function) -> decltype(function(std::declval<Database&>())) {
  const std::lock_guard lock(reader_mutex_);
  auto read = function(*reader_);
  if (!read.ok()) mark_damaged(path_, read.error());
  return read;
}

Result<std::optional<HistoryJob>> History::job(const std::string& project, const std::string& id) {
  std::optional<HistoryJob> found;
  for_each_in_memory([&](const Batch& batch) {
    const auto it = batch.jobs.find(id);
    if (it != batch.jobs.end() && it->second.project == project) found = it->second;
  });
  if (found.has_value()) return found;
  return read_file([&](Database& file) { return file.job(project, id); });
}

Result<std::optional<HistoryJob>> History::newest_named(const std::string& project,
                                                        const std::string& name) {
  std::optional<HistoryJob> newest;
  for_each_in_memory(
      [&](const Batch& batch) { history::select_newest(batch, project, name, newest); });
  Result<std::optional<HistoryJob>> stored =
      read_file([&](Database& file) { return file.newest_named(project, name); });
  if (!stored.ok() || !newest.has_value()) return stored;
  if (stored.value().has_value() && stored.value()->id > newest->id) return stored;
  return newest;
}

Result<std::vector<HistoryJob>> History::jobs(const HistoryJobsQuery& query) {
  std::map<std::string, HistoryJob> found;
  for_each_in_memory([&](const Batch& batch) { history::select_jobs(batch, query, found); });
  DURU_TRY(read_file([&](Database& file) { return file.jobs(query, found); }));
  std::vector<HistoryJob> newest_first;
  for (auto it = found.rbegin(); it != found.rend() && newest_first.size() < query.limit; ++it) {
    newest_first.push_back(std::move(it->second));
  }
  return newest_first;
}

Result<std::vector<HistoryJob>> History::jobs_after(const std::string& project,
                                                    const std::string& id, std::size_t limit) {
  return read_file([&](Database& file) { return file.jobs_after(project, id, limit); });
}

Result<std::vector<HistoryEvent>> History::events(const HistoryEventsQuery& query) {
  std::map<std::int64_t, HistoryEvent> found;
  for_each_in_memory([&](const Batch& batch) { history::select_events(batch, query, found); });
  DURU_TRY(read_file([&](Database& file) { return file.events(query, found); }));
  std::vector<HistoryEvent> events;
  for (auto& [seq, event] : found) events.push_back(std::move(event));
  if (!query.oldest_first) std::reverse(events.begin(), events.end());
  if (events.size() > query.limit) events.resize(query.limit);
  return events;
}

Status History::account(std::int64_t seq_max, Timestamp from, Timestamp to, LedgerSink& sink) {
  Batch memory;
  for_each_in_memory([&](const Batch& batch) {
    memory.intervals.insert(memory.intervals.end(), batch.intervals.begin(), batch.intervals.end());
    memory.charges.insert(memory.charges.end(), batch.charges.begin(), batch.charges.end());
  });
  const Result<CommitMark> stored =
      read_file([&](Database& file) { return file.account(seq_max, from, to, sink); });
  if (!stored.ok()) return stored.error();
  const std::int64_t stored_seq = stored.value().last_seq;
  const auto counts = [&](std::int64_t seq) { return seq > stored_seq && seq <= seq_max; };
  for (const auto& [seq, interval] : memory.intervals) {
    if (counts(seq)) sink.add(interval);
  }
  for (const auto& [seq, charge] : memory.charges) {
    if (counts(seq)) sink.add(charge);
  }
  return ok_status();
}

Result<std::optional<Timestamp>> History::earliest() {
  std::optional<Timestamp> earliest;
  for_each_in_memory([&](const Batch& batch) {
    for (const auto& [seq, interval] : batch.intervals) {
      if (!earliest.has_value() || interval.from < *earliest) earliest = interval.from;
    }
  });
  Result<std::optional<Timestamp>> stored =
      read_file([](Database& file) { return file.earliest(); });
  if (!stored.ok() || !earliest.has_value()) return stored;
  if (stored.value().has_value() && *stored.value() < *earliest) return stored;
  return earliest;
}

}  // namespace duru
