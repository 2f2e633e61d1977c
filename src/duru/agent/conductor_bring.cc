// Conductor: how a release comes here and takes over.
#include "duru/agent/conductor.h"
#include "duru/agent/fault_point.h"
#include "duru/base/clock.h"

namespace duru::agent {
namespace {

constexpr Milliseconds kGrace = seconds(10);
constexpr Milliseconds kFillAgainAfter = seconds(5);
constexpr Milliseconds kLookAgainEvery = seconds(5);

bool holds(const Slot& slot, const ReleaseRef& release) {
  return slot.ready && slot.release.digest == release.digest;
}

bool is_refusal(const Error& error) {
  return error.code == ErrorCode::kDenied || error.code == ErrorCode::kInvalid ||
         error.code == ErrorCode::kUnsupported;
}

// The slot to unpack into: never the one that runs, and rather one that holds nothing proven.
SlotName place_for_new(const NodeState& state) {
  if (state.active == SlotName::kA) return SlotName::kB;
  if (state.active == SlotName::kB) return SlotName::kA;
  return state.a.ready && state.a.proven ? SlotName::kB : SlotName::kA;
}

}  // namespace

Conductor::Bringing Conductor::bring(const ReleaseRef& target) {
  for (SlotName slot : {SlotName::kA, SlotName::kB}) {
    if (slot != state_.active && holds(state_.slot(slot), target)) return switch_to(slot);
  }
  FetchStatus fetch = parts_.link.fetch_status();
  if (fetch.state == FetchStatus::State::kRefused) {
    refuse(fetch.detail);
    return Bringing::kPreparing;
  }
  if (fetch.state == FetchStatus::State::kWorking) {
    fetch_detail_ = fetch.detail;
    if (boottime_ms() < look_again_at_ms_) return Bringing::kPreparing;
  }
  look_again_at_ms_ = boottime_ms() + kLookAgainEvery.value;
  auto manifest = parts_.blobs.manifest(target, release_key_);
  if (manifest.ok()) {
    for (const JobFile& file : manifest.value().files) parts_.blobs.take_back(file.digest);
  }
  if (!manifest.ok() && is_refusal(manifest.error())) {
    refuse(manifest.error().message);
  } else if (manifest.ok() && parts_.blobs.has_files(manifest.value())) {
    fill(place_for_new(state_), target, manifest.value());
  } else {
    parts_.link.order(target);
  }
  return Bringing::kPreparing;
}

void Conductor::fill(SlotName place, const ReleaseRef& target, const Manifest& manifest) {
  if (boottime_ms() < fill_at_ms_) return;
  NodeState next = state_;
  next.slot(place) = {};
  Status filled = parts_.slots.check_room(place, manifest);
  if (filled.ok()) {
    // What is in no slot's name is removed first: the disk may be too full to say anything.
    if (state_.slot(place).ready && !commit(next)) return;
    fault_point("slot_given_up");
    sound_.reset();
    filled = parts_.slots.fill(place, target, manifest, parts_.blobs);
  }
  if (!filled.ok()) {
    const bool is_full = filled.error().code == ErrorCode::kExhausted;
    if (!is_full) {
      for (const JobFile& file : manifest.files) parts_.blobs.check(file.digest);
    }
    fetch_detail_ = (is_full ? "disk full: " : "") + filled.error().message;
    fill_at_ms_ = boottime_ms() + kFillAgainAfter.value;
    return parts_.log.problem("fill", "release " + target.name + ": " + fetch_detail_);
  }
  if (!is_sound(place, manifest)) return;
  fault_point("slot_filled");
  next.slot(place) = {target, true, false, 0};
  if (next.damaged == target.name) next.damaged.clear();
  if (!commit(next)) return;
  fault_point("slot_recorded");
  parts_.link.cancel_order();
}

// Nothing runs, and what should is on its way. The revision's other release is better than nothing.
void Conductor::stand_in() {
  const Revision& revision = *state_.revision;
  for (SlotName name : {SlotName::kA, SlotName::kB}) {
    const Slot& slot = state_.slot(name);
    const bool is_of_revision =
        holds(slot, revision.current) || (revision.previous && holds(slot, *revision.previous));
    if (!is_of_revision || !slot.proven) continue;
    parts_.log.say("release " + slot.release.name + " serves meanwhile");
    switch_to(name);
    return;
  }
}

// Whether all of it is right; what is not is looked for in files/, too, and fetched again where it
// is not right there either.
bool Conductor::is_sound(SlotName slot, const Manifest& manifest) {
  if (sound_ == slot) return true;
  const auto damaged_files = parts_.slots.damaged_files(slot, manifest);
  for (const Digest& digest : damaged_files) {
    parts_.log.problem("file " + digest.hex(),
                       "damage: release " + manifest.release + ", file " + digest.hex());
    parts_.blobs.check(digest);
  }
  if (damaged_files.empty()) sound_ = slot;
  return damaged_files.empty();
}

// For the start that comes next: whatever ran since it was looked at last may have changed it.
bool Conductor::make_sound(SlotName slot, const Manifest& manifest) {
  sound_.reset();
  auto strangers = parts_.slots.remove_strangers(slot, manifest);
  if (!strangers.ok()) return false;
  if (strangers.value() > 0) {
    parts_.log.say("release " + manifest.release + ": " + std::to_string(strangers.value()) +
                   " files that are not of it were removed");
  }
  if (is_sound(slot, manifest)) return true;
  Status restored = parts_.slots.restore(slot, manifest, parts_.blobs);
  if (!restored.ok()) parts_.log.say("it cannot be put right: " + restored.error().message);
  return restored.ok() && is_sound(slot, manifest);
}

// What it runs, if anything, runs no more.
void Conductor::lose(SlotName slot) {
  next_count_ms_ = 0;
  count();
  NodeState next = state_;
  next.damaged = state_.slot(slot).release.name;
  next.slot(slot) = {};
  if (next.active == slot) next.active = SlotName::kNone;
  if (!commit(next)) return;
  if (state_.active == SlotName::kNone) watch_.reset();
  parts_.log.say("release " + state_.damaged + " is damaged on this disk");
}

Conductor::Bringing Conductor::switch_to(SlotName slot) {
  auto manifest = manifest_of(slot);
  if (!manifest.ok() || !is_sound(slot, manifest.value())) {
    lose(slot);
    return Bringing::kPreparing;
  }
  if (watch_ && !watch_->view().is_gone()) {
    const bool is_asked = watch_->view().stopping;
    watch_->stop(kGrace);
    if (!is_asked) fault_point("stop_asked");
    return Bringing::kSwitching;
  }
  if (watch_ && !watch_->drain()) return Bringing::kSwitching;
  next_count_ms_ = 0;
  count();
  fault_point("old_stopped");
  NodeState next = state_;
  next.active = slot;
  next.slot(slot).starts = 0;
  next.failed = false;
  pause_ = Milliseconds(0);
  start_at_ms_ = 0;
  if (begin_run(next, manifest.value())) fault_point("switch_recorded");
  return Bringing::kPreparing;
}

void Conductor::refuse(const std::string& why) {
  parts_.link.cancel_order();
  NodeState next = state_;
  if (state_.gave_up) {
    next.stuck = true;
    next.why += "; and " + why;
  } else {
    next.gave_up = true;
    next.why = why;
  }
  if (commit(next)) parts_.log.say("refused: " + why);
}

void Conductor::retain_files() {
  std::set<Digest> wanted;
  bool all_known = true;
  auto add = [&](const ReleaseRef& release, const Result<Manifest>& manifest) {
    wanted.insert(release.digest);
    if (manifest.ok()) {
      for (const JobFile& file : manifest.value().files) wanted.insert(file.digest);
    } else if (manifest.error().code == ErrorCode::kUnavailable) {
      all_known = false;  // it may be read another time
    }
  };
  auto add_ref = [&](const ReleaseRef& release) {
    add(release, parts_.blobs.manifest(release, release_key_));
  };
  for (SlotName slot : {SlotName::kA, SlotName::kB}) {
    if (state_.slot(slot).ready) add(state_.slot(slot).release, manifest_of(slot));
  }
  if (state_.revision) {
    add_ref(state_.revision->current);
    if (state_.revision->previous) add_ref(*state_.revision->previous);
  }
  if (all_known) parts_.blobs.retain(wanted);
}

}  // namespace duru::agent
