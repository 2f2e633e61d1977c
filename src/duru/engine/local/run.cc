#include "duru/engine/local/run.h"

#include <algorithm>
#include <cerrno>

namespace duru::local {
namespace {

using supervisor::ExitReason;
using supervisor::ExitRecord;
using supervisor::Moment;

Timestamp time_of(const Moment& moment, const Clock& clock) {
  if (moment.boot_id == supervisor::boot_id()) return clock.at_boottime(moment.boottime.value);
  return std::min(moment.wall, clock.now());
}

// Whether the machine, and not the job, kept the command from starting.
bool is_infrastructure(int error_number) {
  switch (error_number) {
    case EAGAIN:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EIO:
    case ENOSPC:
    case EEXIST:
      return true;
    default:
      return false;
  }
}

TaskEnd end_of(const ExitRecord& exit, const Clock& clock) {
  TaskEnd end;
  switch (exit.reason) {
    case ExitReason::kExited:
      end.cause = EndCause::kExited;
      break;
    case ExitReason::kTimeLimit:
      end.cause = EndCause::kTimeLimit;
      break;
    case ExitReason::kStopped:
      end.cause = EndCause::kStopped;
      break;
    case ExitReason::kFailedToStart:
      end.cause = is_infrastructure(exit.error_number) ? EndCause::kLost : EndCause::kFailedToStart;
      break;
  }
  if (exit.exit_code >= 0) end.exit_code = exit.exit_code;
  if (exit.signal > 0) end.signal = exit.signal;
  end.ended_at = time_of(exit.at, clock);
  end.detail = exit.out_of_memory ? "killed: it went over its memory" : exit.message;
  return end;
}

// Released without an exit: it never ran, or its end was lost.
TaskEnd end_without_exit(const Run& run, Timestamp at) {
  TaskEnd end;
  end.ended_at = at;
  if (run.refusal && !run.state.supervisor) {
    end.cause = run.refusal->cause;
    end.detail = run.refusal->detail;
  } else if (!run.state.supervisor && run.state.stop_requested) {
    end.cause = EndCause::kStopped;
  } else {
    end.cause = EndCause::kLost;
    end.detail = run.state.damage.empty() ? "its supervisor was lost" : run.state.damage;
  }
  return end;
}

}  // namespace

bool Run::succeeded() const {
  return state.exit && state.exit->reason == ExitReason::kExited && state.exit->exit_code == 0;
}

bool Run::wants_outputs_stored() const {
  return state.released && succeeded() && !outputs && launch && !launch->outputs.empty() &&
         identity.task == 0;
}

Step next_step(const Run& run) {
  if (run.busy) return Step::kNone;
  if (run.vanished) return Step::kRestore;
  if (run.state.released) {
    if (run.wants_outputs_stored()) return Step::kStoreOutputs;
    return run.forget_wanted ? Step::kForget : Step::kNone;
  }
  if (run.state.supervisor) {
    if (!run.state.supervisor_alive) return Step::kProve;
    bool news = run.stop_wanted && (!run.stop_sent || *run.stop_wanted < *run.stop_sent);
    return news ? Step::kStop : Step::kNone;
  }
  if (run.stop_wanted || run.state.stop_requested || run.refusal) return Step::kClose;
  return run.run_wanted && run.launch ? Step::kLaunch : Step::kNone;
}

TaskObserved describe(const Run& run, const Clock& clock) {
  TaskObserved seen;
  seen.workload = run.identity.workload;
  seen.attempt = run.identity.attempt;
  seen.task = run.identity.task;
  if (run.state.started) {
    seen.started_at = time_of(run.state.started->at, clock);
    if (run.state.started->memory == supervisor::LimitState::kNotEnforced) {
      seen.detail = "its memory is not limited: this machine gives no cgroup v2 memory controller";
    }
  }
  if (run.state.released) seen.released_at = time_of(run.state.released->at, clock);
  if (run.state.exit) {
    seen.end = end_of(*run.state.exit, clock);
  } else if (run.state.released) {
    seen.end = end_without_exit(run, run.lost_at.value_or(*seen.released_at));
  } else if (run.lost_at) {
    seen.end = end_without_exit(run, *run.lost_at);
  }
  if (run.outputs) {
    seen.outputs_phase = run.outputs->phase;
    seen.outputs = run.outputs->stored;
    seen.detail = run.outputs->detail;
  } else if (run.state.released && run.succeeded() && run.launch && !run.wants_outputs_stored()) {
    seen.outputs_phase = OutputsPhase::kStored;
  }
  return seen;
}

bool is_settled(const Run& run) {
  return run.state.released && !run.busy && !run.stepped && !run.report_again &&
         next_step(run) == Step::kNone;
}

}  // namespace duru::local
