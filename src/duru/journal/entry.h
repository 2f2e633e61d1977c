// An entry of the journal, the end of a journal, and the rules that tie one entry to the next.
//
// chain_n = SHA-256(chain_{n-1} || canonical bytes of entry n), starting from 32 zero bytes;
// docs/journal.md spells the bytes out.
//
//   Tail tail;                                   // an empty journal
//   DURU_TRY(check_follows(tail, entry));        // dense, ordered, not of a lower term
//   tail = advance(tail, entry);                 // last_seq, term, time and chain of the new end
#pragma once

#include <cstdint>
#include <string>

#include "duru/base/result.h"
#include "duru/base/sha256.h"

namespace duru {

// Larger bodies are refused by append, and taken for damage when read.
constexpr std::int64_t kEntryBodyBytesMax = std::int64_t{256} << 20;

struct Entry {
  std::int64_t first_seq = 0;    // the sequence number of its first fact, from 1
  std::int32_t fact_count = 0;   // 1 or more
  std::int64_t term = 0;         // which start of a server wrote it; never falls
  std::int64_t now_ms = 0;       // Duru's clock; never falls
  std::uint32_t cause_kind = 0;  // what the loop makes of it
  std::string body = {};         // bytes of the loop's

  // Wraps instead of overflowing: it is also asked of damaged entries.
  std::int64_t last_seq() const {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(first_seq) +
                                     static_cast<std::uint64_t>(fact_count) - 1);
  }
  bool operator==(const Entry&) const = default;
};

struct Tail {
  std::int64_t last_seq = 0;  // 0: nothing was ever written
  std::int64_t term = 0;
  std::int64_t now_ms = 0;
  Digest chain = {};

  bool operator==(const Tail&) const = default;
};

std::string canonical_bytes(const Entry& entry);
Digest chain_entry(const Digest& previous, const Entry& entry);

// Whether the entry may stand right after the tail: kInvalid says what is wrong, and with a lower
// term that another server has taken over (kConflict).
Status check_follows(const Tail& tail, const Entry& entry);

// The tail after the entry, which follows.
Tail advance(const Tail& tail, const Entry& entry);

// "record 5 (facts 5-7)": how messages name an entry.
std::string describe_record(const Entry& entry);
// "fact 5" or "facts 5-7".
std::string describe_facts(std::int64_t first_seq, std::int64_t last_seq);

}  // namespace duru
