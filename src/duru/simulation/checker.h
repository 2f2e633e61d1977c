// Checkers: what must hold after every fact (RELIABILITY's invariants), each a class of its own
// that watches the durable facts of one installation over its whole life, restarts included.
//
//   Inspector inspector(all_checkers());
//   View view(core, {}, {&inspector});
//   …
//   for (const std::string& violation : inspector.violations()) …
#pragma once

#include <memory>

#include "duru/loop/view.h"

namespace duru {

class Checker {
 public:
  virtual ~Checker() = default;
  virtual std::string_view name() const = 0;
  virtual void on_fact(const State& after, const Message& fact, const FactContext& context) = 0;
  // The commit is applied whole: what needs to hold only then.
  virtual void on_commit(const State& /*after*/, const DurableCommit& /*commit*/) {}

  const std::vector<std::string>& violations() const { return violations_; }

 protected:
  void expect(bool holds, const FactContext& context, const std::string& what) {
    if (!holds && violations_.size() < kViolationsMax) {
      violations_.push_back(std::string(name()) + ", fact " + std::to_string(context.seq) + ": " +
                            what);
    }
  }
  static FactContext context_of(const DurableCommit& commit) {
    return {commit.record.last_seq(), commit.record.term, commit.record.now};
  }

 private:
  static constexpr std::size_t kViolationsMax = 20;
  std::vector<std::string> violations_;
};

std::unique_ptr<Checker> make_capacity_checker();
std::unique_ptr<Checker> make_gang_checker();
std::unique_ptr<Checker> make_lifecycle_checker();
std::unique_ptr<Checker> make_attempt_checker();
std::unique_ptr<Checker> make_cancel_checker();
std::unique_ptr<Checker> make_ledger_checker();
std::unique_ptr<Checker> make_queue_checker();
std::unique_ptr<Checker> make_journal_checker();
std::unique_ptr<Checker> make_restore_checker();  // a state from its own snapshot is the same
std::unique_ptr<Checker> make_wave_checker();
std::unique_ptr<Checker> make_event_checker();
std::vector<std::unique_ptr<Checker>> all_checkers();

// Feeds the checkers, and other projections beside them, each fact once: a view that replays the
// journal after a restart shows old facts again.
class Inspector : public Projection {
 public:
  Inspector(std::vector<std::unique_ptr<Checker>> checkers, std::vector<Projection*> beside)
      : checkers_(std::move(checkers)), beside_(std::move(beside)) {}

  void on_fact(const State& after, const Message& fact, const FactContext& context) override;
  void on_commit(const State& after, const DurableCommit& commit) override;
  std::vector<std::string> violations() const;

 private:
  std::vector<std::unique_ptr<Checker>> checkers_;
  std::vector<Projection*> beside_;
  std::int64_t fact_seq_ = 0;
  std::int64_t commit_seq_ = 0;
};

}  // namespace duru
