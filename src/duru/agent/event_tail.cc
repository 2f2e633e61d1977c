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

bool is_behind(int file, std::int64_t offset) {
  struct stat status {};
  return ::fstat(file, &status) == 0 && status.st_size - offset > kBehindBytes;
}

}  // namespace

Result<EventTail::Moved> EventTail::move(Spool& spool, std::int64_t run) {
  const auto lines = read();
  DURU_TRY(spool.append(run, lines, written()));
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
  Spool::Line last;
  for (std::size_t end; (end = part.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::int64_t end_offset = offset_ + static_cast<std::int64_t>(end) + 1;
    if (next_in_long_line_) {
      next_in_long_line_ = false;
      ++next_rejected_;
    } else {
      const std::string_view line = std::string_view(part).substr(at, end - at);
      passes ? pass_line(line, end_offset, last) : take_line(line, end_offset, lines);
    }
    next_offset_ = end_offset;
  }
  if (last.end_offset > 0) {
    --next_dropped_;
    take_line(last.body, last.end_offset, lines);
  }
  if (at == 0 && part.size() == part_bytes) {
    next_in_long_line_ = true;
    next_offset_ = offset_ + got;
  }
  return lines;
}

void EventTail::take_line(std::string_view line, std::int64_t end_offset,
                          std::vector<Spool::Line>& lines) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
  if (line.size() <= kEventBytesMax && is_json_object(line)) {
    lines.push_back({std::string(line), end_offset, std::exchange(next_dropped_, 0)});
  } else {
    ++next_rejected_;
  }
}

// By its look alone: to parse them all would take longer than to write them.
void EventTail::pass_line(std::string_view line, std::int64_t end_offset, Spool::Line& last) {
  const std::size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return;
  if (line.size() > kEventBytesMax || line[begin] != '{') {
    ++next_rejected_;
    return;
  }
  ++next_dropped_;
  last.body.assign(line);
  last.end_offset = end_offset;
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
  if (offset_ - hole_end_ < kHoleBytes) return;
  supervisor::Fd file(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
  // Only a saving: a file system that cannot do it keeps the bytes.
  if (file.valid()) {
    (void)::fallocate(file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, offset_);
  }
  hole_end_ = offset_;
}

}  // namespace duru::agent
