#include "duru/agent/run_watch.h"

#include <algorithm>

#include "duru/base/clock.h"

namespace duru::agent {
namespace {

constexpr Milliseconds kLookEvery{200};
constexpr Milliseconds kReadEventsMax{50};  // of each turn
constexpr Milliseconds kStatusEvery = seconds(1);
constexpr Milliseconds kProbeEveryWhileTrying{500};
constexpr Milliseconds kProbeEvery = seconds(10);
constexpr Milliseconds kProbeTimeout = seconds(5);
constexpr std::int32_t kProbeFailures = 3;
constexpr Milliseconds kReadyWithin = minutes(1);

}  // namespace

EventTail tail_of(std::int64_t run, const RunView& view, const Workload& workload,
                  const Spool& spool, const CounterBook& book) {
  const Milliseconds now(boottime_ms());
  ReadUpTo read;
  if (view.started) {
    const supervisor::Moment& started = *view.started;
    const Milliseconds looked = book.read_at(run, started.boot_id);
    read = {started.boot_id, std::max(started.boottime, looked), started.wall - started.boottime};
  } else if (view.known && !view.began) {
    read = {boot_id(), now, wall_time() - now};  // it begins now
  } else if (view.alive) {
    read = {boot_id(), book.read_at(run, boot_id()), wall_time() - now};
  }
  return EventTail(workload.events_path(run), spool.offset_of(run), std::move(read));
}

RunWatch::RunWatch(const Workload& workload, Spool& spool, const CounterBook& book, Log& log,
                   WatchedRun what)
    : workload_(workload),
      spool_(spool),
      log_(log),
      what_(std::move(what)),
      view_(workload.look(what_.run)),
      tail_(tail_of(what_.run, view_, workload, spool, book)) {
  const bool is_of_this_boot = view_.started && view_.started->boot_id == boot_id();
  started_ms_ = is_of_this_boot ? view_.started->boottime.value : boottime_ms();
  if (view_.alive && what_.was_well) {
    health_ = Health::kWell;
    well_since_ms_ = boottime_ms();
  }
}

Status RunWatch::start() {
  Status started = workload_.start(what_.run, what_.slot_folder, what_.manifest);
  started_ms_ = boottime_ms();
  next_look_ms_ = 0;
  return started;
}

void RunWatch::stop(Milliseconds grace) {
  probe_.cancel();
  (void)workload_.stop(what_.run, grace).ok();
  next_look_ms_ = 0;
}

void RunWatch::turn() {
  look();
  read_events();
  read_status();
  probe();
}

void RunWatch::look() {
  const std::int64_t now = boottime_ms();
  if (view_.over || now < next_look_ms_) return;
  next_look_ms_ = now + kLookEvery.value;
  view_ = workload_.look(what_.run);
}

bool RunWatch::read_events() {
  const std::int64_t stop_at = boottime_ms() + kReadEventsMax.value;
  EventTail::Moved moved;
  do {
    auto next = tail_.move(spool_, what_.run);
    if (!next.ok()) {
      log_.problem("spool", "events wait in the workload's file: " + next.error().message);
      return false;
    }
    moved = next.value();
    took_events_ = took_events_ || moved.any;
    if (moved.dropped > 0) {
      log_.problem("flood",
                   "the workload writes events faster than they can be kept; some are dropped and "
                   "counted");
    }
  } while (moved.more && boottime_ms() < stop_at);
  if (tail_.rejected() > told_rejected_) {
    log_.problem("events",
                 "the workload wrote lines that are no events (one JSON object of at most " +
                     std::to_string(kEventBytesMax) + " bytes); they are passed over");
    told_rejected_ = tail_.rejected();
  }
  return !moved.more;
}

bool RunWatch::drain() {
  if (!read_events()) return false;
  next_status_ms_ = 0;
  read_status();
  return true;
}

bool RunWatch::took_events() { return std::exchange(took_events_, false); }

void RunWatch::read_status() {
  const std::int64_t now = boottime_ms();
  if (now < next_status_ms_) return;
  next_status_ms_ = now + kStatusEvery.value;
  if (auto count = workload_.inferences(what_.run)) inferences_ = *count;
}

Milliseconds RunWatch::well_for() const {
  return Milliseconds(well_since_ms_ > 0 ? boottime_ms() - well_since_ms_ : 0);
}

void RunWatch::probe() {
  if (!view_.alive || view_.stopping) return probe_.cancel();
  if (health_ == Health::kUnwell) return;
  const HealthProbe& how = what_.manifest.probe;
  const std::int64_t now = boottime_ms();
  if (auto result = probe_.poll()) {
    judge(*result);
    Milliseconds pause = how.every.value_or(kProbeEvery);
    if (health_ == Health::kTrying) pause = std::min(pause, kProbeEveryWhileTrying);
    next_probe_ms_ = now + pause.value;
  }
  const Milliseconds ready_within = how.ready_within.value_or(kReadyWithin);
  if (health_ == Health::kTrying && now - started_ms_ >= ready_within.value) {
    health_ = Health::kUnwell;
    why_ =
        "was not well within " + format_duration(ready_within) + (why_.empty() ? "" : ": " + why_);
  }
  if (health_ == Health::kUnwell || probe_.is_running() || now < next_probe_ms_) return;
  probe_.start(how.command, workload_.environment(what_.run, what_.manifest), what_.slot_folder,
               how.timeout.value_or(kProbeTimeout));
}

void RunWatch::judge(const ProbeResult& result) {
  if (result.well) {
    failures_ = 0;
    if (health_ == Health::kTrying) well_since_ms_ = boottime_ms();
    health_ = Health::kWell;
    return;
  }
  why_ = result.what;
  ++failures_;
  const std::int32_t failures_max = what_.manifest.probe.failures.value_or(kProbeFailures);
  if (health_ == Health::kWell && failures_ >= failures_max) {
    health_ = Health::kUnwell;
    why_ = "became unwell: " + result.what;
  }
}

}  // namespace duru::agent
