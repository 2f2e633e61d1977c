#include "duru/simulation/checker.h"

namespace duru {
namespace {

// At most one live attempt a workload, attempts count up, every start has its decision, and each
// task of an attempt starts, ends and is released once, in this order of their times.
class AttemptChecker : public Checker {
 public:
  std::string_view name() const override { return "attempt"; }

  void on_fact(const State&, const Message& fact, const FactContext& context) override {
    if (const auto* started = fact.as<AttemptStarted>()) {
      begin(*started, context);
    } else if (const auto* task_started = fact.as<TaskStarted>()) {
      if (Task* task =
              find(task_started->workload, task_started->attempt, task_started->task, context)) {
        expect(!task->started_at && !task->ended_at, context, "a task started twice");
        expect(task_started->started_at >= decided_at_[task_started->workload], context,
               "a task started before its decision");
        task->started_at = task_started->started_at;
      }
    } else if (const auto* ended = fact.as<TaskEnded>()) {
      if (Task* task = find(ended->workload, ended->attempt, ended->task, context)) {
        expect(!task->ended_at, context, "a task ended twice");
        expect(!task->started_at || ended->end.ended_at >= *task->started_at, context,
               "a task ended before its start");
        expect(ended->end.ended_at <= context.now, context, "a task ended in the future");
        task->ended_at = ended->end.ended_at;
      }
    } else if (const auto* released = fact.as<TaskReleased>()) {
      if (Task* task = find(released->workload, released->attempt, released->task, context)) {
        expect(task->ended_at && !task->released && released->released_at >= *task->ended_at,
               context, "a task was released twice, or before its end");
        task->released = true;
      }
    } else if (const auto* attempt = fact.as<AttemptEnded>()) {
      end(*attempt, context);
    }
  }

 private:
  struct Task {
    std::optional<Timestamp> started_at;
    std::optional<Timestamp> ended_at;
    bool released = false;
  };

  void begin(const AttemptStarted& fact, const FactContext& context) {
    expect(live_.count(fact.workload) == 0, context,
           "two attempts of " + fact.workload.str() + " live");
    expect(fact.attempt == ++count_[fact.workload], context,
           "attempts of " + fact.workload.str() + " do not count up");
    live_[fact.workload] = std::vector<Task>(fact.allocations.size());
    decided_at_[fact.workload] = context.now;
  }

  Task* find(const WorkloadId& workload, std::int32_t attempt, std::int32_t task,
             const FactContext& context) {
    const auto live = live_.find(workload);
    const bool known = live != live_.end() && attempt == count_[workload] && task >= 0 &&
                       static_cast<std::size_t>(task) < live->second.size();
    expect(known, context, "a fact of a task that does not live: " + workload.str());
    return known ? &live->second[static_cast<std::size_t>(task)] : nullptr;
  }

  void end(const AttemptEnded& fact, const FactContext& context) {
    const auto live = live_.find(fact.workload);
    expect(live != live_.end() && fact.attempt == count_[fact.workload], context,
           "an attempt ended that did not live: " + fact.workload.str());
    if (live == live_.end()) return;
    for (const Task& task : live->second) {
      expect(task.released, context, "an attempt ended before its tasks: " + fact.workload.str());
    }
    live_.erase(live);
  }

  std::map<WorkloadId, std::int32_t> count_;
  std::map<WorkloadId, std::vector<Task>> live_;
  std::map<WorkloadId, Timestamp> decided_at_;
};

}  // namespace

std::unique_ptr<Checker> make_attempt_checker() { return std::make_unique<AttemptChecker>(); }

}  // namespace duru
