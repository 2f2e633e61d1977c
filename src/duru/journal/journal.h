// The journal: the durable, ordered record of every commit, and the only truth that Duru has.
//
// It stores opaque entries. The facts of an entry have the dense sequence numbers
// first_seq .. first_seq + fact_count - 1; the first fact of all is 1; terms and times never fall.
// Entries are chained by SHA-256 (entry.h), so that a changed, lost or swapped one is found.
//
// What it guarantees:
//  - append() queues and returns; entries become durable in the order of the calls, many at once.
//  - The listener hears a sequence number only after everything up to it is durable.
//  - A failure is final: the failure listener is called once, nothing later becomes durable, and
//    nothing is tried again. The process stops and recovers from what was stored.
//
//   journal->set_listener([&](std::int64_t seq) { loop.on_durable(seq); },
//                         [&](const Error& error) { loop.on_journal_failed(error); });
//   journal->append({.first_seq = journal->tail().last_seq + 1, .fact_count = 2, .term = 1,
//                    .now_ms = now, .cause_kind = 7, .body = bytes});
#pragma once

#include <cstdint>
#include <functional>

#include "duru/base/result.h"
#include "duru/base/sha256.h"
#include "duru/journal/entry.h"

namespace duru {

// What can be asked of a journal that somebody else may be writing.
class JournalReader {
 public:
  using Visitor = std::function<Status(const Entry&)>;

  virtual ~JournalReader() = default;

  // The end of what is durable.
  virtual Tail tail() const = 0;
  // The last time given to record_alive(); 0 if there was none.
  virtual std::int64_t alive_ms() const = 0;
  // Gives the visitor each durable entry with first_seq >= from_seq, in order, after checking its
  // chain, density and order; kDamaged names the first record that fails. An error of the visitor
  // ends the reading and is returned.
  virtual Status read(std::int64_t from_seq, const Visitor& visitor) = 0;
  // The chain value after the entry that ends at `seq`; zeros for 0; kNotFound if none ends there.
  virtual Result<Digest> chain_at(std::int64_t seq) = 0;
};

class Journal : public JournalReader {
 public:
  using DurableListener = std::function<void(std::int64_t last_durable_seq)>;
  using FailureListener = std::function<void(const Error&)>;

  // To be called before the first append. Both may be called from a thread of the journal's own;
  // neither may call flush().
  virtual void set_listener(DurableListener durable, FailureListener failed) = 0;
  // Never blocks on the disk. An entry that does not follow the one before it, or is of a lower
  // term, fails the journal. After a failure it does nothing.
  virtual void append(Entry entry) = 0;
  // Waits until all that was queued is durable and the listener was told; the failure, if it
  // failed.
  virtual Status flush() = 0;
  // Notes that the server was alive at this time. Not synced: a power cut may lose the last ones.
  virtual Status record_alive(std::int64_t alive_ms) = 0;
};

}  // namespace duru
