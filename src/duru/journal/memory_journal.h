// A journal in memory, for the simulator and for tests: durable at once, or held until released, so
// that a test can show what does *not* happen before a commit is durable.
//
// It may be used from one thread: when not held, the listener is called inside append(); else
// inside release(). It may also be used from several; the listener is never called under a lock.
//
//   MemoryJournal journal(MemoryJournal::Durability::kHeld);
//   journal.append(entry);                    // nobody hears of it
//   journal.release(entry.last_seq());        // now the listener does
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "duru/journal/journal.h"

namespace duru {

class MemoryJournal : public Journal {
 public:
  enum class Durability { kAtOnce, kHeld };

  explicit MemoryJournal(Durability durability = Durability::kAtOnce);

  void set_listener(DurableListener durable, FailureListener failed) override;
  void append(Entry entry) override;
  // Held entries are waited for by nobody: kUnavailable while there are any.
  Status flush() override;
  Status record_alive(std::int64_t alive_ms) override;
  Tail tail() const override;
  std::int64_t alive_ms() const override;
  Status read(std::int64_t from_seq, const Visitor& visitor) override;
  Result<Digest> chain_at(std::int64_t seq) override;

  // Makes durable what is queued up to `seq`, whole entries only, and tells the listener.
  void release(std::int64_t seq);
  void release_all();
  // The last sequence number that was queued, durable or not.
  std::int64_t queued_seq() const;
  // Fails the journal as a disk would: what is held is lost, the failure listener is told.
  void fail(const Error& error);

 private:
  struct Record {
    Entry entry;
    Digest chain;
  };

  const Durability durability_;
  mutable std::mutex mutex_;
  DurableListener durable_;
  FailureListener failed_;
  std::vector<Record> records_;
  std::deque<Entry> held_;
  Tail tail_;         // of what is durable
  Tail queued_tail_;  // of what was queued; its chain is not kept
  std::int64_t alive_ms_ = 0;
  std::optional<Error> error_;
};

}  // namespace duru
