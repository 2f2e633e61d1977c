#include "duru/engine/agent/sync_news.h"

#include <algorithm>

namespace duru {
namespace {

constexpr std::int64_t kDriftPpm = 200;

bool same(const FieldCounters& a, const FieldCounters& b) {
  return a.up == b.up && a.inferences == b.inferences && a.restarts == b.restarts &&
         a.events_dropped == b.events_dropped;
}

void add_events(const SyncRequest& sync, const FieldKnown& known, const Arrival& arrival,
                ReportField& report) {
  for (const EventReport& event : sync.events) {
    if (event.number <= known.events_through) continue;
    report.events.push_back(event_at(event, sync, arrival, known.enrolled_at));
  }
}

}  // namespace

FieldEvent event_at(const EventReport& event, const SyncRequest& sync, const Arrival& arrival,
                    Timestamp enrolled_at) {
  FieldEvent out{event.number, event.body, {}, {}, event.dropped_before};
  const bool has_estimate = event.server_time.has_value() && *event.server_time >= enrolled_at &&
                            *event.server_time <= arrival.at;
  const Milliseconds own = std::clamp(event.uncertainty, Milliseconds(0),
                                      std::max(Milliseconds(0), since(arrival.at, enrolled_at)));
  if (event.age.has_value()) {
    out.at = arrival.at - *event.age;
    out.uncertainty = kTravel + arrival.travel_extra + own;
  } else if (has_estimate) {
    out.at = *event.server_time;
    const Milliseconds age = since(arrival.at, out.at);
    out.uncertainty = kTravel + Milliseconds(age.value * kDriftPpm / 1'000'000) + own;
  } else {
    const Timestamp booted_at = std::max(arrival.at - sync.uptime, enrolled_at);
    const Milliseconds half(since(booted_at, enrolled_at).value / 2);
    out.at = enrolled_at + half;
    out.uncertainty = half + kTravel;
  }
  return out;
}

std::optional<ReportField> events_of(const NodeName& node, const SyncRequest& sync,
                                     const FieldKnown& known, const Arrival& arrival) {
  ReportField report{node,
                     sync.boot_id,
                     known.revision,
                     known.phase,
                     known.serving,
                     known.detail,
                     known.counters,
                     {},
                     {}};
  add_events(sync, known, arrival, report);
  if (report.events.empty()) return std::nullopt;
  return report;
}

bool is_held(const SyncRequest& sync, const FieldKnown& known) {
  return known.flapping && sync.revision == known.revision;
}

std::optional<ReportField> news_of(const NodeName& node, const SyncRequest& sync,
                                   const FieldKnown& known, const Arrival& arrival,
                                   Milliseconds steady_for, bool report_due) {
  ReportField report{node,          sync.boot_id, sync.revision,
                     sync.phase,    sync.serving, sync.detail,
                     sync.counters, {},           {}};
  add_events(sync, known, arrival, report);
  const bool held = is_held(sync, known);
  if (held && steady_for >= kSteadyFor) report.steady_for = steady_for;
  const bool differs =
      sync.revision != known.revision || sync.phase != known.phase || sync.serving != known.serving;
  const bool stands_anew = held ? report.steady_for.value > 0 : differs;
  const bool says_anew =
      !held && sync.detail != known.detail && (report_due || (!differs && known.detail.empty()));
  const bool counts_anew = !same(sync.counters, known.counters);
  // The last sync before it ends is the last chance to count.
  const bool is_news = stands_anew || !report.events.empty() || says_anew ||
                       (counts_anew && (report_due || sync.goodbye));
  if (!is_news) return std::nullopt;
  return report;
}

}  // namespace duru
