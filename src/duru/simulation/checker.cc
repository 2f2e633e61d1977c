#include "duru/simulation/checker.h"

namespace duru {

std::vector<std::unique_ptr<Checker>> all_checkers() {
  std::vector<std::unique_ptr<Checker>> checkers;
  checkers.push_back(make_capacity_checker());
  checkers.push_back(make_gang_checker());
  checkers.push_back(make_lifecycle_checker());
  checkers.push_back(make_attempt_checker());
  checkers.push_back(make_cancel_checker());
  checkers.push_back(make_ledger_checker());
  checkers.push_back(make_queue_checker());
  checkers.push_back(make_journal_checker());
  checkers.push_back(make_restore_checker());
  checkers.push_back(make_wave_checker());
  checkers.push_back(make_event_checker());
  return checkers;
}

void Inspector::on_fact(const State& after, const Message& fact, const FactContext& context) {
  if (context.seq <= fact_seq_) return;
  fact_seq_ = context.seq;
  for (Projection* projection : beside_) projection->on_fact(after, fact, context);
  for (const auto& checker : checkers_) checker->on_fact(after, fact, context);
}

void Inspector::on_commit(const State& after, const DurableCommit& commit) {
  if (commit.record.last_seq() <= commit_seq_) return;
  commit_seq_ = commit.record.last_seq();
  for (Projection* projection : beside_) projection->on_commit(after, commit);
  for (const auto& checker : checkers_) checker->on_commit(after, commit);
}

std::vector<std::string> Inspector::violations() const {
  std::vector<std::string> all;
  for (const auto& checker : checkers_) {
    all.insert(all.end(), checker->violations().begin(), checker->violations().end());
  }
  return all;
}

}  // namespace duru
