#include "duru/agent/event_tail.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "duru/base/json.h"
#include "duru/supervisor/fd.h"

namespace duru::agent {
namespace {

constexpr std::size_t kPartBytes = 64 * 1024;
constexpr std::int64_t kHoleBytes = 1 << 20;  // worth a system call

}  // namespace

Result<EventTail::Moved> EventTail::move(Spool& spool, std::int64_t run) {
  const auto lines = read();
  DURU_TRY(spool.append(run, lines));
  const Moved moved{!lines.empty(), next_offset_ > offset_};
  done();
  return moved;
}

std::vector<Spool::Line> EventTail::read() {
  std::vector<Spool::Line> lines;
  next_offset_ = offset_;
  next_rejected_ = 0;
  next_in_long_line_ = in_long_line_;
  supervisor::Fd file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return lines;
  std::string part(kPartBytes, '\0');
  const ssize_t got = ::pread(file.get(), part.data(), part.size(), offset_);
  if (got <= 0) return lines;
  part.resize(static_cast<std::size_t>(got));
  std::size_t at = 0;
  for (std::size_t end; (end = part.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::int64_t end_offset = offset_ + static_cast<std::int64_t>(end) + 1;
    if (next_in_long_line_) {
      next_in_long_line_ = false;
      ++next_rejected_;
    } else {
      take_line(std::string_view(part).substr(at, end - at), end_offset, lines);
    }
    next_offset_ = end_offset;
  }
  if (at == 0 && part.size() == kPartBytes) {
    next_in_long_line_ = true;
    next_offset_ = offset_ + got;
  }
  return lines;
}

void EventTail::take_line(std::string_view line, std::int64_t end_offset,
                          std::vector<Spool::Line>& lines) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
  if (line.size() <= kEventBytesMax && is_json_object(line)) {
    lines.push_back({std::string(line), end_offset});
  } else {
    ++next_rejected_;
  }
}

void EventTail::done() {
  offset_ = next_offset_;
  rejected_ += std::exchange(next_rejected_, 0);
  in_long_line_ = next_in_long_line_;
  if (offset_ - hole_end_ < kHoleBytes) return;
  supervisor::Fd file(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
  // Only a saving: a file system that cannot do it keeps the bytes.
  if (file.valid()) {
    (void)::fallocate(file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, offset_);
  }
  hole_end_ = offset_;
}

}  // namespace duru::agent
