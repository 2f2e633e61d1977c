// The head file: DIR/head, what was last acknowledged. SQLite drops everything behind a damaged
// frame of its write-ahead log without a word; the head is how a missing tail is noticed.
//
// Two slots of fixed size, 4096 bytes apart, are written in turn: a torn write spoils one and the
// other still says what was true before. A slot carries a turn number, a format version and a
// checksum; the whole slot with the higher turn counts. Writing does not sync: after kill -9 the
// head is exact, after a power cut it may be older than the journal, never newer.
//
//   Result<std::optional<Head>> head = load_head(path);        // empty: no such file
//   Result<HeadFile> file = HeadFile::open(path, head->value());
//   DURU_TRY(file.value().write({.last_seq = 7, .term = 2, .alive_ms = now, .chain = chain}));
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "duru/base/result.h"
#include "duru/base/sha256.h"
#include "duru/journal/durable_file.h"

namespace duru {

constexpr std::uint32_t kHeadVersion = 1;
constexpr std::int64_t kHeadSlotStride = 4096;
constexpr std::size_t kHeadSlotBytes = 88;

struct Head {
  std::int64_t last_seq = 0;
  std::int64_t term = 0;
  std::int64_t alive_ms = 0;
  Digest chain = {};
  std::uint64_t turn = 0;  // set by writing

  bool operator==(const Head&) const = default;
};

// kDamaged if neither slot is whole, kUnsupported for a version that this build does not know.
Result<std::optional<Head>> load_head(const std::string& path);

// Makes the file anew, or replaces it, with this head; durable when it returns.
Status create_head(const std::string& path, const Head& head);

class HeadFile {
 public:
  // The file must be there; `current` is what load_head gave.
  static Result<HeadFile> open(const std::string& path, const Head& current);

  Status write(Head head);
  // May run beside a write() from another thread.
  Status sync() const;
  const Head& current() const { return current_; }

 private:
  HeadFile(std::string path, durable::File file, const Head& current);

  std::string path_;
  durable::File file_;
  Head current_;
};

}  // namespace duru
