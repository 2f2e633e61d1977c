#include "duru/journal/memory_journal.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace duru {

MemoryJournal::MemoryJournal(Durability durability) : durability_(durability) {}

void MemoryJournal::set_listener(DurableListener durable, FailureListener failed) {
  const std::lock_guard lock(mutex_);
  durable_ = std::move(durable);
  failed_ = std::move(failed);
}

void MemoryJournal::append(Entry entry) {
  std::optional<Error> wrong;
  const std::int64_t last_seq = entry.last_seq();
  {
    const std::lock_guard lock(mutex_);
    if (error_) return;
    if (Status follows = check_follows(queued_tail_, entry); !follows.ok()) {
      wrong = follows.error();
    } else {
      queued_tail_ = Tail{last_seq, entry.term, entry.now_ms, Digest{}};
      held_.push_back(std::move(entry));
    }
  }
  if (wrong) return fail(*wrong);
  if (durability_ == Durability::kAtOnce) release(last_seq);
}

void MemoryJournal::release(std::int64_t seq) {
  DurableListener listener;
  std::int64_t durable_seq = 0;
  {
    const std::lock_guard lock(mutex_);
    const std::int64_t before = tail_.last_seq;
    while (!held_.empty() && held_.front().last_seq() <= seq) {
      tail_ = advance(tail_, held_.front());
      records_.push_back(Record{std::move(held_.front()), tail_.chain});
      held_.pop_front();
    }
    if (tail_.last_seq == before) return;
    durable_seq = tail_.last_seq;
    listener = durable_;
  }
  if (listener) listener(durable_seq);
}

void MemoryJournal::release_all() { release(std::numeric_limits<std::int64_t>::max()); }

std::int64_t MemoryJournal::queued_seq() const {
  const std::lock_guard lock(mutex_);
  return queued_tail_.last_seq;
}

void MemoryJournal::fail(const Error& error) {
  FailureListener listener;
  {
    const std::lock_guard lock(mutex_);
    if (error_) return;
    error_ = error;
    held_.clear();
    listener = failed_;
  }
  if (listener) listener(error);
}

Status MemoryJournal::flush() {
  const std::lock_guard lock(mutex_);
  if (error_) return *error_;
  if (!held_.empty()) {
    return Error{ErrorCode::kUnavailable, "entries are held in memory until they are released",
                 true};
  }
  return ok_status();
}

Status MemoryJournal::record_alive(std::int64_t alive_ms) {
  const std::lock_guard lock(mutex_);
  if (error_) return *error_;
  alive_ms_ = alive_ms;
  return ok_status();
}

Tail MemoryJournal::tail() const {
  const std::lock_guard lock(mutex_);
  return tail_;
}

std::int64_t MemoryJournal::alive_ms() const {
  const std::lock_guard lock(mutex_);
  return alive_ms_;
}

Status MemoryJournal::read(std::int64_t from_seq, const Visitor& visitor) {
  // One entry at a time: the visitor runs without the lock and may use the journal.
  for (std::int64_t next = from_seq;;) {
    Entry entry;
    {
      const std::lock_guard lock(mutex_);
      const auto found = std::lower_bound(
          records_.begin(), records_.end(), next,
          [](const Record& record, std::int64_t seq) { return record.entry.first_seq < seq; });
      if (found == records_.end()) return ok_status();
      entry = found->entry;
    }
    next = entry.first_seq + 1;
    DURU_TRY(visitor(entry));
  }
}

Result<Digest> MemoryJournal::chain_at(std::int64_t seq) {
  if (seq == 0) return Digest{};
  const std::lock_guard lock(mutex_);
  const auto found = std::lower_bound(
      records_.begin(), records_.end(), seq,
      [](const Record& record, std::int64_t wanted) { return record.entry.last_seq() < wanted; });
  if (found == records_.end() || found->entry.last_seq() != seq) {
    return Error{ErrorCode::kNotFound, "no entry ends at fact " + std::to_string(seq)};
  }
  return found->chain;
}

}  // namespace duru
