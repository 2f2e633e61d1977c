// A record file: how the supervisor and the engine tell each other things on disk. Lines of
// `key=value`, a version line first and a checksum line last, so that a person can read it, a torn
// one is noticed, and a newer writer may add keys that an older reader passes over:
//
//   duru-run 1
//   kind=exit
//   reason=exited
//   exit_code=3
//   crc32=9ae0daaf
//
// A key may come more than once (`argv=`); order is kept. In values, a newline is written `\n` and
// a backslash `\\`; every other byte but NUL stands for itself.
//
//   RecordFile record("exit");
//   record.add("exit_code", 3);
//   DURU_TRY(write_durably(folder_fd, "exit", record.text()));
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "duru/base/result.h"

namespace duru::supervisor {

inline constexpr int kProtocolVersion = 1;
inline constexpr std::size_t kRecordBytesMax = 16U << 20;

class RecordFile {
 public:
  explicit RecordFile(std::string kind) : kind_(std::move(kind)) {}

  // `value` must hold no NUL (the caller checks what came from outside).
  void add(std::string_view key, std::string_view value);
  void add(std::string_view key, std::int64_t value);

  const std::string& kind() const { return kind_; }
  std::optional<std::string> text_of(std::string_view key) const;     // the first of that key
  std::optional<std::int64_t> number_of(std::string_view key) const;  // none: absent or no number
  std::vector<std::string> all_of(std::string_view key) const;

  std::string text() const;
  // kDamaged when torn or changed, kUnsupported for another version, kInvalid for another kind.
  static Result<RecordFile> parse(std::string_view text, std::string_view kind);

 private:
  std::string kind_;
  std::vector<std::pair<std::string, std::string>> entries_;
};

std::uint32_t crc32(std::string_view bytes);  // the one of zlib and PNG

// Replaces `name` in the folder so that, after a power cut, either the old or the whole new content
// is there: write, fsync, rename, fsync of the folder. May be repeated after any failure.
Status write_durably(int folder_fd, const std::string& name, std::string_view bytes);

// kNotFound when there is none, kInvalid when larger than kRecordBytesMax or no plain file.
Result<std::string> read_whole(int folder_fd, const std::string& name);
Result<RecordFile> read_record(int folder_fd, const std::string& name, std::string_view kind);

}  // namespace duru::supervisor
