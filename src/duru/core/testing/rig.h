// Rig: a state with a clock that the test sets. It decides inputs, numbers and applies their facts,
// and asks after every one of them whether all that must hold does: invariants.h, legal moves, the
// ledger's balance.
//
//   Rig rig({node("a", kH100, 4)});
//   const JobId id = rig.submit(gpu_job("train"));
//   rig.start(id);                               // the engine says: it runs
//   rig.advance(minutes(5));
//   rig.finish(id, 0);                           // exited with 0, tree empty, outputs stored
//   EXPECT_EQ(rig.job(id).state, JobState::kSucceeded);
//   EXPECT_EQ(rig.problems(), "");
#pragma once

#include "duru/core/ledger/usage.h"
#include "duru/core/testing/fleets.h"

namespace duru::testing {

class Rig : public FactSink, public LedgerSink {
 public:
  static constexpr Timestamp kStart = Timestamp(1'800'000'000'000);

  // The server starts at kStart; then the fleet is defined, if it has nodes.
  explicit Rig(const std::vector<Node>& nodes = {});

  // --- time ---
  void advance(Milliseconds by) { now_ = now_ + by; }
  void set_now(Timestamp now) { now_ = now; }

  // --- inputs ---
  // Decides; the facts of it are in facts() until the next call. A rejection that changed anything
  // is a problem.
  Outcome apply(const Message& input);
  void tick() { apply(Tick{}); }
  // Ticks at every deadline up to then, as a server would.
  void run_until(Timestamp then);
  void fleet(const std::vector<Node>& nodes);
  // The server was last alive at `alive_at` and starts now.
  void restart(Timestamp alive_at);

  JobId next_id();
  Outcome submit_all(std::vector<JobSpec> specs);
  // The id, empty when it was rejected, which is a problem.
  JobId submit(const JobSpec& spec);
  // The rejection, empty when it was accepted.
  Rejection rejection(const Message& input);
  Rejection rejection(const JobSpec& spec);
  SubmitJobs command(std::vector<JobSpec> specs);

  // --- what an engine reports of the live attempt ---
  TaskObserved report(const JobId& id, std::int32_t task = 0) const;  // nothing known yet
  TaskEnd exited(std::int32_t code) const;
  TaskEnd ended(EndCause cause) const;
  void start(const JobId& id);  // every task runs now
  void end(const JobId& id, const TaskEnd& end, std::int32_t task = 0);
  void release(const JobId& id, std::int32_t task = 0);
  // Every task ended so, its tree is empty, and the declared outputs are stored.
  void finish(const JobId& id, const TaskEnd& end);
  void finish(const JobId& id, std::int32_t exit_code) { finish(id, exited(exit_code)); }

  // --- what came of it ---
  const State& state() const { return state_; }
  const JobRecord& job(const JobId& id) const { return state_.jobs.at(id); }
  const std::optional<AttemptRecord>& attempt(const JobId& id) const;
  const std::vector<Message>& facts() const { return facts_; }
  std::string fact_names() const;  // of facts(), with spaces between
  std::string fact_texts() const;  // a line each
  template <class T>
  const T* fact() const {
    for (const Message& fact : facts_) {
      if (const T* body = fact.as<T>()) return body;
    }
    return nullptr;
  }

  // --- the ledger ---
  const std::vector<Interval>& intervals() const { return intervals_; }
  const std::vector<Charge>& charges() const { return charges_; }
  const Ledger& ledger() const { return ledger_; }
  Usage usage(Timestamp from, Timestamp to) const;

  // All that ever failed to hold, a line each; "" when nothing did.
  const std::string& problems() const { return problems_; }

  void emit(Message fact) override;
  Timestamp now() const override { return now_; }
  std::size_t fact_count() const override { return facts_.size(); }
  void add(const Interval& closed) override;
  void add(const Charge& closed) override;

 private:
  void problem(const std::string& what);
  void check_moves(const Message& fact);
  void check_ledger();

  State state_;
  Ledger ledger_;
  Timestamp now_ = kStart;
  Timestamp decided_at_;
  std::vector<Message> facts_;
  std::vector<Interval> intervals_;
  std::vector<Charge> charges_;
  std::map<AcceleratorId, Timestamp> known_since_;  // of every accelerator in the fleet
  std::map<AcceleratorId, Timestamp> closed_until_;
  Wide charged_ms_ = 0;  // accelerators × ms of the closed charges
  Wide used_ms_ = 0;     // of the closed intervals in class used
  std::map<JobId, JobState> last_states_;
  std::int64_t ids_drawn_ = 0;
  std::string problems_;
};

}  // namespace duru::testing
