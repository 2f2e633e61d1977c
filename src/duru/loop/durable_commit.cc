#include "duru/loop/durable_commit.h"

#include "duru/base/wire.h"

namespace duru {

Entry to_entry(const Commit& commit) {
  Entry entry;
  entry.first_seq = commit.first_seq;
  entry.fact_count = static_cast<std::int32_t>(commit.facts.size());
  entry.term = commit.term;
  entry.now_ms = commit.now.value;
  entry.cause_kind = static_cast<std::uint32_t>(commit.cause.kind);
  entry.body = encode(commit);
  return entry;
}

Result<DurableCommit> from_entry(const Entry& entry) {
  const std::string where = "fact " + std::to_string(entry.first_seq) + ": ";
  Result<Commit> commit = decode<Commit>(entry.body);
  if (!commit.ok()) {
    return Error{ErrorCode::kDamaged, where + commit.error().message, false, false};
  }
  DurableCommit out{std::move(commit.value()), {}};
  const bool agrees = out.record.first_seq == entry.first_seq &&
                      out.record.facts.size() == static_cast<std::size_t>(entry.fact_count) &&
                      out.record.term == entry.term && out.record.now.value == entry.now_ms;
  if (!agrees) {
    return Error{ErrorCode::kDamaged, where + "the commit disagrees with its row", false, false};
  }
  for (const StoredMessage& stored : out.record.facts) {
    Result<Message> fact = load(Family::kFact, stored);
    if (!fact.ok()) {
      return Error{fact.error().code, where + fact.error().message, false, false};
    }
    out.facts.push_back(std::move(fact.value()));
  }
  return out;
}

}  // namespace duru
