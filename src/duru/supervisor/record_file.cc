#include "duru/supervisor/record_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include "duru/supervisor/fd.h"

namespace duru::supervisor {
namespace {

constexpr std::string_view kFirstWord = "duru-run ";
constexpr std::string_view kChecksumKey = "crc32=";

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) ? 0xedb88320U : 0U);
    table[byte] = value;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kCrcTable = make_crc_table();

std::string hex8(std::uint32_t value) {
  std::array<char, 9> text{};
  std::snprintf(text.data(), text.size(), "%08x", value);
  return text.data();
}

std::string escape(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (char c : value) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

bool unescape(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size()) return false;
    if (text[i] != '\\' && text[i] != 'n') return false;
    out += text[i] == 'n' ? '\n' : '\\';
  }
  return true;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Error record_error(ErrorCode code, std::string_view kind, std::string_view why) {
  Error error;
  error.code = code;
  error.message = "record `" + std::string(kind) + "`: " + std::string(why);
  return error;
}

// Takes one line, without its end, off the front of `text`; false when there is no whole line.
bool take_line(std::string_view& text, std::string_view& line) {
  std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return false;
  line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return true;
}

}  // namespace

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t value = 0xffffffffU;
  for (char c : bytes) {
    value = (value >> 8) ^ kCrcTable[(value ^ static_cast<unsigned char>(c)) & 0xffU];
  }
  return ~value;
}

void RecordFile::add(std::string_view key, std::string_view value) {
  entries_.emplace_back(key, value);
}

void RecordFile::add(std::string_view key, std::int64_t value) {
  entries_.emplace_back(key, std::to_string(value));
}

std::optional<std::string> RecordFile::text_of(std::string_view key) const {
  for (const auto& [name, value] : entries_) {
    if (name == key) return value;
  }
  return std::nullopt;
}

std::optional<std::int64_t> RecordFile::number_of(std::string_view key) const {
  auto text = text_of(key);
  return text ? parse_number<std::int64_t>(*text) : std::nullopt;
}

std::vector<std::string> RecordFile::all_of(std::string_view key) const {
  std::vector<std::string> values;
  for (const auto& [name, value] : entries_) {
    if (name == key) values.push_back(value);
  }
  return values;
}

std::string RecordFile::text() const {
  std::string out = std::string(kFirstWord) + std::to_string(kProtocolVersion) + "\n";
  out += "kind=" + kind_ + "\n";
  for (const auto& [key, value] : entries_) out += key + "=" + escape(value) + "\n";
  out += std::string(kChecksumKey) + hex8(crc32(out)) + "\n";
  return out;
}

Result<RecordFile> RecordFile::parse(std::string_view text, std::string_view kind) {
  std::size_t tail = kChecksumKey.size() + 8 + 1;
  if (text.size() < tail) return record_error(ErrorCode::kDamaged, kind, "cut short");
  std::string_view body = text.substr(0, text.size() - tail);
  if (text.substr(body.size()) != std::string(kChecksumKey) + hex8(crc32(body)) + "\n") {
    return record_error(ErrorCode::kDamaged, kind, "the checksum does not match");
  }
  std::string_view line;
  if (!take_line(body, line) || line.substr(0, kFirstWord.size()) != kFirstWord) {
    return record_error(ErrorCode::kInvalid, kind, "is no duru-run record");
  }
  auto version = parse_number<int>(line.substr(kFirstWord.size()));
  if (version != kProtocolVersion) {
    return record_error(ErrorCode::kUnsupported, kind,
                        "is of version " + std::string(line.substr(kFirstWord.size())) +
                            "; this build knows version " + std::to_string(kProtocolVersion));
  }
  if (!take_line(body, line) || line != "kind=" + std::string(kind)) {
    return record_error(ErrorCode::kInvalid, kind, "is of another kind");
  }
  RecordFile record{std::string(kind)};
  std::string value;
  while (take_line(body, line)) {
    std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || !unescape(line.substr(equals + 1), value)) {
      return record_error(ErrorCode::kInvalid, kind, "has a line that is not key=value");
    }
    record.add(line.substr(0, equals), value);
  }
  return record;
}

Status write_durably(int folder_fd, const std::string& name, std::string_view bytes) {
  // Server threads may write the same name at once; a name of its own keeps their parts apart.
  std::string draft = "." + name + "." + std::to_string(::gettid()) + ".tmp";
  {
    Fd file(::openat(folder_fd, draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file.valid()) return system_error("create " + draft, errno);
    while (!bytes.empty()) {
      ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        Error error = system_error("write " + draft, errno);
        ::unlinkat(folder_fd, draft.c_str(), 0);
        return error;
      }
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(file.get()) != 0) {
      Error error = system_error("fsync " + draft, errno);
      ::unlinkat(folder_fd, draft.c_str(), 0);
      return error;
    }
  }
  if (::renameat(folder_fd, draft.c_str(), folder_fd, name.c_str()) != 0) {
    return system_error("rename " + draft, errno);
  }
  if (::fsync(folder_fd) != 0) return system_error("fsync of the run folder", errno);
  return ok_status();
}

Result<std::string> read_whole(int folder_fd, const std::string& name) {
  Fd file(::openat(folder_fd, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return system_error("open " + name, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return system_error("stat " + name, errno);
  if (!S_ISREG(status.st_mode) || static_cast<std::size_t>(status.st_size) > kRecordBytesMax) {
    return record_error(ErrorCode::kInvalid, name, "is too large, or not a plain file");
  }
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    ssize_t got = ::read(file.get(), bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read " + name, errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

Result<RecordFile> read_record(int folder_fd, const std::string& name, std::string_view kind) {
  auto text = read_whole(folder_fd, name);
  if (!text.ok()) return text.error();
  return RecordFile::parse(text.value(), kind);
}

}  // namespace duru::supervisor
