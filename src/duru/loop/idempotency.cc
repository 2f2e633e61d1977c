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
  bytes_ += answer.answer.size();
  while (!by_age_.empty() && (by_age_.front().first + kRetention < now || bytes_ > kBytesMax)) {
    drop_oldest();
  }
  Key key{answer.principal, answer.key};
  by_age_.emplace_back(now, key);
  RememberedAnswer& kept = answers_[std::move(key)];
  bytes_ -= kept.answer.size();
  kept = std::move(answer);
}

void IdempotencyIndex::drop_oldest() {
  const auto it = answers_.find(by_age_.front().second);
  if (it != answers_.end()) {
    bytes_ -= it->second.answer.size();
    answers_.erase(it);
  }
  by_age_.pop_front();
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
