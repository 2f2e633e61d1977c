#include <algorithm>

#include "duru/simulation/checker.h"

namespace duru {
namespace {

// All tasks of a workload or none: an attempt has one allocation a task, each as the job asked, and
// once one task failed the others are being stopped.
class GangChecker : public Checker {
 public:
  std::string_view name() const override { return "gang"; }

  void on_fact(const State& after, const Message& fact, const FactContext& context) override {
    const auto* started = fact.as<AttemptStarted>();
    if (started == nullptr || after.workloads.at(started->workload).service.has_value()) return;
    const JobRecord& job = after.jobs.at(after.workloads.at(started->workload).job);
    const std::string who = "attempt of " + job.spec.name;
    expect(static_cast<std::int32_t>(started->allocations.size()) == *job.spec.tasks, context,
           who + " has not one allocation a task");
    const RequestKey key = requests_of(job.spec);
    const auto request = std::find_if(
        key.begin(), key.end(), [&](const Request& r) { return r.variant == started->variant; });
    expect(request != key.end(), context, who + " runs by a way that was not asked");
    if (request == key.end()) return;
    for (const Allocation& held : started->allocations) {
      expect(static_cast<std::int64_t>(held.devices.size()) == (request->amount.value + 999) / 1000,
             context, who + " holds another number of accelerators than it asked");
      expect(held.cpu == *job.spec.cpu && held.memory == job.spec.memory, context,
             who + " holds other cpu or memory than it asked");
      expect(held.chip == started->allocations[0].chip, context, who + " mixes chips");
    }
  }

  void on_commit(const State& after, const DurableCommit& commit) override {
    for (const auto& [id, workload] : after.workloads) {
      if (!workload.attempt.has_value() || workload.attempt->tasks.size() < 2) continue;
      const bool failed =
          std::any_of(workload.attempt->tasks.begin(), workload.attempt->tasks.end(),
                      [](const TaskRunRecord& task) {
                        return task.end.has_value() &&
                               (task.end->cause != EndCause::kExited || task.end->exit_code != 0);
                      });
      expect(!failed || workload.attempt->stop_cause != StopCause::kNone, context_of(commit),
             "a task of " + id.str() + " failed and the others go on");
    }
  }
};

}  // namespace

std::unique_ptr<Checker> make_gang_checker() { return std::make_unique<GangChecker>(); }

}  // namespace duru
