// What of a sync is news, and when its events happened. Pure.
//
// Field clocks are not trusted. A node tells ages on its boot-time clock; our time of an event is
//
//   with an age       arrival - age. It was told when the request left, so the error is how long
//                     the request travelled: at most kTravel more than the quickest of this boot.
//   an older boot     the node's estimate, from what we last told it in that boot, where it lies
//                     between enrolment and now; the error is kTravel and 200 ppm of the time
//                     since, for the clock's drift.
//   else              some time between the node's enrolment and its boot: the middle, +- half.
//
// To the first two the node's own uncertainty is added: it may not have seen the event happen.
#pragma once

#include "duru/domain/field_messages.h"
#include "duru/field/protocol.h"

namespace duru {

constexpr Milliseconds kTravel = seconds(1);

// What is durable of a node, read from the view at each sync.
struct FieldKnown {
  std::int64_t revision = 0;
  FieldPhase phase{};
  std::string serving;
  std::string detail;
  FieldCounters counters;
  std::int64_t events_through = 0;
  bool flapping = false;  // held as failed (domain/field.h)
  bool down = false;      // known as lost
  Timestamp enrolled_at;
  Milliseconds heartbeat = kDefaultHeartbeat;
  Milliseconds report_every = hours(1);  // how often counters and detail become a fact
};

struct Arrival {
  Timestamp at;
  Milliseconds travel_extra;  // longer than the quickest request of this boot
};

FieldEvent event_at(const EventReport& event, const SyncRequest& sync, const Arrival& arrival,
                    Timestamp enrolled_at);

// The new events alone, with how the node is known to stand: of a sync that a later one overtook.
std::optional<ReportField> events_of(const NodeName& node, const SyncRequest& sync,
                                     const FieldKnown& known, const Arrival& arrival);

// Whether what the node says of its phase is not believed until it has said it for kSteadyFor.
bool is_held(const SyncRequest& sync, const FieldKnown& known);

// The command that makes it durable, whole. `steady_for`: how long the node has said the same of
// its phase; `report_due`: counters and detail alone are news too.
std::optional<ReportField> news_of(const NodeName& node, const SyncRequest& sync,
                                   const FieldKnown& known, const Arrival& arrival,
                                   Milliseconds steady_for, bool report_due);

}  // namespace duru
