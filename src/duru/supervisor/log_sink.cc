#include "duru/supervisor/log_sink.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

namespace duru::supervisor {
namespace {

constexpr int kReadsMax = 16;
std::array<char, 64 << 10> buffer;  // one thread, one pipe: no need for one per call

}  // namespace

bool LogSink::pump(int pipe) {
  for (int reads = 0; reads < kReadsMax; ++reads) {
    ssize_t got = ::read(pipe, buffer.data(), buffer.size());
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    take({buffer.data(), static_cast<std::size_t>(got)});
  }
  return true;
}

void LogSink::take(std::string_view bytes) {
  // After the first gap nothing more is kept: the log is a prefix of the output, not a collage.
  std::int64_t left = dropped_.value > 0 ? 0 : std::max<std::int64_t>(0, (cap_ - written_).value);
  std::size_t room = static_cast<std::size_t>(left);
  std::string_view keep = bytes.substr(0, std::min(room, bytes.size()));
  std::size_t kept = 0;
  while (kept < keep.size()) {
    ssize_t written = ::write(file_.get(), keep.data() + kept, keep.size() - kept);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    kept += static_cast<std::size_t>(written);
  }
  if (kept > 0) last_ = keep[kept - 1];
  written_ += Bytes(static_cast<std::int64_t>(kept));
  dropped_ += Bytes(static_cast<std::int64_t>(bytes.size() - kept));
}

void LogSink::finish() {
  if (dropped_.value > 0) {
    std::string line = last_ == '\n' ? "" : "\n";
    line += "duru: " + std::to_string(dropped_.value) + " bytes of output were dropped (cap " +
            std::to_string(cap_.value) + ")\n";
    (void)!::write(file_.get(), line.data(), line.size());
  }
  file_.reset();
}

}  // namespace duru::supervisor
