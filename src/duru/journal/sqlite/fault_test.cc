// Every write and sync of SQLite fails once, or from then on: what was acknowledged stays durable,
// the failure is told once, and nothing is acknowledged after it.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <cstring>

#include "duru/journal/sqlite/sqlite_journal.h"
#include "duru/journal/sqlite/test_journal.h"
#include "duru/journal/sqlite/verify.h"

namespace duru {
namespace {

using testing::entry_number;
using testing::expected_entries;
using testing::read_all;

// A layer over SQLite's own file system that counts operations and fails chosen ones.
struct Faults {
  std::atomic<int> operation{0};
  std::atomic<int> first{-1};  // the operation that fails; -1: none
  std::atomic<bool> for_ever{false};
  std::atomic<int> code{SQLITE_IOERR_WRITE};
  std::atomic<bool> syncs_only{false};

  bool hit(bool is_sync) {
    if (syncs_only && !is_sync) return false;
    const int number = operation++;
    return first >= 0 && (for_ever ? number >= first : number == first);
  }
};
Faults faults;

struct FaultFile {
  sqlite3_file base;
  sqlite3_io_methods methods;
  const sqlite3_io_methods* real_methods;
};

// The real file stands where it always does; only its table of methods is exchanged, and the
// original is found in a place behind it.
sqlite3_vfs* real_vfs = nullptr;

FaultFile* behind(sqlite3_file* file) {
  char* const bytes = reinterpret_cast<char*>(file) + (real_vfs->szOsFile + 15) / 16 * 16;
  return reinterpret_cast<FaultFile*>(bytes);
}

int faulty_write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  if (faults.hit(false)) return faults.code;
  return behind(file)->real_methods->xWrite(file, bytes, count, offset);
}

int faulty_sync(sqlite3_file* file, int flags) {
  if (faults.hit(true)) return faults.syncs_only ? SQLITE_IOERR_FSYNC : faults.code.load();
  return behind(file)->real_methods->xSync(file, flags);
}

int faulty_open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  const int code = real_vfs->xOpen(real_vfs, name, file, flags, flags_out);
  if (code != SQLITE_OK || file->pMethods == nullptr) return code;
  FaultFile* const extra = behind(file);
  extra->real_methods = file->pMethods;
  extra->methods = *file->pMethods;
  extra->methods.xWrite = faulty_write;
  extra->methods.xSync = faulty_sync;
  file->pMethods = &extra->methods;
  return code;
}

class FaultTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    real_vfs = sqlite3_vfs_find(nullptr);
    static sqlite3_vfs faulty;
    faulty = *real_vfs;
    faulty.zName = "faulty";
    faulty.pNext = nullptr;
    faulty.szOsFile = (real_vfs->szOsFile + 15) / 16 * 16 + static_cast<int>(sizeof(FaultFile));
    faulty.xOpen = faulty_open;
    ASSERT_EQ(sqlite3_vfs_register(&faulty, 1), SQLITE_OK);
  }
  static void TearDownTestSuite() { sqlite3_vfs_register(real_vfs, 1); }
  void SetUp() override {
    faults.first = -1;
    faults.for_ever = false;
    faults.syncs_only = false;
    faults.code = SQLITE_IOERR_WRITE;
    body_bytes = 0;
  }
  void TearDown() override { faults.first = -1; }

  struct Outcome {
    std::int64_t acknowledged = 0;
    int failures = 0;
    int acknowledged_after_failure = 0;
    Error error;
  };

  static Entry entry_of(std::int64_t index) {
    Entry entry = entry_number(index);
    if (body_bytes > 0) entry.body.assign(body_bytes, static_cast<char>('a' + index));
    return entry;
  }

  static bool opens_under_fault(const std::string& dir, int first) {
    faults.operation = 0;
    faults.first = first;
    const bool opened = SqliteJournal::open(dir).ok();
    faults.first = -1;
    return opened;
  }

  // Opens a new journal and appends one by one while the fault is armed.
  static Outcome append_under_fault(const std::string& dir, int first) {
    Outcome outcome;
    auto journal = SqliteJournal::open(dir);
    if (!journal.ok()) {
      ADD_FAILURE() << journal.error().message;
      return outcome;
    }
    journal.value()->set_listener(
        [&](std::int64_t seq) {
          outcome.acknowledged = seq;
          outcome.acknowledged_after_failure += outcome.failures;
        },
        [&](const Error& error) {
          ++outcome.failures;
          outcome.error = error;
        });
    faults.operation = 0;
    faults.first = first;
    for (std::int64_t i = 0; i < kEntries; ++i) {
      journal.value()->append(entry_of(i));
      (void)journal.value()->flush().ok();
    }
    journal.value().reset();
    faults.first = -1;
    return outcome;
  }

  // What must hold after any fault; gives whether the fault was met.
  static bool check(int first) {
    const testing::TemporaryFolder folder;
    const std::string dir = folder.path() + "/data";
    const Outcome outcome = append_under_fault(dir, first);
    EXPECT_LE(outcome.failures, 1);
    EXPECT_EQ(outcome.acknowledged_after_failure, 0);
    EXPECT_TRUE(verify_journal(dir).value().sound());
    auto journal = SqliteJournal::open(dir);
    EXPECT_TRUE(journal.ok()) << journal.error().message;
    if (!journal.ok()) return false;
    EXPECT_GE(journal.value()->tail().last_seq, outcome.acknowledged);
    const auto entries = read_all(*journal.value());
    EXPECT_TRUE(entries.ok());
    if (!entries.ok()) return false;
    std::int64_t index = 0;
    for (const Entry& entry : entries.value()) EXPECT_TRUE(entry == entry_of(index++));
    if (outcome.failures == 0) {
      EXPECT_EQ(outcome.acknowledged, entry_number(kEntries - 1).last_seq());
    } else {
      EXPECT_FALSE(outcome.error.retryable) << "a failure is final";
    }
    return outcome.failures == 1;
  }

  static constexpr std::int64_t kEntries = 6;
  static inline std::size_t body_bytes = 0;  // of each entry; 0: as entry_number has it
};

TEST_F(FaultTest, without_a_fault_all_is_acknowledged) { EXPECT_FALSE(check(-1)); }

TEST_F(FaultTest, any_operation_may_fail_once_or_for_ever_and_with_any_code) {
  for (const bool for_ever : {false, true}) {
    for (const int code : {SQLITE_IOERR_WRITE, SQLITE_FULL}) {
      faults.for_ever = for_ever;
      faults.code = code;
      int first = 0;
      while (check(first)) ++first;
      EXPECT_GT(first, 12) << "each of six commits writes and syncs";
    }
  }
}

TEST_F(FaultTest, any_sync_may_fail_and_the_outcome_is_unknown) {
  for (const bool for_ever : {false, true}) {
    faults.for_ever = for_ever;
    faults.syncs_only = true;
    int first = 0;
    while (check(first)) ++first;
    EXPECT_GE(first, kEntries);
    const testing::TemporaryFolder folder;
    const Outcome outcome = append_under_fault(folder.path() + "/data", 0);
    ASSERT_EQ(outcome.failures, 1);
    EXPECT_TRUE(outcome.error.outcome_unknown);
  }
}

TEST_F(FaultTest, any_sync_of_a_checkpoint_may_fail) {
  faults.for_ever = false;
  faults.syncs_only = true;
  body_bytes = 1'500'000;  // the third commit makes a checkpoint due
  int first = 0;
  while (check(first)) ++first;
  EXPECT_GE(first, kEntries + 2) << "a checkpoint syncs the log and the database";
}

TEST_F(FaultTest, any_operation_of_opening_may_fail_and_nothing_is_lost) {
  const testing::TemporaryFolder folder;
  const std::string good = folder.path() + "/good";
  const std::string copy = folder.path() + "/copy";
  ASSERT_TRUE(testing::make_crashed_journal(good, kEntries));
  for (const bool for_ever : {false, true}) {
    faults.for_ever = for_ever;
    int first = 0;
    for (bool refused = true; refused; ++first) {
      testing::copy_journal(good, copy);
      refused = !opens_under_fault(copy, first);
      auto journal = SqliteJournal::open(copy);
      ASSERT_TRUE(journal.ok()) << journal.error().message;
      ASSERT_EQ(read_all(*journal.value()).value(), expected_entries(kEntries)) << first;
    }
    EXPECT_GT(first, 3) << "opening moves the log into the database";
  }
}

TEST_F(FaultTest, any_operation_of_creating_may_fail_and_be_done_again) {
  for (const bool for_ever : {false, true}) {
    faults.for_ever = for_ever;
    int first = 0;
    for (bool refused = true; refused; ++first) {
      const testing::TemporaryFolder folder;
      const std::string dir = folder.path() + "/data";
      refused = !opens_under_fault(dir, first);
      auto journal = SqliteJournal::open(dir);
      ASSERT_TRUE(journal.ok()) << journal.error().message;
      ASSERT_EQ(journal.value()->tail(), Tail{});
      ASSERT_TRUE(verify_journal(dir).value().sound());
    }
    EXPECT_GT(first, 5);
  }
}

TEST_F(FaultTest, a_full_disk_is_called_so) {
  faults.for_ever = true;
  faults.code = SQLITE_FULL;
  const testing::TemporaryFolder folder;
  const Outcome outcome = append_under_fault(folder.path() + "/data", 10);
  ASSERT_EQ(outcome.failures, 1);
  EXPECT_EQ(outcome.error.code, ErrorCode::kExhausted);
}

}  // namespace
}  // namespace duru
