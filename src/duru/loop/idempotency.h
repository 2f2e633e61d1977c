// The answers of the last 24 hours by Idempotency-Key, the newest 64 MiB of them at most: derived
// from commits, so a replay after a crash gets the first answer too. Rejections are not remembered.
// Keys of one caller do not meet another's.
#pragma once

#include <deque>
#include <map>

#include "duru/domain/commit.h"

namespace duru {

struct RememberedAnswer {
  std::string principal;
  std::string key;
  Digest request_digest;
  std::string answer;
  std::int64_t last_seq = 0;
  Timestamp at;
};
DURU_DECLARE_RECORD(RememberedAnswer)

class IdempotencyIndex {
 public:
  static constexpr Milliseconds kRetention = hours(24);
  static constexpr std::size_t kBytesMax = std::size_t{64} << 20;

  void add(const Commit& commit);  // O(log n), and drops what is too old
  void add(RememberedAnswer answer);
  const RememberedAnswer* find(const std::string& principal, const std::string& key) const;
  std::vector<RememberedAnswer> all() const;  // oldest first

 private:
  using Key = std::pair<std::string, std::string>;
  void drop_oldest();

  std::map<Key, RememberedAnswer> answers_;
  std::size_t bytes_ = 0;  // of the answers
  std::deque<std::pair<Timestamp, Key>> by_age_;
};

}  // namespace duru
