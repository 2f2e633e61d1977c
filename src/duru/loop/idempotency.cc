#include "duru/loop/idempotency.h"

#include "duru/base/record_macros.h"

namespace duru {

DURU_RECORD(RememberedAnswer, (1, principal), (2, key), (3, request_digest), (4, answer),
            (5, last_seq), (6, at))

void IdempotencyIndex::add(const Commit& commit) {
  if (commit.idempotency_key.empty()) return;
  add(RememberedAnswer{commit.principal, commit.idempotency_key, commit.request_digest,
                       commit.answer, commit.last_seq(), commit.now});
}

void IdempotencyIndex::add(RememberedAnswer answer) {
  const Timestamp now = answer.at;
  while (!by_age_.empty() && by_age_.front().first + kRetention < now) {
    answers_.erase(by_age_.front().second);
    by_age_.pop_front();
  }
  Key key{answer.principal, answer.key};
  by_age_.emplace_back(now, key);
  answers_[std::move(key)] = std::move(answer);
}

const RememberedAnswer* IdempotencyIndex::find(const std::string& principal,
                                               const std::string& key) const {
  const auto it = answers_.find({principal, key});
  return it == answers_.end() ? nullptr : &it->second;
}

std::vector<RememberedAnswer> IdempotencyIndex::all() const {
  std::vector<RememberedAnswer> out;
  for (const auto& [at, key] : by_age_) {
    const auto it = answers_.find(key);
    if (it != answers_.end()) out.push_back(it->second);
  }
  return out;
}

}  // namespace duru
