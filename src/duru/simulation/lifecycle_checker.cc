#include <algorithm>

#include "duru/simulation/checker.h"

namespace duru {
namespace {

std::string text_of(JobState state) {
  for (const EnumName& entry : type_of<JobState>().enum_names) {
    if (entry.value == static_cast<std::int64_t>(state)) return std::string(entry.name);
  }
  return "?";
}

bool is_legal(JobState from, JobState to) {
  switch (from) {
    case JobState::kQueued:
      return to == JobState::kStarting || to == JobState::kCancelled;
    case JobState::kStarting:
      return to == JobState::kRunning || to == JobState::kEnding;
    case JobState::kRunning:
      return to == JobState::kEnding;
    case JobState::kEnding:
      return to == JobState::kQueued || is_final(to);
    default:
      return false;
  }
}

// Only legal moves; an end is final and says why; a job leaves only after its end, alone.
class LifecycleChecker : public Checker {
 public:
  std::string_view name() const override { return "lifecycle"; }

  void on_fact(const State& after, const Message& fact, const FactContext& context) override {
    if (const auto* ended = fact.as<JobEnded>()) {
      const JobRecord& job = after.jobs.at(ended->job);
      expect(is_final(ended->state), context, job.spec.name + " ended as not ended");
      expect((ended->state == JobState::kSucceeded) == ended->reason.empty(), context,
             job.spec.name + " ended without a reason, or succeeded with one");
      expect(!after.workloads.at(workload_of(ended->job)).attempt.has_value(), context,
             job.spec.name + " ended while an attempt lives");
    }
    for (const auto& [id, job] : after.jobs) move(id, job, context);
    for (auto it = states_.begin(); it != states_.end();) {
      if (after.jobs.count(it->first) > 0) {
        ++it;
        continue;
      }
      expect(is_final(it->second), context, "a job left before its end: " + it->first.str());
      it = states_.erase(it);
    }
    for (const auto& [id, waiting] : after.dependents) {
      expect(after.jobs.count(id) > 0 || waiting.empty(), context,
             "a job left that others wait for: " + id.str());
    }
  }

 private:
  void move(const JobId& id, const JobRecord& job, const FactContext& context) {
    const auto [it, is_new] = states_.emplace(id, job.state);
    if (is_new) {
      expect(job.state == JobState::kQueued, context, job.spec.name + " began as not queued");
      return;
    }
    if (it->second == job.state) return;
    expect(is_legal(it->second, job.state), context,
           job.spec.name + " went from " + text_of(it->second) + " to " + text_of(job.state));
    it->second = job.state;
  }

  std::map<JobId, JobState> states_;
};

}  // namespace

std::unique_ptr<Checker> make_lifecycle_checker() { return std::make_unique<LifecycleChecker>(); }

}  // namespace duru
