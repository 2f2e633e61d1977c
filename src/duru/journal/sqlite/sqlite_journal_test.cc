#include "duru/journal/sqlite/sqlite_journal.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <vector>

#include "duru/journal/snapshot.h"
#include "duru/journal/sqlite/test_journal.h"
#include "duru/journal/sqlite/verify.h"

namespace duru {
namespace {

using testing::append_entries;
using testing::entry_number;
using testing::expected_entries;
using testing::read_all;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class SqliteJournalTest : public ::testing::Test {
 protected:
  std::unique_ptr<SqliteJournal> open() {
    auto journal = SqliteJournal::open(dir_);
    EXPECT_TRUE(journal.ok()) << journal.error().message;
    return std::move(journal.value());
  }
  void execute(const std::string& sql) {
    sqlite3* connection = nullptr;
    ASSERT_EQ(sqlite3_open((dir_ + "/journal.db").c_str(), &connection), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(connection);
    sqlite3_close(connection);
  }

  testing::TemporaryFolder folder_;
  const std::string dir_ = folder_.path() + "/data";
};

TEST_F(SqliteJournalTest, an_empty_folder_becomes_an_empty_journal) {
  auto journal = open();
  EXPECT_EQ(journal->tail(), Tail{});
  EXPECT_EQ(journal->alive_ms(), 0);
  EXPECT_TRUE(read_all(*journal).value().empty());
  EXPECT_TRUE(journal->flush().ok());
  EXPECT_TRUE(verify_journal(dir_).value().sound());
}

TEST_F(SqliteJournalTest, what_was_flushed_is_there_after_reopening) {
  Tail tail;
  {
    auto journal = open();
    append_entries(*journal, 0, 50);
    ASSERT_TRUE(journal->flush().ok());
    tail = journal->tail();
    EXPECT_EQ(read_all(*journal).value(), expected_entries(50));
  }
  auto journal = open();
  EXPECT_EQ(journal->tail(), tail);
  EXPECT_EQ(read_all(*journal).value(), expected_entries(50));
  append_entries(*journal, 50, 10);
  ASSERT_TRUE(journal->flush().ok());
  EXPECT_EQ(read_all(*journal).value(), expected_entries(60));
}

TEST_F(SqliteJournalTest, its_files_are_its_owners_alone) {
  auto journal = open();
  append_entries(*journal, 0, 1);
  ASSERT_TRUE(journal->flush().ok());
  for (const char* name : {"", "/journal.db", "/journal.db-wal", "/head", "/lock"}) {
    const auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
    EXPECT_EQ(std::filesystem::status(dir_ + name).permissions() & others,
              std::filesystem::perms::none)
        << name;
  }
}

TEST_F(SqliteJournalTest, closing_stores_what_is_queued) {
  append_entries(*open(), 0, 30);
  EXPECT_EQ(read_all(*open()).value(), expected_entries(30));
}

TEST_F(SqliteJournalTest, the_listener_hears_rising_numbers_and_the_last_one) {
  auto journal = open();
  std::vector<std::int64_t> heard;
  journal->set_listener(
      [&](std::int64_t seq) {
        EXPECT_EQ(journal->tail().last_seq, seq) << "what is told is already the tail";
        heard.push_back(seq);
      },
      [](const Error& error) { ADD_FAILURE() << error.message; });
  append_entries(*journal, 0, 200);
  ASSERT_TRUE(journal->flush().ok());
  ASSERT_FALSE(heard.empty());
  EXPECT_TRUE(std::is_sorted(heard.begin(), heard.end()));
  EXPECT_EQ(heard.back(), entry_number(199).last_seq());
}

TEST_F(SqliteJournalTest, reads_the_tail_after_a_fact) {
  auto journal = open();
  append_entries(*journal, 0, 600);  // more than one read transaction
  ASSERT_TRUE(journal->flush().ok());
  const std::int64_t from = entry_number(10).first_seq;
  const std::vector<Entry> tail = read_all(*journal, from).value();
  ASSERT_EQ(tail.size(), 590U);
  EXPECT_EQ(tail.front(), entry_number(10));
  EXPECT_EQ(tail.back(), entry_number(599));
  EXPECT_EQ(read_all(*journal, entry_number(8).first_seq + 1).value().front(), entry_number(9));
  EXPECT_TRUE(read_all(*journal, 1'000'000).value().empty());
}

TEST_F(SqliteJournalTest, a_visitors_error_ends_the_reading) {
  auto journal = open();
  append_entries(*journal, 0, 5);
  ASSERT_TRUE(journal->flush().ok());
  const Status status = journal->read(1, [](const Entry&) -> Status {
    return Error{ErrorCode::kUnsupported, "kind 9"};
  });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "kind 9");
}

TEST_F(SqliteJournalTest, an_entry_with_an_empty_body_is_an_entry) {
  auto journal = open();
  Entry entry = entry_number(0);
  entry.body.clear();
  journal->append(entry);
  ASSERT_TRUE(journal->flush().ok());
  EXPECT_EQ(read_all(*journal).value(), std::vector<Entry>{entry});
}

TEST_F(SqliteJournalTest, an_entry_that_does_not_follow_fails_it_for_good) {
  auto journal = open();
  std::vector<Error> failures;
  journal->set_listener(nullptr, [&](const Error& error) { failures.push_back(error); });
  append_entries(*journal, 0, 3);
  ASSERT_TRUE(journal->flush().ok());
  journal->append(entry_number(5));
  EXPECT_FALSE(journal->flush().ok());
  append_entries(*journal, 3, 3);
  EXPECT_FALSE(journal->flush().ok());
  EXPECT_EQ(journal->tail().last_seq, entry_number(2).last_seq());
  journal.reset();
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].code, ErrorCode::kInvalid);
  EXPECT_EQ(read_all(*open()).value(), expected_entries(3));
}

TEST_F(SqliteJournalTest, a_second_server_on_the_folder_is_refused_by_name) {
  auto journal = open();
  auto second = SqliteJournal::open(dir_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(contains(second.error().message, "process " + std::to_string(::getpid())))
      << second.error().message;
  journal.reset();
  EXPECT_TRUE(SqliteJournal::open(dir_).ok());
}

TEST_F(SqliteJournalTest, a_second_writer_that_slipped_in_ends_the_first) {
  auto journal = open();
  append_entries(*journal, 0, 3);
  ASSERT_TRUE(journal->flush().ok());
  {
    // No lock holds this one: as on a file system that forgets locks.
    auto other = JournalDatabase::open(dir_ + "/journal.db", JournalDatabase::Mode::kReadWrite);
    Entry takeover = entry_number(3);
    takeover.term = 7;
    ASSERT_TRUE(other.value()->append(journal->tail(), {takeover}).ok());
  }
  append_entries(*journal, 3, 1);
  const Status status = journal->flush();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(contains(status.error().message, "another server has taken over"))
      << status.error().message;
  EXPECT_FALSE(journal->record_alive(1).ok()) << "the head is no longer ours to write";
  journal.reset();
  EXPECT_EQ(read_all(*open()).value().back().term, 7);
}

TEST_F(SqliteJournalTest, a_reader_works_beside_the_server_and_after_it) {
  auto journal = open();
  append_entries(*journal, 0, 20);
  ASSERT_TRUE(journal->flush().ok());
  ASSERT_TRUE(journal->record_alive(4711).ok());
  auto reader = SqliteJournal::open_readonly(dir_);
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  EXPECT_EQ(reader.value()->tail(), journal->tail());
  EXPECT_EQ(reader.value()->alive_ms(), 4711);
  append_entries(*journal, 20, 20);
  ASSERT_TRUE(journal->flush().ok());
  EXPECT_EQ(read_all(*reader.value()).value(), expected_entries(40));
  journal.reset();
  EXPECT_EQ(read_all(*reader.value()).value(), expected_entries(40));
  EXPECT_EQ(SqliteJournal::open_readonly(folder_.path()).error().code, ErrorCode::kNotFound);
}

TEST_F(SqliteJournalTest, the_alive_time_survives_a_crash_and_later_commits) {
  ASSERT_EQ(testing::in_child([&] {
              auto journal = SqliteJournal::open(dir_);
              if (!journal.ok() || !journal.value()->record_alive(4711).ok()) return 1;
              append_entries(*journal.value(), 0, 2);
              if (!journal.value()->flush().ok()) return 2;
              return journal.value().release() == nullptr ? 3 : 0;
            }),
            0);
  EXPECT_EQ(open()->alive_ms(), 4711);
}

TEST_F(SqliteJournalTest, another_version_is_refused_naming_both) {
  open().reset();
  execute("PRAGMA user_version = 8");
  auto journal = SqliteJournal::open(dir_);
  ASSERT_FALSE(journal.ok());
  EXPECT_EQ(journal.error().code, ErrorCode::kUnsupported);
  EXPECT_TRUE(contains(journal.error().message, "format 8; this build reads format 1"))
      << journal.error().message;
}

TEST_F(SqliteJournalTest, a_database_of_somebody_else_is_refused) {
  std::filesystem::create_directory(dir_);
  execute("CREATE TABLE song (title TEXT)");
  auto journal = SqliteJournal::open(dir_);
  ASSERT_FALSE(journal.ok());
  EXPECT_EQ(journal.error().code, ErrorCode::kDamaged);
}

TEST_F(SqliteJournalTest, network_file_systems_are_named) {
  EXPECT_STREQ(network_file_system_name(0x6969), "NFS");
  EXPECT_STREQ(network_file_system_name(0xFE534D42), "SMB2");
  EXPECT_EQ(network_file_system_name(0xEF53), nullptr);
  EXPECT_TRUE(refuse_network_file_system(folder_.path()).ok());
}

TEST_F(SqliteJournalTest, a_snapshot_is_used_only_on_the_chain_it_was_made_on) {
  auto journal = open();
  append_entries(*journal, 0, 6);
  ASSERT_TRUE(journal->flush().ok());
  const std::int64_t seq = entry_number(4).last_seq();
  ASSERT_TRUE(write_snapshot(dir_, {1, seq, journal->chain_at(seq).value()}, "state").ok());
  EXPECT_EQ(newest_snapshot(dir_, 1, *journal).value()->body, "state");
  ASSERT_TRUE(write_snapshot(dir_, {1, seq, sha256("another")}, "state").ok());
  EXPECT_FALSE(newest_snapshot(dir_, 1, *journal).value());
}

TEST_F(SqliteJournalTest, a_long_log_is_moved_into_the_database_meanwhile) {
  auto journal = open();
  std::int64_t index = 0;
  for (; index < 40; ++index) {
    Entry entry = entry_number(index);
    entry.body.assign(200'000, 'x');
    journal->append(entry);
    ASSERT_TRUE(journal->flush().ok());
  }
  EXPECT_GT(std::filesystem::file_size(dir_ + "/journal.db"), 3'000'000U);
  EXPECT_LT(std::filesystem::file_size(dir_ + "/journal.db-wal"), 7'000'000U);
  EXPECT_EQ(read_all(*journal).value().size(), 40U);
  EXPECT_TRUE(verify_journal(dir_).value().sound());
}

}  // namespace
}  // namespace duru
