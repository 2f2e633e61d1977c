// The answers of the last 24 hours by Idempotency-Key: derived from commits, so a replay after a
// crash gets the first answer too. Rejections are not remembered. Keys of one caller do not meet
// another's.
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

  void add(const Commit& commit);  // O(log n), and drops what is too old
  void add(RememberedAnswer answer);
  const RememberedAnswer* find(const std::string& principal, const std::string& key) const;
  std::vector<RememberedAnswer> all() const;  // oldest first

 private:
  using Key = std::pair<std::string, std::string>;
  std::map<Key, RememberedAnswer> answers_;
  std::deque<std::pair<Timestamp, Key>> by_age_;
};

}  // namespace duru
