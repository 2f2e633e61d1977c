#include "duru/agent/spool.h"

#include <algorithm>

#include "duru/agent/fault_point.h"
#include "duru/base/record_macros.h"

namespace duru {

using agent::BootClock;
using agent::BootClocks;
using agent::SpoolMark;
using agent::SpoolUnsent;

DURU_RECORD(SpoolMark, (1, acknowledged), (2, removed_through), (3, dropped), (4, run),
            (5, end_offset), (6, placed), (7, generation))
DURU_RECORD(SpoolUnsent, (1, after))
DURU_RECORD(BootClock, (1, boot_id), (2, zero))
DURU_RECORD(BootClocks, (1, boots))

}  // namespace duru

namespace duru::agent {
namespace {

// Nobody knows what became of the events before those that are here: they are not called dropped.
SpoolMark mark_without_record(const Folder& folder) {
  SpoolMark mark;
  mark.generation = newest_generation(folder);
  const std::vector<std::int64_t> firsts = segments_in(folder, mark.generation);
  if (!firsts.empty()) mark.removed_through = firsts.front() - 1;
  return mark;
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(const Folder& data, SpoolLimits limits, Log& log) {
  auto folder = Folder::create(data.path("events"));
  if (!folder.ok()) return folder.error();
  std::unique_ptr<Spool> spool(new Spool(std::move(folder.value()), limits, log));
  DURU_TRY(spool->read_all());
  return spool;
}

Result<SpoolSummary> Spool::summarize(const Folder& data) {
  auto folder = Folder::open(data.path("events"));
  if (!folder.ok()) {
    if (folder.error().code == ErrorCode::kNotFound) return SpoolSummary{};
    return folder.error();
  }
  auto read_mark = load<SpoolMark>(folder.value(), kSpoolMark);
  SpoolMark mark = read_mark.ok() ? read_mark.value() : SpoolMark{};
  if (!read_mark.ok()) mark = mark_without_record(folder.value());
  SpoolSummary summary{0, mark.dropped};
  const std::vector<std::int64_t> firsts = segments_in(folder.value(), mark.generation);
  std::int64_t after = mark.removed_through;
  auto miss_through = [&](std::int64_t number) {
    summary.dropped += std::max<std::int64_t>(0, number - after);
    after = std::max(after, number);
  };
  for (std::int64_t first : firsts) {
    auto read = SegmentFile{folder.value(), first, mark.generation}.read();
    if (!read.ok()) continue;  // acknowledged and removed just now, or damaged
    miss_through(first - 1);
    for (const StoredEvent& event : read.value().events) {
      if (event.number <= mark.removed_through) continue;
      miss_through(event.number - 1);
      after = event.number;
      summary.waiting += event.number > mark.acknowledged;
    }
  }
  return summary;
}

// An absent record is one with nothing in it; a damaged one is said and counts as absent.
void Spool::load_records() {
  auto say = [this](const Error& error) {
    if (error.code != ErrorCode::kNotFound) log_.say("damage: " + error.message);
  };
  auto mark = load<SpoolMark>(folder_, kSpoolMark);
  if (mark.ok()) {
    mark_ = mark.value();
    keep_generation(folder_, mark_.generation);
  } else {
    say(mark.error());
    mark_ = mark_without_record(folder_);
  }
  auto clocks = load<BootClocks>(folder_, kSpoolClocks);
  if (clocks.ok()) {
    clocks_ = clocks.value();
  } else {
    say(clocks.error());
  }
}

// What a segment holds; `last` and `count` are its own where it can be read.
Status Spool::measure(Segment& segment) const {
  auto read = file_of(segment).read();
  if (!read.ok()) return read.error();
  if (read.value().damaged_lines > 0) {
    log_.say("damage: " + folder_.path(file_of(segment).name()) + ": " +
             std::to_string(read.value().damaged_lines) + " events cannot be read");
  }
  segment.bytes = read.value().good_bytes;
  segment.count = static_cast<std::int64_t>(read.value().events.size());
  if (segment.count == 0) return ok_status();
  const StoredEvent& last = read.value().events.back();
  segment.last = last.number;
  segment.run = last.run;
  segment.end_offset = last.end_offset;
  return ok_status();
}

Status Spool::read_all() {
  load_records();
  const std::vector<std::int64_t> firsts = segments_in(folder_, mark_.generation);
  std::vector<std::pair<std::size_t, Error>> unreadable;
  for (std::size_t i = 0; i < firsts.size(); ++i) {
    Segment segment{firsts[i], firsts[i] - 1, 0, 0, 0, 0};
    Status read = measure(segment);
    if (!read.ok()) {
      if (is_passing(read.error())) return read;
      // Nobody knows how many were in the newest one; one at least.
      const bool is_newest = i + 1 == firsts.size();
      segment.last = is_newest ? std::max(segment.first, mark_.acknowledged) : firsts[i + 1] - 1;
    }
    if (segment.last <= mark_.removed_through) {
      file_of(segment).remove();
      continue;
    }
    if (!read.ok()) unreadable.emplace_back(segments_.size(), read.error());
    segments_.push_back(segment);
  }
  for (auto bad = unreadable.rbegin(); bad != unreadable.rend(); ++bad) {
    set_aside(bad->first, bad->second);
  }
  note_unsent();
  return ok_status();
}

void Spool::note_unsent() {
  auto unsent = load<SpoolUnsent>(folder_, kSpoolUnsent);
  if (unsent.ok() && unsent.value().after <= last()) {
    // What the server acknowledged was sent, whatever the disk remembers.
    unsent_after_ = std::max(unsent.value().after, mark_.acknowledged);
    return;
  }
  if (!unsent.ok() && unsent.error().code != ErrorCode::kNotFound) {
    log_.say("damage: " + unsent.error().message);
  }
  unsent_after_ = last();
  Status noted = save(folder_, kSpoolUnsent, SpoolUnsent{unsent_after_});
  if (!noted.ok()) log_.problem("spool", "events: " + noted.error().message);
}

std::int64_t Spool::last() const {
  const std::int64_t stored = segments_.empty() ? 0 : segments_.back().last;
  return std::max({stored, mark_.removed_through, mark_.acknowledged});
}

std::int64_t Spool::last_number() const {
  std::lock_guard lock(mutex_);
  return last();
}

bool Spool::has_waiting() const {
  std::lock_guard lock(mutex_);
  return std::any_of(segments_.begin(), segments_.end(), [this](const Segment& segment) {
    return segment.count > 0 && segment.last > mark_.acknowledged;
  });
}

std::int64_t Spool::dropped_now() const {
  std::int64_t count = mark_.dropped, after = mark_.removed_through;
  for (const Segment& segment : segments_) {
    count += missing(segment, after);
    after = segment.last;
  }
  return count;
}

std::int64_t Spool::dropped() const {
  std::lock_guard lock(mutex_);
  return dropped_now();
}

bool Spool::is_overflowing() const {
  std::lock_guard lock(mutex_);
  return overflowing_;
}

std::int64_t Spool::offset_of(std::int64_t run) const {
  std::lock_guard lock(mutex_);
  for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment) {
    if (segment->last < mark_.placed) break;
    if (segment->count > 0) return segment->run == run ? segment->end_offset : 0;
  }
  return mark_.run == run ? mark_.end_offset : 0;
}

Status Spool::append(std::int64_t run, const std::vector<Line>& lines, const When& when) {
  if (lines.empty()) return ok_status();
  std::lock_guard lock(mutex_);
  // The newest that the server acknowledged are lost here: what is left is of no use.
  if (!segments_.empty() && segments_.back().last < last()) {
    DURU_TRY(renumber(last()));
    unsent_after_ = last();
  }
  const bool is_full = !segments_.empty() && segments_.back().bytes >= limits_.segment_bytes;
  if (segments_.empty() || is_full) {
    segments_.push_back(Segment{last() + 1, last(), 0, 0, 0, 0});
  }
  Status written = append_to_newest(run, lines, when);
  if (!written.ok() && !is_passing(written.error()) && segments_.back().bytes > 0) {
    // The place on the disk is bad: another one.
    segments_.push_back(Segment{last() + 1, last(), 0, 0, 0, 0});
    written = append_to_newest(run, lines, when);
  }
  DURU_TRY(written);
  fault_point("events_spooled");
  make_room();
  return ok_status();
}

Status Spool::append_to_newest(std::int64_t run, const std::vector<Line>& lines, const When& when) {
  Segment segment = segments_.back();
  std::string text;
  for (const Line& line : lines) {
    segment.last += line.dropped_before;
    const StoredEvent event{++segment.last,  when.boot_id, when.at,         run,
                            line.end_offset, line.body,    when.uncertainty};
    text += line_of(event);
    ++segment.count;
  }
  DURU_TRY(file_of(segment).write(segment.bytes, text));
  segment.bytes += static_cast<std::int64_t>(text.size());
  segment.run = run;
  segment.end_offset = lines.back().end_offset;
  segments_.back() = segment;
  return ok_status();
}

void Spool::make_room() {
  auto total = [&] {
    std::int64_t bytes = 0;
    for (const Segment& segment : segments_) bytes += segment.bytes;
    return bytes;
  };
  while (segments_.size() > 1 && total() > limits_.bytes_max) {
    const std::int64_t before = dropped_now();
    Status removed = remove_oldest();
    if (!removed.ok()) return log_.problem("spool", "events: " + removed.error().message);
    if (dropped_now() == before) continue;
    overflowing_ = true;
    log_.problem("spool",
                 "events: the share of the disk for unsent events is full; the oldest are "
                 "dropped");
  }
}

Status Spool::remove_oldest() {
  SpoolMark mark = mark_;
  if (segments_.front().last > mark_.acknowledged) {
    auto read = file_of(segments_.front()).read();
    if (!read.ok()) {
      if (is_passing(read.error())) return read.error();
      set_aside(0, read.error());
      return ok_status();
    }
    segments_.front().count = static_cast<std::int64_t>(read.value().events.size());
    for (const StoredEvent& event : read.value().events) {
      mark.dropped += event.number > mark_.acknowledged;
    }
  }
  const Segment oldest = segments_.front();
  mark.dropped += missing(oldest, mark_.removed_through);
  mark.removed_through = oldest.last;
  place_at(mark, oldest.last);
  DURU_TRY(commit(mark));
  fault_point("event_segment_noted");
  file_of(oldest).remove();
  segments_.erase(segments_.begin());
  return ok_status();
}

Status Spool::commit(const SpoolMark& mark) {
  DURU_TRY(save(folder_, kSpoolMark, mark));
  mark_ = mark;
  return ok_status();
}

// Notes where event `number` lies in its run's file, if it is here.
void Spool::place_at(SpoolMark& mark, std::int64_t number) const {
  if (number <= mark.placed) return;
  for (const Segment& segment : segments_) {
    if (segment.count == 0 || number < segment.first || number > segment.last) continue;
    StoredEvent event;
    event.run = segment.run;
    event.end_offset = segment.end_offset;
    if (number < segment.last) {
      auto read = file_of(segment).read();
      if (!read.ok()) return;
      const auto& events = read.value().events;
      const auto found = std::find_if(events.begin(), events.end(), [number](const auto& stored) {
        return stored.number == number;
      });
      if (found == events.end()) return;
      event = *found;
    }
    mark.placed = number;
    mark.run = event.run;
    mark.end_offset = event.end_offset;
    return;
  }
}

// What was in it is dropped, but for what the server has: numbers go on behind it.
void Spool::set_aside(std::size_t index, const Error& why) {
  log_.say("damage: " + why.message + "; these events are dropped");
  const Segment bad = segments_[index];
  SpoolMark mark = mark_;
  place_at(mark, bad.last);
  const std::int64_t had = std::min(bad.last, mark_.acknowledged);
  if (index == 0 && had > mark_.removed_through) {
    if (bad.count > 0) mark.dropped += missing(bad, mark_.removed_through);
    mark.removed_through = had;
  }
  Status kept = commit(mark);
  if (index + 1 == segments_.size()) {
    segments_.push_back(Segment{bad.last + 1, bad.last, 0, 0, 0, 0});
    if (kept.ok()) kept = file_of(segments_.back()).write(0, "");
  }
  segments_.erase(segments_.begin() + static_cast<std::ptrdiff_t>(index));
  if (kept.ok()) kept = file_of(bad).set_aside();
  if (!kept.ok()) log_.problem("spool", "events: " + kept.error().message);
}

Result<std::vector<StoredEvent>> Spool::events_after(std::int64_t number, std::size_t count_max) {
  std::vector<StoredEvent> events;
  for (std::size_t i = 0; i < segments_.size();) {
    Segment& segment = segments_[i];
    if (segment.count == 0 || segment.last <= number) {
      ++i;
      continue;
    }
    auto read = file_of(segment).read();
    if (!read.ok()) {
      if (is_passing(read.error())) return read.error();
      set_aside(i, read.error());
      continue;
    }
    segment.count = static_cast<std::int64_t>(read.value().events.size());
    for (StoredEvent& event : read.value().events) {
      if (event.number <= number) continue;
      if (events.size() == count_max) return events;
      events.push_back(std::move(event));
    }
    ++i;
  }
  return events;
}

}  // namespace duru::agent
