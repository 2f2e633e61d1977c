#include <algorithm>

#include "duru/core/lifecycle/ending.h"
#include "duru/core/lifecycle/lifecycle.h"

namespace duru {
namespace {

// Times from an engine are put in order: no earlier than the decision, no later than now.
Timestamp clamp(Timestamp reported, Timestamp earliest, Timestamp now) {
  return std::min(std::max(reported, earliest), now);
}

class TaskReport {
 public:
  TaskReport(Tx& tx, const TaskObserved& observation) : tx_(tx), seen_(observation) {}

  bool is_live() const {
    const WorkloadRecord* workload = tx_.state().workload(seen_.workload);
    return workload != nullptr && workload->attempt.has_value() &&
           workload->attempt->number == seen_.attempt && seen_.task >= 0 &&
           static_cast<std::size_t>(seen_.task) < workload->attempt->tasks.size();
  }

  void take_news() {
    if (seen_.started_at.has_value() && !task().started_at.has_value() && !task().end.has_value()) {
      tx_.emit(TaskStarted{seen_.workload, seen_.attempt, seen_.task,
                           clamp(*seen_.started_at, attempt().decided_at, tx_.now()),
                           is_about_outputs() ? "" : seen_.detail});
    }
    if (seen_.end.has_value() && !task().end.has_value()) take_end();
    if (seen_.released_at.has_value() && task().end.has_value() &&
        !task().released_at.has_value()) {
      tx_.emit(TaskReleased{seen_.workload, seen_.attempt, seen_.task,
                            clamp(*seen_.released_at, task().end->ended_at, tx_.now())});
    }
  }

  // Ends the attempt when nothing of it is left to wait for.
  void conclude() {
    const auto& tasks = attempt().tasks;
    if (!std::all_of(tasks.begin(), tasks.end(),
                     [](const TaskRunRecord& task) { return task.released_at.has_value(); })) {
      return keep_outputs();
    }
    AttemptEnded fact{seen_.workload, seen_.attempt, outcome(), {}, first_detail()};
    if (fact.outcome == AttemptOutcome::kSucceeded && !take_outputs(fact)) return;
    tx_.emit(std::move(fact));
    const WorkloadRecord& workload = tx_.state().workloads.at(seen_.workload);
    if (!workload.service.has_value()) return settle_job(tx_, JobId(workload.job));
    if (workload.service->ending) tx_.emit(ServiceRemoved{seen_.workload});
  }

 private:
  const AttemptRecord& attempt() const { return *tx_.state().workloads.at(seen_.workload).attempt; }
  const TaskRunRecord& task() const {
    return attempt().tasks[static_cast<std::size_t>(seen_.task)];
  }
  // Declared ones; a service has none.
  std::vector<std::string> outputs_declared() const {
    const JobRecord* job = tx_.state().job(tx_.state().workloads.at(seen_.workload).job);
    return job == nullptr ? std::vector<std::string>() : job->spec.outputs;
  }

  // What the detail says is of the task's start, or of outputs that could not be stored.
  bool is_about_outputs() const {
    return seen_.outputs_phase == OutputsPhase::kMissing ||
           seen_.outputs_phase == OutputsPhase::kFailed;
  }

  void take_end() {
    TaskEnd end = *seen_.end;
    const Timestamp earliest = task().started_at.value_or(attempt().decided_at);
    end.ended_at = clamp(end.ended_at, earliest, tx_.now());
    const bool success = end.cause == EndCause::kExited && end.exit_code == 0;
    tx_.emit(TaskEnded{seen_.workload, seen_.attempt, seen_.task, std::move(end)});
    if (!success && attempt().tasks.size() > 1) {
      stop_attempt(tx_, seen_.workload, StopCause::kTaskFailed);
    }
  }

  // Because of whom it ended: what stopped it from outside goes before what its tasks said.
  AttemptOutcome outcome() const {
    const StopCause stop = attempt().stop_cause;
    const auto any = [&](auto predicate) {
      return std::any_of(attempt().tasks.begin(), attempt().tasks.end(),
                         [&](const TaskRunRecord& task) { return predicate(*task.end); });
    };
    const bool all_succeeded = !any(
        [](const TaskEnd& end) { return end.cause != EndCause::kExited || end.exit_code != 0; });
    if (all_succeeded) return AttemptOutcome::kSucceeded;
    if (any([](const TaskEnd& end) { return end.cause == EndCause::kTimeLimit; })) {
      return AttemptOutcome::kTimeLimit;
    }
    if (stop != StopCause::kNone && stop != StopCause::kTaskFailed) return AttemptOutcome::kStopped;
    if (any([](const TaskEnd& end) {
          return end.cause == EndCause::kFailedToStart ||
                 (end.cause == EndCause::kExited && end.exit_code != 0);
        })) {
      return AttemptOutcome::kFailed;
    }
    return AttemptOutcome::kLost;
  }

  std::string first_detail() const {
    for (const TaskRunRecord& task : attempt().tasks) {
      if (task.end->cause != EndCause::kStopped && !task.end->detail.empty()) {
        return task.end->detail;
      }
    }
    return "";
  }

  // Task 0 is done with them, other tasks are not done: nobody will say it again.
  void keep_outputs() {
    const bool news = seen_.task == 0 && seen_.outputs_phase != OutputsPhase::kPending &&
                      task().released_at.has_value() &&
                      attempt().outputs_phase == OutputsPhase::kPending;
    if (!news || outputs_declared().empty()) return;
    tx_.emit(OutputsReported{seen_.workload, seen_.attempt, seen_.outputs_phase, seen_.outputs,
                             seen_.detail});
  }

  // False while they are still being stored.
  bool take_outputs(AttemptEnded& fact) const {
    if (outputs_declared().empty()) return true;
    if (attempt().outputs_phase != OutputsPhase::kPending) {
      return settle(fact, attempt().outputs_phase, attempt().outputs, attempt().outputs_detail);
    }
    return seen_.task == 0 && settle(fact, seen_.outputs_phase, seen_.outputs, seen_.detail);
  }

  bool settle(AttemptEnded& fact, OutputsPhase phase,
              const std::map<std::string, StoredOutput>& outputs, const std::string& detail) const {
    if (phase == OutputsPhase::kPending) return false;
    if (phase != OutputsPhase::kStored) {
      fact.outcome =
          phase == OutputsPhase::kMissing ? AttemptOutcome::kFailed : AttemptOutcome::kLost;
      fact.detail = detail;
      return true;
    }
    for (const std::string& name : outputs_declared()) {
      const auto stored = outputs.find(name);
      if (stored == outputs.end()) {
        fact.outcome = AttemptOutcome::kFailed;
        fact.detail = "the engine stored no output \"" + name + "\"";
        fact.outputs.clear();
        return true;
      }
      fact.outputs.insert(*stored);
    }
    return true;
  }

  Tx& tx_;
  const TaskObserved& seen_;
};

}  // namespace

void decide_task_observed(Tx& tx, const TaskObserved& observation) {
  TaskReport report(tx, observation);
  if (!report.is_live()) return;
  report.take_news();
  report.conclude();
}

}  // namespace duru
