// Spool: what is told to the server, and what its answers change.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "duru/agent/spool.h"
#include "duru/base/clock.h"

namespace duru::agent {
namespace {

constexpr std::size_t kBootsMax = 8;
// A clock that drifts is noted anew when it is off by so much.
constexpr Milliseconds kClockSlack = seconds(1);

}  // namespace

std::vector<EventReport> Spool::batch(std::size_t count_max) {
  std::lock_guard lock(mutex_);
  std::vector<EventReport> reports;
  if (!heard_) return reports;
  const std::string boot = boot_id();
  const std::int64_t now = boottime_ms();
  auto events = events_after(mark_.acknowledged, count_max);
  if (!events.ok()) return reports;
  std::int64_t before = mark_.acknowledged;
  for (StoredEvent& event : events.value()) {
    EventReport report;
    report.number = event.number;
    report.dropped_before = event.number - before - 1;
    before = event.number;
    report.body = std::move(event.body);
    report.uncertainty = event.uncertainty;
    if (event.boot_id == boot) {
      report.age = Milliseconds(std::max<std::int64_t>(0, now - event.at.value));
    } else {
      for (const BootClock& clock : clocks_.boots) {
        if (clock.boot_id == event.boot_id) report.server_time = clock.zero + event.at;
      }
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

void Spool::acknowledge(std::int64_t through) {
  std::lock_guard lock(mutex_);
  if (heard_ && through == mark_.acknowledged) return;
  // Nothing that this agent sent can have brought the server further than that.
  const std::int64_t known = heard_ ? last() : unsent_after_;
  Status noted = through > known ? renumber(through) : note_acknowledged(through);
  if (!noted.ok()) log_.problem("spool", "events: " + noted.error().message);
  if (!heard_ && (through <= known || noted.ok())) {
    forget_unsent();
    heard_ = true;
  }
  if (!noted.ok()) return;
  // The newest stays: it says where we are.
  while (segments_.size() > 1 && segments_.front().last <= through) {
    if (!remove_oldest().ok()) break;
  }
  if (last() == through) overflowing_ = false;
}

void Spool::forget_unsent() {
  const bool is_removed = ::unlinkat(folder_.fd(), kSpoolUnsent, 0) == 0 || errno == ENOENT;
  Status noted =
      is_removed ? folder_.sync() : system_error("remove " + std::string(kSpoolUnsent), errno);
  if (!noted.ok()) log_.problem("spool", "events: " + noted.error().message);
}

Status Spool::note_acknowledged(std::int64_t through) {
  SpoolMark mark = mark_;
  // The server lost what it had: what is here still is sent again, and what was removed in between
  // is dropped now. What is removed behind `acknowledged` always is counted.
  const std::int64_t removed = std::min(mark_.acknowledged, mark_.removed_through);
  mark.dropped += std::max<std::int64_t>(0, removed - through);
  mark.acknowledged = through;
  place_at(mark, through);
  return commit(mark);
}

// The server has events through this number, more than we know of. Ours that it has not go on
// behind them; all others are of no use any more.
Status Spool::renumber(std::int64_t through) {
  const std::int64_t sent = heard_ ? mark_.acknowledged : unsent_after_;
  auto events =
      events_after(std::max(sent, mark_.acknowledged), std::numeric_limits<std::size_t>::max());
  if (!events.ok()) return events.error();
  SpoolMark mark = mark_;
  if (!segments_.empty()) place_at(mark, segments_.back().last);
  mark.dropped = dropped_now();
  mark.acknowledged = through;
  mark.removed_through = through;
  ++mark.generation;
  const std::string count = std::to_string(events.value().size());
  Status written = write_anew(std::move(events.value()), mark);
  keep_generation(folder_, mark_.generation);
  if (written.ok()) {
    log_.say("the server has events through " + std::to_string(through) + ", more than our disk; " +
             count + " that it has not are numbered anew");
  }
  return written;
}

Status Spool::write_anew(std::vector<StoredEvent> events, SpoolMark mark) {
  std::vector<Segment> segments;
  std::string text;
  Segment segment{mark.removed_through + 1, mark.removed_through, 0, 0, 0, 0};
  for (StoredEvent& event : events) {
    event.number = ++segment.last;
    text += line_of(event);
    ++segment.count;
    segment.bytes = static_cast<std::int64_t>(text.size());
    segment.run = event.run;
    segment.end_offset = event.end_offset;
    if (segment.bytes < limits_.segment_bytes && &event != &events.back()) continue;
    DURU_TRY((SegmentFile{folder_, segment.first, mark.generation}.write(0, text)));
    segments.push_back(segment);
    segment = Segment{segment.last + 1, segment.last, 0, 0, 0, 0};
    text.clear();
  }
  DURU_TRY(commit(mark));
  segments_ = std::move(segments);
  return ok_status();
}

void Spool::note_server_time(Timestamp server_time, Milliseconds at) {
  std::lock_guard lock(mutex_);
  const BootClock now{boot_id(), server_time - at};
  auto& boots = clocks_.boots;
  if (!boots.empty() && boots.back().boot_id == now.boot_id) {
    const Milliseconds off = since(now.zero, boots.back().zero);
    if (off < kClockSlack && Milliseconds(-off.value) < kClockSlack) return;
    boots.pop_back();
  }
  boots.push_back(now);
  if (boots.size() > kBootsMax) boots.erase(boots.begin());
  Status saved = save(folder_, kSpoolClocks, clocks_);
  if (!saved.ok()) log_.problem("spool", "events: " + saved.error().message);
}

bool Spool::is_new_boot() const {
  std::lock_guard lock(mutex_);
  return !clocks_.boots.empty() && clocks_.boots.back().boot_id != boot_id();
}

}  // namespace duru::agent
