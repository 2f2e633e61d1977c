#include "duru/journal/entry.h"

#include <fmt/core.h>

#include <limits>

#include "duru/journal/fixed_bytes.h"

namespace duru {
namespace {

Error invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

// The bytes before the body: hashed apart from it, so that a large body is not copied.
std::string canonical_prefix(const Entry& entry) {
  std::string bytes;
  bytes.reserve(40);
  put_fixed(bytes, entry.first_seq);
  put_fixed(bytes, entry.fact_count);
  put_fixed(bytes, entry.term);
  put_fixed(bytes, entry.now_ms);
  put_fixed(bytes, entry.cause_kind);
  put_fixed(bytes, static_cast<std::uint64_t>(entry.body.size()));
  return bytes;
}

}  // namespace

std::string canonical_bytes(const Entry& entry) { return canonical_prefix(entry) + entry.body; }

Digest chain_entry(const Digest& previous, const Entry& entry) {
  Sha256 hash;
  hash.update(previous.raw());
  hash.update(canonical_prefix(entry));
  hash.update(entry.body);
  return hash.finish();
}

Status check_follows(const Tail& tail, const Entry& entry) {
  if (entry.fact_count < 1 ||
      entry.first_seq > std::numeric_limits<std::int64_t>::max() - entry.fact_count) {
    return invalid(fmt::format("record {} claims {} facts", entry.first_seq, entry.fact_count));
  }
  if (entry.first_seq != tail.last_seq + 1) {
    return invalid(
        fmt::format("record {} stands where record {} is due", entry.first_seq, tail.last_seq + 1));
  }
  if (entry.term < tail.term) {
    return Error{ErrorCode::kConflict,
                 fmt::format("another server has taken over: {} is of term {}, the journal is in "
                             "term {}",
                             describe_record(entry), entry.term, tail.term)};
  }
  if (entry.now_ms < tail.now_ms) {
    return invalid(fmt::format("{}: its time {} ms is before {} ms, the time of the record before",
                               describe_record(entry), entry.now_ms, tail.now_ms));
  }
  if (static_cast<std::int64_t>(entry.body.size()) > kEntryBodyBytesMax) {
    return invalid(fmt::format("{}: a body of {} bytes is over the limit of {}",
                               describe_record(entry), entry.body.size(), kEntryBodyBytesMax));
  }
  return ok_status();
}

Tail advance(const Tail& tail, const Entry& entry) {
  return Tail{entry.last_seq(), entry.term, entry.now_ms, chain_entry(tail.chain, entry)};
}

std::string describe_facts(std::int64_t first_seq, std::int64_t last_seq) {
  return first_seq == last_seq ? fmt::format("fact {}", first_seq)
                               : fmt::format("facts {}-{}", first_seq, last_seq);
}

std::string describe_record(const Entry& entry) {
  return fmt::format("record {} ({})", entry.first_seq,
                     describe_facts(entry.first_seq, entry.last_seq()));
}

}  // namespace duru
