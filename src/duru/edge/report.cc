#include "duru/edge/report.h"

#include <algorithm>

#include "duru/edge/give.h"
#include "duru/edge/rollouts.h"

namespace duru {
namespace {

bool same(const FieldCounters& a, const FieldCounters& b) {
  return a.up == b.up && a.inferences == b.inferences && a.restarts == b.restarts &&
         a.events_dropped == b.events_dropped;
}

FieldCounters larger(const FieldCounters& a, const FieldCounters& b) {
  return {std::max(a.up, b.up), std::max(a.inferences, b.inferences),
          std::max(a.restarts, b.restarts), std::max(a.events_dropped, b.events_dropped)};
}

Milliseconds report_every(const EdgeState& state, const FieldNodeRecord& node) {
  return report_every_of(node.fleet.empty() ? Fleet{} : state.fleets.at(node.fleet).fleet);
}

// Whether it is one flip too many.
bool flaps(const FieldReported& known, Timestamp now) {
  const std::size_t others = kFlapsMax - 1;
  if (known.flips.size() < others) return false;
  return since(now, known.flips[known.flips.size() - others]) < kFlapWindow;
}

bool report_phase(EdgeTx& tx, const FieldNodeRecord& node, const ReportField& report) {
  const FieldReported& known = node.reported;
  if (report.revision != node.given.revision) return false;
  const bool same_revision = known.revision == report.revision;
  const bool same = same_revision && known.phase == report.phase && known.serving == report.serving;
  bool flapping = false;
  if (same_revision && known.flapping) {
    if (report.steady_for < kSteadyFor) return false;
  } else if (same) {
    const bool is_due = tx.now() >= known.said_at + report_every(tx.state(), node);
    const bool is_first = known.detail.empty();
    if (known.detail == report.detail || !(is_due || is_first)) return false;
  } else {
    flapping = same_revision && flaps(known, tx.now());
  }
  tx.emit(NodePhaseReported{report.node, report.revision, report.phase, report.serving,
                            report.detail, flapping});
  return true;
}

void report_counters(EdgeTx& tx, const FieldNodeRecord& node, const ReportField& report,
                     bool phase_changed) {
  const FieldCounters& known = node.reported.counters;
  const FieldCounters counters = larger(known, report.counters);
  if (same(counters, known)) return;
  const Timestamp due = node.reported.counted_at + report_every(tx.state(), node);
  // A goodbye: there may be no later report.
  const bool is_last = report.revision == 0 && report.phase == FieldPhase::kNone;
  if (!phase_changed && !is_last && tx.now() < due) return;
  tx.emit(NodeCounted{report.node, counters});
}

void report_events(EdgeTx& tx, const FieldNodeRecord& node, const ReportField& report) {
  for (FieldEvent event : report.events) {
    if (event.number <= node.reported.last_event) continue;
    const std::int64_t missing = event.number - node.reported.last_event - 1;
    if (missing > event.dropped_before) return;
    event.dropped_before = missing;
    tx.emit(EventRecorded{report.node, node.fleet, event});
  }
}

}  // namespace

Outcome decide_report(EdgeTx& tx, const ReportField& report) {
  const FieldNodeRecord* node = tx.state().node(report.node);
  if (node == nullptr || node->revoked) {
    return Rejection{
        "revoked", "node " + report.node.str() + " is revoked or unknown",
        "to become a node again it takes duru-agent unenrol, or a new folder, and a new code",
        "/node"};
  }
  const bool phase_changed = report_phase(tx, *node, report);
  report_counters(tx, *node, report, phase_changed);
  report_events(tx, *node, report);
  catch_up(tx, report.node);
  const RolloutRecord* rollout = tx.state().rollout_of(*node);
  if (phase_changed && rollout != nullptr) {
    const RolloutName name = rollout->rollout.name;
    advance(tx, name);
  }
  return Accepted{};
}

}  // namespace duru
