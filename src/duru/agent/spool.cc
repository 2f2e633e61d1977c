#include "duru/agent/spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>

#include "duru/agent/fault_point.h"
#include "duru/base/clock.h"
#include "duru/base/record_macros.h"
#include "duru/supervisor/record_file.h"

namespace duru {

using agent::BootClock;
using agent::BootClocks;
using agent::SpoolMark;
using agent::StoredEvent;

DURU_RECORD(StoredEvent, (1, number), (2, boot_id), (3, at), (4, run), (5, end_offset), (6, body))
DURU_RECORD(SpoolMark, (1, acknowledged), (2, removed_through), (3, dropped), (4, run),
            (5, end_offset))
DURU_RECORD(BootClock, (1, boot_id), (2, zero))
DURU_RECORD(BootClocks, (1, boots))

}  // namespace duru

namespace duru::agent {
namespace {

using supervisor::Fd;

constexpr char kMark[] = "mark";
constexpr char kClocks[] = "clocks";
constexpr char kSuffix[] = ".events";
constexpr std::size_t kNumberDigits = 19;
constexpr std::size_t kBootsMax = 8;
// A clock that drifts is noted anew when it is off by so much.
constexpr Milliseconds kClockSlack = seconds(1);

std::string segment_name(std::int64_t first) {
  std::string digits = std::to_string(first);
  return std::string(kNumberDigits - digits.size(), '0') + digits + kSuffix;
}

std::vector<std::int64_t> segments_in(const Folder& folder) {
  std::vector<std::int64_t> numbers;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path(), error)) {
    const std::string name = entry.path().filename();
    std::int64_t first = 0;
    std::from_chars(name.data(), name.data() + name.size(), first);
    if (first > 0 && name == segment_name(first)) numbers.push_back(first);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::string checksum(std::string_view text) {
  std::array<char, 9> hex{};
  std::snprintf(hex.data(), hex.size(), "%08x", supervisor::crc32(text));
  return hex.data();
}

std::string line_of(const StoredEvent& event) {
  const std::string json = to_json(event, JsonForm::kSparse);
  return checksum(json) + " " + json + "\n";
}

std::optional<StoredEvent> parse_line(std::string_view line) {
  if (line.size() < 10 || line[8] != ' ') return std::nullopt;
  const std::string_view json = line.substr(9);
  if (line.substr(0, 8) != checksum(json)) return std::nullopt;
  auto event = from_json<StoredEvent>(json);
  if (!event.ok()) return std::nullopt;
  return event.value;
}

struct ReadSegment {
  std::vector<StoredEvent> events;
  std::int64_t good_bytes = 0;  // through the last readable line
  int damaged_lines = 0;        // before that
};

Result<ReadSegment> read_segment(const Folder& folder, std::int64_t first) {
  auto text = supervisor::read_whole(folder.fd(), segment_name(first));
  if (!text.ok()) return text.error();
  ReadSegment read;
  int unreadable = 0;
  std::int64_t number = first - 1;
  const std::string& whole = text.value();
  for (std::size_t at = 0, end; (end = whole.find('\n', at)) != std::string::npos; at = end + 1) {
    auto event = parse_line(std::string_view(whole).substr(at, end - at));
    if (!event || event->number <= number) {
      ++unreadable;
      continue;
    }
    number = event->number;
    read.events.push_back(std::move(*event));
    read.good_bytes = static_cast<std::int64_t>(end) + 1;
    read.damaged_lines += std::exchange(unreadable, 0);
  }
  return read;
}

// An absent record is one with nothing in it; a damaged one is said and counts as absent.
template <class T>
T load_or_empty(const Folder& folder, const std::string& name, Log& log) {
  auto record = load<T>(folder, name);
  if (record.ok()) return record.value();
  if (record.error().code != ErrorCode::kNotFound) log.say("damage: " + record.error().message);
  return T{};
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
  auto read_mark = load<SpoolMark>(folder.value(), kMark);
  const SpoolMark mark = read_mark.ok() ? read_mark.value() : SpoolMark{};
  SpoolSummary summary{0, mark.dropped};
  const std::vector<std::int64_t> firsts = segments_in(folder.value());
  std::int64_t after = mark.removed_through;
  if (after == 0 && !firsts.empty()) after = firsts.front() - 1;
  for (std::int64_t first : firsts) {
    auto read = read_segment(folder.value(), first);
    if (!read.ok()) continue;  // acknowledged and removed just now
    for (const StoredEvent& event : read.value().events) {
      if (event.number <= mark.removed_through) continue;
      summary.dropped += event.number - after - 1;
      after = event.number;
      summary.waiting += event.number > mark.acknowledged;
    }
  }
  return summary;
}

Status Spool::read_all() {
  mark_ = load_or_empty<SpoolMark>(folder_, kMark, log_);
  clocks_ = load_or_empty<BootClocks>(folder_, kClocks, log_);
  const std::vector<std::int64_t> firsts = segments_in(folder_);
  // Without a mark nobody knows what became of the events before: they are not called dropped.
  const bool is_unknown = mark_.removed_through == 0 && !firsts.empty();
  if (is_unknown) mark_.removed_through = firsts.front() - 1;
  for (std::int64_t first : firsts) {
    auto read = read_segment(folder_, first);
    if (!read.ok()) return read.error();
    if (read.value().damaged_lines > 0) {
      log_.say("damage: " + folder_.path(segment_name(first)) + ": " +
               std::to_string(read.value().damaged_lines) + " events cannot be read");
    }
    Segment segment;
    segment.first = first;
    segment.last = first - 1;
    segment.count = static_cast<std::int64_t>(read.value().events.size());
    segment.bytes = read.value().good_bytes;
    if (segment.count > 0) {
      const StoredEvent& last = read.value().events.back();
      segment.last = last.number;
      segment.run = last.run;
      segment.end_offset = last.end_offset;
    }
    if (segment.last <= mark_.removed_through) {
      ::unlinkat(folder_.fd(), segment_name(first).c_str(), 0);
      continue;
    }
    segments_.push_back(segment);
  }
  return ok_status();
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
  return !segments_.empty() && segments_.back().last > mark_.acknowledged;
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
    if (segment->count > 0) return segment->run == run ? segment->end_offset : 0;
  }
  return mark_.run == run ? mark_.end_offset : 0;
}

Status Spool::append(std::int64_t run, const std::vector<Line>& lines) {
  if (lines.empty()) return ok_status();
  std::lock_guard lock(mutex_);
  const bool is_full = !segments_.empty() && segments_.back().bytes >= limits_.segment_bytes;
  if (segments_.empty() || is_full) {
    segments_.push_back(Segment{last() + 1, last(), 0, 0, 0, 0});
  }
  Segment segment = segments_.back();
  std::string text;
  for (const Line& line : lines) {
    const StoredEvent event{++segment.last,  boot_id(), Milliseconds(boottime_ms()), run,
                            line.end_offset, line.body};
    text += line_of(event);
    ++segment.count;
  }
  DURU_TRY(write(segment, text));
  segment.bytes += static_cast<std::int64_t>(text.size());
  segment.run = run;
  segment.end_offset = lines.back().end_offset;
  segments_.back() = segment;
  fault_point("events_spooled");
  make_room();
  return ok_status();
}

// At the place where the last good line ends: what a failed write left there is overwritten.
Status Spool::write(Segment& segment, const std::string& text) const {
  const std::string name = segment_name(segment.first);
  Fd file(::openat(folder_.fd(), name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!file.valid()) return system_error("open " + folder_.path(name), errno);
  if (::ftruncate(file.get(), segment.bytes) != 0) {
    return system_error("shorten " + folder_.path(name), errno);
  }
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = ::pwrite(file.get(), text.data() + done, text.size() - done,
                                     segment.bytes + static_cast<off_t>(done));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error("write " + folder_.path(name), errno);
    done += static_cast<std::size_t>(written);
  }
  if (::fsync(file.get()) != 0) return system_error("fsync " + folder_.path(name), errno);
  return segment.bytes == 0 ? folder_.sync() : ok_status();
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
  const Segment& oldest = segments_.front();
  SpoolMark mark = mark_;
  mark.dropped += missing(oldest, mark_.removed_through);
  if (oldest.last > mark_.acknowledged) {
    auto read = read_segment(folder_, oldest.first);
    if (!read.ok()) return read.error();
    for (const StoredEvent& event : read.value().events) {
      mark.dropped += event.number > mark_.acknowledged;
    }
  }
  mark.removed_through = oldest.last;
  if (oldest.count > 0) {
    mark.run = oldest.run;
    mark.end_offset = oldest.end_offset;
  }
  DURU_TRY(save(folder_, kMark, mark));
  fault_point("event_segment_noted");
  mark_ = mark;
  ::unlinkat(folder_.fd(), segment_name(oldest.first).c_str(), 0);
  segments_.erase(segments_.begin());
  return ok_status();
}

std::vector<EventReport> Spool::batch(std::size_t count_max) const {
  std::lock_guard lock(mutex_);
  std::vector<EventReport> reports;
  const std::string boot = boot_id();
  const std::int64_t now = boottime_ms();
  for (const Segment& segment : segments_) {
    if (segment.last <= mark_.acknowledged) continue;
    auto read = read_segment(folder_, segment.first);
    if (!read.ok()) break;
    for (StoredEvent& event : read.value().events) {
      if (event.number <= mark_.acknowledged) continue;
      if (reports.size() == count_max) return reports;
      EventReport report;
      report.number = event.number;
      report.body = std::move(event.body);
      if (event.boot_id == boot) {
        report.age = Milliseconds(std::max<std::int64_t>(0, now - event.at.value));
      } else {
        for (const BootClock& clock : clocks_.boots) {
          if (clock.boot_id == event.boot_id) report.server_time = clock.zero + event.at;
        }
      }
      reports.push_back(std::move(report));
    }
  }
  return reports;
}

void Spool::acknowledge(std::int64_t through) {
  std::lock_guard lock(mutex_);
  if (through == mark_.acknowledged) return;
  SpoolMark mark = mark_;
  // The server lost what it had: what is here still is sent again, and what was removed in between
  // is dropped now. What is removed behind `acknowledged` always is counted.
  const std::int64_t removed = std::min(mark_.acknowledged, mark_.removed_through);
  mark.dropped += std::max<std::int64_t>(0, removed - through);
  mark.acknowledged = through;
  const std::int64_t stored = segments_.empty() ? mark_.removed_through : segments_.back().last;
  // The server knows more of us than our own disk: numbers go on behind what it has.
  if (through > stored) {
    mark.removed_through = through;
    if (!segments_.empty() && segments_.back().count > 0) {
      mark.run = segments_.back().run;
      mark.end_offset = segments_.back().end_offset;
    }
  }
  Status saved = save(folder_, kMark, mark);
  if (!saved.ok()) return log_.problem("spool", "events: " + saved.error().message);
  mark_ = mark;
  if (through > stored) {
    for (const Segment& segment : segments_) {
      ::unlinkat(folder_.fd(), segment_name(segment.first).c_str(), 0);
    }
    segments_.clear();
  }
  // The newest stays: it says where we are.
  while (segments_.size() > 1 && segments_.front().last <= through) {
    if (!remove_oldest().ok()) break;
  }
  if (last() == through) overflowing_ = false;
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
  Status saved = save(folder_, kClocks, clocks_);
  if (!saved.ok()) log_.problem("spool", "events: " + saved.error().message);
}

}  // namespace duru::agent
