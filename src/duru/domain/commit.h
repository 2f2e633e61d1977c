// A commit: the facts that become durable together, and why. It is the body of a journal entry;
// docs/journal.md gives the format.
#pragma once

#include "duru/domain/message.h"

namespace duru {

struct Commit {
  std::int64_t first_seq = 0;  // of facts[0]; the facts are numbered densely
  std::int64_t term = 0;
  Timestamp now;
  std::int32_t cause_family = 0;  // Family of the cause
  StoredMessage cause;            // the accepted command, the observation or the tick
  std::vector<StoredMessage> facts;
  std::string principal;
  std::string idempotency_key;
  Digest request_digest;
  std::string answer;  // what the caller was told (JSON), for a replay of the key

  std::int64_t last_seq() const { return first_seq + static_cast<std::int64_t>(facts.size()) - 1; }
};
DURU_DECLARE_RECORD(Commit)

}  // namespace duru
