// Snapshots: DIR/snapshots/SEQ.snap, the state after fact SEQ as somebody else encodes it. A
// snapshot is a cache and never the truth: one that is damaged, of another version, newer than the
// journal or not of this journal's chain is passed over, and everything is replayed.
//
//   DURU_TRY(write_snapshot(dir, {.version = kStateVersion, .seq = seq, .chain = chain}, body));
//   Result<std::optional<Snapshot>> newest = newest_snapshot(dir, kStateVersion, *journal);
//   // empty: replay from 1; else restore newest->body and replay from newest->seq + 1
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "duru/journal/journal.h"

namespace duru {

struct SnapshotKey {
  std::uint32_t version = 0;  // of the body's encoding; the caller's
  std::int64_t seq = 0;       // the last fact in it: the end of an entry
  Digest chain;               // the journal's chain there
};

struct Snapshot {
  std::int64_t seq = 0;
  Digest chain;
  std::string body;
};

// Durable when it returns. Keeps the one before as well and removes the rest: older ones, and any
// with a higher number, which a journal that is shorter than they are can no longer use.
Status write_snapshot(const std::string& dir, const SnapshotKey& key, std::string_view body);

// The newest that may be used, of those up to fact `seq_max`. An error only if the journal or the
// folder cannot be read.
Result<std::optional<Snapshot>> newest_snapshot(
    const std::string& dir, std::uint32_t version, JournalReader& journal,
    std::int64_t seq_max = std::numeric_limits<std::int64_t>::max());

}  // namespace duru
