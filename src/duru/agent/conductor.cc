#include "duru/agent/conductor.h"

#include <algorithm>

#include "duru/agent/fault_point.h"
#include "duru/base/clock.h"
#include "duru/base/wire.h"

namespace duru::agent {
namespace {

constexpr char kState[] = "state";
constexpr Milliseconds kStrayGrace = seconds(10);
constexpr Milliseconds kCountEvery = seconds(1);
constexpr std::size_t kDetailBytesMax = 500;

bool same(const std::optional<Revision>& a, const std::optional<Revision>& b) {
  return a.has_value() == b.has_value() && (!a || encode(*a) == encode(*b));
}

// What a probe prints may be anything; what we send is plain text.
std::string plain(std::string text) {
  if (text.size() > kDetailBytesMax) text.resize(kDetailBytesMax);
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text;
}

}  // namespace

Conductor::Conductor(Parts parts, const Identity& identity)
    : parts_(parts), release_key_(identity.reply->release_key) {
  load_state();
  load_desired();
  adopt();
}

void Conductor::load_state() {
  auto read = load<NodeState>(parts_.data, kState);
  if (read.ok()) {
    state_ = std::move(read.value());
    // What is left of a slot that was not filled to the end may be what fills the disk.
    for (SlotName slot : {SlotName::kA, SlotName::kB}) {
      if (!state_.slot(slot).ready) (void)parts_.slots.clear(slot).ok();
    }
  } else if (read.error().code != ErrorCode::kNotFound) {
    parts_.log.say("damage: " + read.error().message + "; it counts as absent");
  }
}

// Only the server may say that nothing is to run: where its word is lost, the state's revision
// stays, until the next reply.
void Conductor::load_desired() {
  auto read = load<Desired>(parts_.data, kDesired);
  if (read.ok()) {
    desired_ = std::move(read.value());
    return;
  }
  desired_.revision = state_.revision;
  const bool is_new_here = read.error().code == ErrorCode::kNotFound && !state_.revision;
  if (is_new_here) return;
  parts_.log.say("damage: " + read.error().message + "; what ran goes on");
  Status saved = save(parts_.data, kDesired, desired_);
  if (!saved.ok()) parts_.log.problem("desired", "it stays damaged: " + saved.error().message);
}

void Conductor::adopt() {
  if (state_.active != SlotName::kNone) {
    auto manifest = manifest_of(state_.active);
    if (manifest.ok()) {
      watch(manifest.value(), !state_.serving.empty());
    } else {
      // Nothing can be said of a run whose release is unknown.
      parts_.log.say("what ran cannot be gone on with: " + manifest.error().message);
      state_.active = SlotName::kNone;
    }
  }
  for (std::int64_t run : parts_.workload.runs()) {
    if (!watch_ || run != state_.run) strays_.insert(run);
    state_.run = std::max(state_.run, run);
  }
  if (!strays_.count(state_.run)) return;
  const RunView view = parts_.workload.look(state_.run);
  last_words_ = tail_of(state_.run, view, parts_.workload, parts_.spool, parts_.counters);
}

bool Conductor::commit(const NodeState& next) {
  Status saved = save(parts_.data, kState, next);
  if (!saved.ok()) {
    parts_.log.problem("state", "nothing is changed: " + saved.error().message);
    return false;
  }
  parts_.log.solved("state", "the state is kept again");
  state_ = next;
  stepped_ = true;
  return true;
}

bool Conductor::turn() {
  stepped_ = false;
  take_reply();
  if (watch_) {
    watch_->turn();
    if (watch_->took_events()) parts_.link.news();
  }
  count();
  if (strays_are_gone() && last_words_are_read()) {
    if (leaving_ || !desired_.revision) {
      end_workload();
    } else {
      decide();
    }
  }
  publish();
  return stepped_;
}

void Conductor::take_reply() {
  auto reply = parts_.link.take_reply();
  if (!reply) return;
  server_says_leave_ = reply->leave;
  if (reply->counters) parts_.counters.settle(*reply->counters);
  Desired next{reply->revision, desired_.heartbeat};
  if (reply->heartbeat.value > 0) next.heartbeat = reply->heartbeat;
  if (encode(next) == encode(desired_)) return;
  Status saved = save(parts_.data, kDesired, next);
  if (!saved.ok()) {
    // The next reply says it again.
    return parts_.log.problem("desired", "what the server says waits: " + saved.error().message);
  }
  fault_point("desired_saved");
  desired_ = next;
}

void Conductor::say_damage(std::int64_t run, const RunView& view) {
  if (view.damage.empty()) return;
  parts_.log.problem("run " + std::to_string(run),
                     "damage: run " + std::to_string(run) + ": " + view.damage +
                         "; how it stands is told by what is left of it");
}

void Conductor::say_unproven(const Status& proof) {
  if (proof.ok()) return parts_.log.solved("proof", "the end of a run can be proven again");
  parts_.log.problem("proof", "a run's end cannot be proven: " + proof.error().message);
}

bool Conductor::strays_are_gone() {
  for (auto stray = strays_.begin(); stray != strays_.end();) {
    const RunView view = parts_.workload.look(*stray);
    say_damage(*stray, view);
    if (!view.is_gone()) say_unproven(parts_.workload.stop(*stray, kStrayGrace));
    stray = view.is_gone() ? strays_.erase(stray) : std::next(stray);
  }
  return strays_.empty();
}

// Whether what the strays told last is on our disk. Only the newest run can have more than that:
// before it began, the former one was read to its end. Until then nothing begins, for the next
// run's events would hide where these go on.
bool Conductor::last_words_are_read() {
  while (last_words_) {
    auto moved = last_words_->move(parts_.spool, state_.run);
    if (!moved.ok()) {
      start_detail_ = "events of what was left over wait: " + moved.error().message;
      parts_.log.problem("spool", start_detail_);
      return false;
    }
    if (moved.value().any) parts_.link.news();
    if (moved.value().more) continue;
    last_words_.reset();
    start_detail_.clear();
    parts_.counters.tick({state_.run, false, parts_.workload.inferences(state_.run), {}});
  }
  return true;
}

void Conductor::decide() {
  if (!same(state_.revision, desired_.revision)) begin_revision();
  if (!state_.revision) return;
  const ReleaseRef* wanted = target();
  const bool runs_it =
      state_.active != SlotName::kNone && wanted && active().release.digest == wanted->digest;
  if (wanted && !runs_it && bring(*wanted) == Bringing::kSwitching) return;
  if (wanted && state_.active == SlotName::kNone && !stepped_) stand_in();
  if (state_.active != SlotName::kNone) keep_running();
}

void Conductor::begin_revision() {
  NodeState next = state_;
  next.revision = desired_.revision;
  next.gave_up = false;
  next.stuck = false;
  next.failed = false;
  next.why.clear();
  next.damaged.clear();
  if (!commit(next)) return;
  fault_point("revision_recorded");
  parts_.log.say("revision " + std::to_string(state_.revision->number) + ": " +
                 state_.revision->current.name);
  fetch_detail_.clear();
  excused_ = false;
  parts_.link.cancel_order();
  retain_files();
}

const ReleaseRef* Conductor::target() const {
  const Revision& revision = *state_.revision;
  if (!state_.gave_up) return &revision.current;
  return revision.previous && !state_.stuck ? &*revision.previous : nullptr;
}

Result<Manifest> Conductor::manifest_of(SlotName slot) const {
  const ReleaseRef& release = state_.slot(slot).release;
  auto manifest = parts_.slots.manifest(slot, release, release_key_);
  return manifest.ok() ? manifest : parts_.blobs.manifest(release, release_key_);
}

bool Conductor::runs_current() const {
  return state_.active != SlotName::kNone && state_.revision &&
         active().release.digest == state_.revision->current.digest;
}

void Conductor::count() {
  const std::int64_t now = boottime_ms();
  if (now < next_count_ms_) return;
  next_count_ms_ = now + kCountEvery.value;
  CounterBook::Observation seen;
  seen.run = state_.run;
  if (watch_) {
    seen.serving = watch_->is_serving();
    seen.run_inferences = watch_->inferences();
    if (watch_->read_up_to().boot_id == boot_id()) seen.read_at = watch_->read_up_to().at;
  }
  parts_.counters.tick(seen);
}

FieldPhase Conductor::phase() const {
  if (!state_.revision) return FieldPhase::kNone;
  if (state_.gave_up) {
    const bool serves_soon = state_.active != SlotName::kNone && !state_.failed;
    return serves_soon ? FieldPhase::kReturned : FieldPhase::kFailed;
  }
  if (!runs_current()) return FieldPhase::kFetching;
  if (watch_ && watch_->is_serving()) return FieldPhase::kServing;
  return state_.failed ? FieldPhase::kFailed : FieldPhase::kStarting;
}

std::string Conductor::detail() const {
  const FieldPhase now = phase();
  std::string text;
  auto add = [&text](const std::string& what) {
    if (!what.empty()) text += (text.empty() ? "" : "; ") + what;
  };
  if (!state_.damaged.empty()) add("release " + state_.damaged + " was damaged on this disk");
  add(now == FieldPhase::kFetching ? fetch_detail_ : state_.why);
  add(start_detail_);
  if (parts_.spool.is_overflowing()) {
    add("unsent events were dropped: their share of the disk was full");
  }
  return plain(std::move(text));
}

void Conductor::publish() {
  // Nobody is told that nothing runs here while something may.
  if (!strays_.empty()) return;
  NodeState next = state_;
  next.phase = phase();
  next.detail = detail();
  const bool serves = watch_ && watch_->is_serving();
  next.serving = serves ? active().release.name : "";
  const bool is_news =
      next.phase != state_.phase || next.detail != state_.detail || next.serving != state_.serving;
  if (is_news) commit(next);
  Report report;
  report.revision = next.revision ? next.revision->number : 0;
  report.phase = next.phase;
  report.serving = next.serving;
  report.detail = next.detail;
  report.counts_anew = !parts_.counters.is_settled();
  if (!report.counts_anew) report.counters = parts_.counters.counters();
  parts_.link.report(report);
}

}  // namespace duru::agent
