#include "duru/simulation/checker.h"

namespace duru {
namespace {

// After a cancel is durable (and so may be acknowledged) nothing of the job starts, it does not
// wait any more, and what runs of it is being stopped.
class CancelChecker : public Checker {
 public:
  std::string_view name() const override { return "cancel"; }

  void on_fact(const State& after, const Message& fact, const FactContext& context) override {
    if (const auto* cancelled = fact.as<JobCancelRequested>()) cancelled_.insert(cancelled->job);
    const auto* started = fact.as<AttemptStarted>();
    if (started == nullptr) return;
    const JobId& job = after.workloads.at(started->workload).job;
    expect(cancelled_.count(job) == 0, context, "a cancelled job started: " + job.str());
  }

  void on_commit(const State& after, const DurableCommit& commit) override {
    for (const auto& [id, job] : after.jobs) {
      if (!job.cancel_requested || is_final(job.state)) continue;
      const auto& attempt = after.workloads.at(workload_of(id)).attempt;
      expect(attempt.has_value() && attempt->stop_cause != StopCause::kNone, context_of(commit),
             job.spec.name + " is cancelled and neither ended nor being stopped");
    }
  }

 private:
  std::set<JobId> cancelled_;
};

}  // namespace

std::unique_ptr<Checker> make_cancel_checker() { return std::make_unique<CancelChecker>(); }

}  // namespace duru
