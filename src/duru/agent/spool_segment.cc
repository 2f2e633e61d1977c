#include "duru/agent/spool_segment.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <utility>

#include "duru/base/record_macros.h"
#include "duru/supervisor/record_file.h"

namespace duru {

using agent::StoredEvent;

DURU_RECORD(StoredEvent, (1, number), (2, boot_id), (3, at), (4, run), (5, end_offset), (6, body),
            (7, uncertainty))

}  // namespace duru

namespace duru::agent {
namespace {

using supervisor::Fd;

constexpr char kSuffix[] = ".events";
constexpr char kAsideSuffix[] = ".unreadable";
constexpr std::size_t kAsideMax = 16;
constexpr std::size_t kNumberDigits = 19;

std::string digits_of(std::int64_t first) {
  std::string digits = std::to_string(first);
  return std::string(kNumberDigits - digits.size(), '0') + digits;
}

std::string segment_name(std::int64_t first, std::int64_t generation) {
  return digits_of(first) + (generation == 0 ? "" : "." + std::to_string(generation)) + kSuffix;
}

std::string checksum(std::string_view text) {
  std::array<char, 9> hex{};
  std::snprintf(hex.data(), hex.size(), "%08x", supervisor::crc32(text));
  return hex.data();
}

std::optional<StoredEvent> parse_line(std::string_view line) {
  if (line.size() < 10 || line[8] != ' ') return std::nullopt;
  const std::string_view json = line.substr(9);
  if (line.substr(0, 8) != checksum(json)) return std::nullopt;
  auto event = from_json<StoredEvent>(json);
  if (!event.ok()) return std::nullopt;
  return event.value;
}

std::vector<std::string> names_in(const Folder& folder) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder.path(), error), end;
  for (; !error && entry != end; entry.increment(error)) names.push_back(entry->path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

struct Named {
  std::int64_t first = 0;
  std::int64_t generation = 0;
};

std::optional<Named> parse_name(const std::string& name) {
  Named named;
  const char* end = name.data() + name.size();
  const char* rest = std::from_chars(name.data(), end, named.first).ptr;
  if (rest != end) std::from_chars(rest + 1, end, named.generation);
  const bool is_one = named.first > 0 && name == segment_name(named.first, named.generation);
  return is_one ? std::optional(named) : std::nullopt;
}

}  // namespace

std::string line_of(const StoredEvent& event) {
  const std::string json = to_json(event, JsonForm::kSparse);
  return checksum(json) + " " + json + "\n";
}

std::string SegmentFile::name() const { return segment_name(first, generation); }

Result<ReadSegment> SegmentFile::read() const {
  auto text = supervisor::read_whole(folder.fd(), name());
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

Status SegmentFile::write(std::int64_t at, std::string_view text) const {
  const std::string path = folder.path(name());
  Fd file(::openat(folder.fd(), name().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!file.valid()) return system_error("open " + path, errno);
  if (::ftruncate(file.get(), at) != 0) return system_error("shorten " + path, errno);
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t written =
        ::pwrite(file.get(), text.data() + done, text.size() - done, at + static_cast<off_t>(done));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error("write " + path, errno);
    done += static_cast<std::size_t>(written);
  }
  if (::fsync(file.get()) != 0) return system_error("fsync " + path, errno);
  return at == 0 ? folder.sync() : ok_status();
}

void SegmentFile::remove() const { ::unlinkat(folder.fd(), name().c_str(), 0); }

Status SegmentFile::set_aside() const {
  const std::string aside = digits_of(first) + kAsideSuffix;
  if (::renameat(folder.fd(), name().c_str(), folder.fd(), aside.c_str()) != 0) {
    return system_error("rename " + folder.path(name()), errno);
  }
  std::vector<std::string> all = names_in(folder);
  all.erase(std::remove_if(all.begin(), all.end(),
                           [](const std::string& name) {
                             return name.size() != kNumberDigits + sizeof kAsideSuffix - 1 ||
                                    name.substr(kNumberDigits) != kAsideSuffix;
                           }),
            all.end());
  for (std::size_t i = 0; i + kAsideMax < all.size(); ++i) {
    ::unlinkat(folder.fd(), all[i].c_str(), 0);
  }
  return folder.sync();
}

std::vector<std::int64_t> segments_in(const Folder& folder, std::int64_t generation) {
  std::vector<std::int64_t> firsts;
  for (const std::string& name : names_in(folder)) {
    const auto named = parse_name(name);
    if (named && named->generation == generation) firsts.push_back(named->first);
  }
  return firsts;
}

std::int64_t newest_generation(const Folder& folder) {
  std::int64_t newest = 0;
  for (const std::string& name : names_in(folder)) {
    if (const auto named = parse_name(name)) newest = std::max(newest, named->generation);
  }
  return newest;
}

void keep_generation(const Folder& folder, std::int64_t generation) {
  for (const std::string& name : names_in(folder)) {
    const auto named = parse_name(name);
    if (named && named->generation != generation) ::unlinkat(folder.fd(), name.c_str(), 0);
  }
}

bool is_passing(const Error& error) { return error.code == ErrorCode::kExhausted; }

}  // namespace duru::agent
