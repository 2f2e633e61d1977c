// Conductor: how what runs is kept running, judged, and given up.
#include <algorithm>

#include "duru/agent/conductor.h"
#include "duru/agent/fault_point.h"
#include "duru/base/clock.h"

namespace duru::agent {
namespace {

constexpr Milliseconds kGrace = seconds(10);
constexpr Milliseconds kFirstPause = seconds(1);
constexpr Milliseconds kPauseMax = minutes(1);
constexpr Milliseconds kStartAgainAfter = seconds(1);
// Exits before it was ever well, after which a release is given up.
constexpr std::int32_t kStartsMax = 3;

}  // namespace

void Conductor::watch(const Manifest& manifest, bool was_well) {
  watch_.emplace(parts_.workload, parts_.spool, parts_.counters, parts_.log,
                 WatchedRun{state_.run, parts_.slots.path(state_.active), manifest, was_well});
}

// Makes the next run the one of `next`'s active slot; its workload is started by keep_running().
bool Conductor::begin_run(NodeState next, const Manifest& manifest) {
  ++next.run;
  if (!next.slot(next.active).proven) ++next.slot(next.active).starts;
  if (!commit(next)) return false;
  parts_.counters.begin_run(state_.run);
  restart_asked_ = false;
  watch(manifest, false);
  return true;
}

void Conductor::keep_running() {
  const RunView& view = watch_->view();
  if (!view.known) return;
  say_damage(state_.run, view);
  if (!view.began) {
    if (boottime_ms() >= start_at_ms_) start_run();
  } else if (view.lost) {
    say_unproven(parts_.workload.prove(state_.run));
  } else if (view.over) {
    after_end();
  } else if (!view.stopping) {
    judge();
  }
}

void Conductor::start_run() {
  const Manifest& manifest = watch_->what().manifest;
  if (!make_sound(state_.active, manifest)) return lose(state_.active);
  parts_.workload.remove_before(state_.run - 1);  // the last one's log may be of use
  Status started = watch_->start();
  start_detail_ = started.ok() ? "" : "the workload cannot be started: " + started.error().message;
  if (started.ok()) return parts_.log.solved("start", "the workload can be started again");
  start_at_ms_ = boottime_ms() + kStartAgainAfter.value;
  parts_.log.problem("start", start_detail_);
}

bool Conductor::can_go_back() const {
  const auto& revision = state_.revision;
  return revision && !state_.gave_up && runs_current() && revision->previous &&
         revision->previous->digest != revision->current.digest;
}

void Conductor::after_end() {
  if (!watch_->drain()) return;
  const RunView view = watch_->view();
  const Manifest manifest = watch_->what().manifest;
  // What fails by itself may suffer from the disk; a start looks at all of it anyway.
  const bool has_failed = view.by_itself || restart_asked_;
  if (has_failed && watch_->well_for().value == 0) sound_.reset();
  if (has_failed && !excused_ && !is_sound(state_.active, manifest)) {
    excused_ = true;
    return lose(state_.active);
  }
  const std::string name = active().release.name;
  const bool is_out_of_tries = !active().proven && active().starts >= kStartsMax;
  if (is_out_of_tries && can_go_back()) {
    return give_up("it ended " + std::to_string(kStartsMax) +
                   " times before it was well; last it " + view.how);
  }
  NodeState next = state_;
  if (is_out_of_tries && !next.failed) {
    next.failed = true;
    next.why = "it " + view.how;
  }
  // A reboot or a lost supervisor is no fault of its own.
  if (watch_->well_for() >= kPauseMax || !has_failed) pause_ = Milliseconds(0);
  if (has_failed) {
    pause_ = pause_.value == 0 ? kFirstPause : std::min(pause_ + pause_, kPauseMax);
  }
  next_count_ms_ = 0;
  count();  // what it counted last
  if (!begin_run(next, manifest)) return;
  start_at_ms_ = boottime_ms() + pause_.value;
  parts_.counters.count_restart();
  parts_.log.problem("workload", name + ": the workload " + view.how + " and is started again");
}

void Conductor::judge() {
  if (watch_->health() == Health::kWell) {
    if (active().proven && !state_.failed) return;
    NodeState next = state_;
    Slot& slot = next.slot(state_.active);
    slot.proven = true;
    slot.starts = 0;
    next.failed = false;
    if (!next.gave_up) next.why.clear();
    if (!commit(next)) return;
    fault_point("proven_recorded");
    parts_.log.say("serving " + active().release.name);
    retain_files();
  } else if (watch_->health() == Health::kUnwell) {
    sound_.reset();  // it may suffer from the disk; then it is lost when it has ended
    if (excused_ || is_sound(state_.active, watch_->what().manifest)) {
      if (can_go_back()) return give_up("it " + watch_->why());
      NodeState next = state_;
      next.failed = true;
      if (!next.gave_up) next.why = "it " + watch_->why();
      const bool is_news = !state_.failed || next.why != state_.why;
      if (is_news && !commit(next)) return;
    }
    parts_.log.problem("workload",
                       active().release.name + " " + watch_->why() + "; it is started again");
    restart_asked_ = true;
    watch_->stop(kGrace);
  }
}

void Conductor::give_up(const std::string& why) {
  NodeState next = state_;
  next.gave_up = true;
  next.why = why;
  next.slot(state_.active).proven = false;
  if (!commit(next)) return;
  fault_point("gave_up_recorded");
  parts_.log.say("giving up " + active().release.name + ": " + why + "; going back to " +
                 state_.revision->previous->name);
}

void Conductor::end_workload() {
  if (state_.active == SlotName::kNone && !state_.revision) return;
  if (watch_ && !watch_->view().is_gone()) return watch_->stop(kGrace);
  if (watch_ && !watch_->drain()) return;
  next_count_ms_ = 0;
  count();
  NodeState next = state_;
  next.active = SlotName::kNone;
  next.revision.reset();
  next.gave_up = next.stuck = next.failed = false;
  next.why.clear();
  if (!commit(next)) return;
  watch_.reset();
  parts_.link.cancel_order();
  parts_.log.say("nothing is to run");
}

}  // namespace duru::agent
