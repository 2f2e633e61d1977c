#include "duru/agent/event_tail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "duru/base/clock.h"
#include "duru/base/json.h"
#include "duru/supervisor/fd.h"

namespace duru::agent {
namespace {

constexpr std::size_t kPartBytes = 64 * 1024;
constexpr std::size_t kBehindPartBytes = 1 << 20;
constexpr std::int64_t kBehindBytes = 8 << 20;
constexpr std::int64_t kHoleBytes = 1 << 20;  // worth a system call
// Half of the time between two looks; what is less needs no word.
constexpr Milliseconds kUncertaintyMin{500};
// The wall clock was set, where it is off by so much.
constexpr Milliseconds kClockSlack = seconds(1);

// A hole ends somewhere in a block; the rest of that block is zeros too.
std::string_view behind_zeros(std::string_view line) {
  return line.substr(std::min(line.find_first_not_of('\0'), line.size()));
}

bool is_behind(int file, std::int64_t offset) {
  struct stat status {};
  return ::fstat(file, &status) == 0 && status.st_size - offset > kBehindBytes;
}

}  // namespace

Result<EventTail::Moved> EventTail::move(Spool& spool, std::int64_t run) {
  const auto lines = read();
  Status kept = spool.append(run, lines, written());
  if (!kept.ok() && kept.error().code == ErrorCode::kExhausted && make_room(lines.front())) {
    kept = spool.append(run, lines, written());
  }
  DURU_TRY(kept);
  Moved moved{!lines.empty(), next_offset_ > offset_};
  for (const Spool::Line& line : lines) moved.dropped += line.dropped_before;
  done();
  return moved;
}

std::vector<Spool::Line> EventTail::read() {
  std::vector<Spool::Line> lines;
  next_offset_ = offset_;
  next_rejected_ = 0;
  next_in_long_line_ = in_long_line_;
  next_dropped_ = dropped_;
  next_read_at_ = Milliseconds(boottime_ms());
  supervisor::Fd file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  next_is_end_ = !file.valid() && errno == ENOENT;
  if (!file.valid()) return lines;
  skip_hole(file.get());
  next_offset_ = offset_;
  const bool passes = is_behind(file.get(), offset_);
  const std::size_t part_bytes = passes ? kBehindPartBytes : kPartBytes;
  std::string part(part_bytes, '\0');
  const ssize_t got = ::pread(file.get(), part.data(), part.size(), offset_);
  next_is_end_ = got >= 0 && static_cast<std::size_t>(got) < part.size();
  if (got <= 0) return lines;
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return lines;
  modified_ = Timestamp(status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1'000'000);
  part.resize(static_cast<std::size_t>(got));
  std::size_t at = 0;
  std::vector<Passed> passed;
  for (std::size_t end; (end = part.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::int64_t end_offset = offset_ + static_cast<std::int64_t>(end) + 1;
    if (next_in_long_line_) {
      next_in_long_line_ = false;
      ++next_rejected_;
    } else {
      const std::string_view line = behind_zeros(std::string_view(part).substr(at, end - at));
      passes ? pass_line(line, end_offset, passed) : (void)take_line(line, end_offset, lines);
    }
    next_offset_ = end_offset;
  }
  keep_last(std::move(passed), lines);
  if (at == 0 && part.size() == part_bytes) {
    next_in_long_line_ = true;
    next_offset_ = offset_ + got;
  }
  return lines;
}

// What lies before it was given back, by us or by an agent before us.
void EventTail::skip_hole(int file) {
  struct stat status {};
  if (::fstat(file, &status) != 0) return;
  const off_t data = ::lseek(file, offset_, SEEK_DATA);
  if (data >= 0) offset_ = std::max<std::int64_t>(offset_, data);
  if (data < 0 && errno == ENXIO) offset_ = std::max<std::int64_t>(offset_, status.st_size);
}

bool EventTail::take_line(std::string_view line, std::int64_t end_offset,
                          std::vector<Spool::Line>& lines) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return false;
  if (line.size() > kEventBytesMax || !is_json_object(line)) {
    ++next_rejected_;
    return false;
  }
  lines.push_back({std::string(line), end_offset, std::exchange(next_dropped_, 0)});
  return true;
}

// By its look alone: to parse them all would take longer than to write them.
void EventTail::pass_line(std::string_view line, std::int64_t end_offset,
                          std::vector<Passed>& passed) {
  const std::size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return;
  if (line.size() > kEventBytesMax || line[begin] != '{') {
    ++next_rejected_;
    return;
  }
  passed.push_back({line, end_offset});
}

// The last that is one indeed. So no count ever waits for a line behind what is given back.
void EventTail::keep_last(std::vector<Passed> passed, std::vector<Spool::Line>& lines) {
  for (; !passed.empty(); passed.pop_back()) {
    const auto before = static_cast<std::int64_t>(passed.size()) - 1;
    next_dropped_ += before;
    if (take_line(passed.back().line, passed.back().end_offset, lines)) return;
    next_dropped_ -= before;
  }
}

Spool::When EventTail::written() const {
  if (read_.boot_id.empty()) return {};
  const Milliseconds now(boottime_ms());
  Milliseconds until = since(modified_, read_.wall_zero);
  if (read_.boot_id == boot_id_) {
    const Milliseconds set_by = since(wall_time() - now, read_.wall_zero);
    if (std::abs(set_by.value) >= kClockSlack.value) until = now;
    until = std::min(until, now);
  } else if (until + kClockSlack < read_.at) {
    return {};  // that boot's clocks do not fit together
  }
  until = std::max(until, read_.at);
  const Milliseconds half((until - read_.at).value / 2);
  if (half < kUncertaintyMin) return {read_.boot_id, until, Milliseconds(0)};
  return {read_.boot_id, read_.at + half, half};
}

void EventTail::done() {
  if (next_is_end_) {
    if (read_.boot_id != boot_id_) read_ = {boot_id_, {}, wall_time() - next_read_at_};
    read_.at = next_read_at_;
  }
  offset_ = next_offset_;
  rejected_ += std::exchange(next_rejected_, 0);
  in_long_line_ = next_in_long_line_;
  dropped_ = next_dropped_;
  if (offset_ - hole_end_ >= kHoleBytes) give_back();
}

// Whether there may be room now for the first event that is kept. Who dies before that is on disk
// takes the count of those before it along.
bool EventTail::make_room(const Spool::Line& first) {
  const std::int64_t begin = first.end_offset - 1 - static_cast<std::int64_t>(first.body.size());
  if (begin <= hole_end_) return false;
  offset_ = begin;
  in_long_line_ = false;
  dropped_ = first.dropped_before;
  give_back();
  return true;
}

void EventTail::give_back() {
  supervisor::Fd file(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
  // Only a saving: a file system that cannot do it keeps the bytes.
  if (file.valid()) {
    (void)::fallocate(file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, offset_);
  }
  hole_end_ = offset_;
}

}  // namespace duru::agent
