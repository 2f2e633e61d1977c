#include "duru/simulation/simulated_agent.h"

#include <algorithm>

namespace duru {
namespace {

constexpr std::int16_t kNone = SimulatedReleases::kNone;
constexpr char kWhy[] = "its probe says no";
constexpr std::int64_t kInferenceEvery = 100;  // ms

}  // namespace

std::int16_t SimulatedReleases::number_of(const std::string& name) {
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (all_[i].name == name) return static_cast<std::int16_t>(i);
  }
  all_.push_back({name, true});
  return static_cast<std::int16_t>(all_.size() - 1);
}

bool SimulatedAgent::take(const std::optional<Revision>& wanted, Timestamp now,
                          const FieldTimes& times, SimulatedReleases& releases) {
  if (!wanted.has_value()) {
    if (revision == 0) return false;
    stop_serving(now);
    if (active != kNone) standby = active;
    active = current = previous = kNone;
    revision = 0;
    gave_up = says_why = false;
    phase = FieldPhase::kNone;
    step_at = kNever;
    return true;
  }
  if (wanted->number == revision) return false;
  revision = wanted->number;
  current = releases.number_of(wanted->current.name);
  previous = wanted->previous.has_value() ? releases.number_of(wanted->previous->name) : kNone;
  gave_up = says_why = false;
  head_for_target(now, times, releases);
  return true;
}

void SimulatedAgent::head_for_target(Timestamp now, const FieldTimes& times,
                                     const SimulatedReleases& releases) {
  if (target() == active) {
    if (serves) {
      phase = FieldPhase::kServing;
      step_at = kNever;
    } else {
      start_active(now, times, releases);
    }
    return;
  }
  if (!gave_up) phase = FieldPhase::kFetching;
  if (target() == standby) {
    step_at = now;
    return;
  }
  const Milliseconds takes = times.fetch * slow;
  step_at = linked ? now + takes : kNever;
  fetch_left = takes;
}

void SimulatedAgent::start_active(Timestamp now, const FieldTimes& times,
                                  const SimulatedReleases& releases) {
  phase = gave_up ? FieldPhase::kReturned : FieldPhase::kStarting;
  step_at = now + (releases.is_well(active) ? times.start * slow : times.give_up);
}

bool SimulatedAgent::step(Timestamp now, const FieldTimes& times,
                          const SimulatedReleases& releases) {
  step_at = kNever;
  if (fetches()) {
    stop_serving(now);
    standby = active;
    active = target();
    start_active(now, times, releases);
    return true;
  }
  if (active == kNone) return false;
  if (!releases.is_well(active)) {
    become_unwell(now, times, releases);
    return true;
  }
  if (serves) return false;  // it was well again in time
  serves = true;
  serves_since = now;
  phase = gave_up ? FieldPhase::kReturned : FieldPhase::kServing;
  if (!gave_up) says_why = false;
  return true;
}

void SimulatedAgent::become_unwell(Timestamp now, const FieldTimes& times,
                                   const SimulatedReleases& releases) {
  stop_serving(now);
  says_why = true;
  if (!gave_up && previous != kNone && previous != current) {
    gave_up = true;
    phase = FieldPhase::kReturned;
    head_for_target(now, times, releases);
    return;
  }
  phase = FieldPhase::kFailed;
  ++restarts;
  step_at = now + times.give_up;
}

void SimulatedAgent::stop_serving(Timestamp now) {
  // It may have been about to serve, after a reboot.
  if (serves) up += std::max(since(now, serves_since), Milliseconds(0));
  serves = false;
}

void SimulatedAgent::set_link(bool is_up, Timestamp now) {
  if (linked == is_up) return;
  linked = is_up;
  if (!fetches() || target() == standby) return;
  if (linked) {
    step_at = std::max(now, booted_at) + fetch_left;
  } else if (step_at != kNever) {
    fetch_left = std::max(since(step_at, now), Milliseconds(0));
    step_at = kNever;
  }
}

void SimulatedAgent::probe_turned(bool is_well, Timestamp now, const FieldTimes& times) {
  if (serves && !is_well && !fetches()) step_at = now + times.unwell;
}

void SimulatedAgent::reboot(Timestamp now, const FieldTimes& times,
                            const SimulatedReleases& releases) {
  stop_serving(now);
  booted_at = now + times.boot;
  if (active != kNone) ++restarts;
  if (fetches()) {
    // What was fetched is kept; what served before serves again meanwhile, without a step of its
    // own.
    if (step_at != kNever) step_at = std::max(step_at, now) + times.boot;
    if (active != kNone && phase == FieldPhase::kFetching) {
      serves = true;
      serves_since = booted_at;
    }
  } else if (active != kNone) {
    start_active(booted_at, times, releases);
  }
}

void SimulatedAgent::describe(SyncRequest& request, Timestamp now,
                              const SimulatedReleases& releases) const {
  request.uptime = since(now, booted_at);
  request.revision = revision;
  request.phase = phase;
  if (serves) request.serving = releases.name(active);
  if (says_why && phase != FieldPhase::kFetching) request.detail = kWhy;
  request.counters.up = up + (serves ? since(now, serves_since) : Milliseconds(0));
  request.counters.inferences = request.counters.up.value / kInferenceEvery;
  request.counters.restarts = restarts;
}

}  // namespace duru
