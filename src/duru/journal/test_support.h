// What tests of journals share: entries that can be told apart, and a folder that goes away.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "duru/journal/journal.h"

namespace duru::testing {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "duru-test-XXXXXX").string();
    DURU_ASSERT(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The entry number `index` (from 0) of the journal that all tests write: 1, 2, 3, 1, 2, 3 ... facts
// each, with a body that depends on its number alone.
inline Entry entry_number(std::int64_t index) {
  Entry entry;
  const std::int64_t rest = index % 3;
  entry.first_seq = 1 + index / 3 * 6 + rest * (rest + 1) / 2;
  entry.fact_count = static_cast<std::int32_t>(rest + 1);
  entry.term = 1 + index / 10;
  entry.now_ms = 1'000'000 + index * 7;
  entry.cause_kind = static_cast<std::uint32_t>(index % 5);
  entry.body = "entry " + std::to_string(index) + ": ";
  entry.body.append(static_cast<std::size_t>(20 + index * 37 % 400), static_cast<char>('a' + rest));
  return entry;
}

inline void append_entries(Journal& journal, std::int64_t from_index, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) journal.append(entry_number(from_index + i));
}

inline std::vector<Entry> expected_entries(std::int64_t count) {
  std::vector<Entry> entries;
  for (std::int64_t i = 0; i < count; ++i) entries.push_back(entry_number(i));
  return entries;
}

inline Result<std::vector<Entry>> read_all(JournalReader& journal, std::int64_t from_seq = 1) {
  std::vector<Entry> entries;
  DURU_TRY(journal.read(from_seq, [&](const Entry& entry) {
    entries.push_back(entry);
    return ok_status();
  }));
  return entries;
}

}  // namespace duru::testing
