// Damaged files: a journal either serves all that was acknowledged, or refuses and touches nothing.
#include <gtest/gtest.h>

#include <map>

#include "duru/journal/sqlite/recovery.h"
#include "duru/journal/sqlite/sqlite_journal.h"
#include "duru/journal/sqlite/test_journal.h"
#include "duru/journal/sqlite/verify.h"

namespace duru {
namespace {

using testing::entry_number;
using testing::expected_entries;
using testing::file_bytes;
using testing::read_all;
using testing::write_file;

constexpr std::int64_t kEntries = 40;
const std::int64_t kLastSeq = entry_number(kEntries - 1).last_seq();

std::map<std::string, std::string> contents(const std::string& dir) {
  std::map<std::string, std::string> files;
  for (const char* name : {"/journal.db", "/journal.db-wal", "/head"}) {
    if (std::filesystem::exists(dir + name)) files[name] = file_bytes(dir + name);
  }
  return files;
}

class DamageTest : public ::testing::Test {
 protected:
  // What opening and reading says: nothing if all entries are there and right.
  std::optional<Error> serve() const {
    auto journal = SqliteJournal::open(copy_);
    return journal.ok() ? read_from(*journal.value()) : journal.error();
  }
  static std::optional<Error> read_from(JournalReader& journal) {
    auto entries = read_all(journal);
    if (!entries.ok()) return entries.error();
    EXPECT_EQ(entries.value(), expected_entries(kEntries)) << "served something else";
    return std::nullopt;
  }

  // Damages one file of a fresh copy and checks what must hold however it is damaged. Gives
  // whether it was refused.
  bool refuses_or_serves(const std::string& name, const std::string& bytes) {
    testing::copy_journal(good_, copy_);
    write_file(copy_ + name, bytes);
    const auto before = contents(copy_);
    auto journal = SqliteJournal::open(copy_);
    if (!journal.ok()) {
      EXPECT_FALSE(journal.error().message.empty());
      auto after = contents(copy_);
      // Opening a log makes an empty one where there was none.
      if (before.count("/journal.db-wal") == 0) after.erase("/journal.db-wal");
      EXPECT_TRUE(after == before) << "a refusal changed a file: " << journal.error().message;
      const Result<JournalReport> report = verify_journal(copy_);
      EXPECT_TRUE(!report.ok() || !report.value().sound()) << journal.error().message;
      return true;
    }
    return read_from(*journal.value()).has_value();
  }

  testing::TemporaryFolder folder_;
  const std::string good_ = folder_.path() + "/good";
  const std::string copy_ = folder_.path() + "/copy";
};

TEST_F(DamageTest, a_flipped_bit_in_the_log_never_loses_acknowledged_facts_in_silence) {
  ASSERT_TRUE(testing::make_crashed_journal(good_, kEntries));
  const std::string log = file_bytes(good_ + "/journal.db-wal");
  ASSERT_GT(log.size(), 100'000U);
  int refused = 0;
  for (std::size_t i = 0; i < log.size(); i += 1237) {
    std::string bad = log;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    refused += refuses_or_serves("/journal.db-wal", bad);
    ASSERT_FALSE(HasFailure()) << "byte " << i;
  }
  EXPECT_GT(refused, 50) << "SQLite drops what stands behind a damaged frame";
}

TEST_F(DamageTest, a_truncated_log_is_noticed) {
  ASSERT_TRUE(testing::make_crashed_journal(good_, kEntries));
  const std::string log = file_bytes(good_ + "/journal.db-wal");
  for (std::size_t length = 0; length < log.size(); length += 4111) {
    EXPECT_TRUE(refuses_or_serves("/journal.db-wal", log.substr(0, length))) << length;
    ASSERT_FALSE(HasFailure()) << "length " << length;
  }
  EXPECT_FALSE(refuses_or_serves("/journal.db-wal", log));
}

TEST_F(DamageTest, a_flipped_bit_in_the_database_is_refused_or_harmless) {
  ASSERT_TRUE(testing::make_closed_journal(good_, kEntries));
  const std::string database = file_bytes(good_ + "/journal.db");
  int refused = 0;
  for (std::size_t i = 0; i < database.size(); i += i < 100 ? 1 : 211) {
    std::string bad = database;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    refused += refuses_or_serves("/journal.db", bad);
    ASSERT_FALSE(HasFailure()) << "byte " << i;
  }
  EXPECT_GT(refused, 40);
}

TEST_F(DamageTest, a_truncated_database_is_refused) {
  ASSERT_TRUE(testing::make_closed_journal(good_, kEntries));
  const std::string database = file_bytes(good_ + "/journal.db");
  for (std::size_t length = 0; length < database.size(); length += 1021) {
    EXPECT_TRUE(refuses_or_serves("/journal.db", database.substr(0, length))) << length;
    ASSERT_FALSE(HasFailure()) << "length " << length;
  }
}

TEST_F(DamageTest, a_damaged_body_is_named_by_its_record_and_is_one_problem) {
  ASSERT_TRUE(testing::make_closed_journal(good_, kEntries));
  std::string database = file_bytes(good_ + "/journal.db");
  const std::size_t body = database.find("entry 7: ");
  ASSERT_NE(body, std::string::npos);
  database[body + 20] = 'Z';
  testing::copy_journal(good_, copy_);
  write_file(copy_ + "/journal.db", database);
  const std::string record = "record " + std::to_string(entry_number(7).first_seq);
  const std::optional<Error> error = serve();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kDamaged);
  EXPECT_NE(error->message.find(record), std::string::npos) << error->message;

  const JournalReport report = verify_journal(copy_).value();
  ASSERT_EQ(report.problem_count, 1);
  EXPECT_NE(report.problems[0].find(record), std::string::npos) << report.problems[0];
  EXPECT_EQ(report.entry_count, kEntries);
}

TEST_F(DamageTest, a_head_ahead_of_the_journal_names_the_facts_and_the_remedy) {
  ASSERT_TRUE(testing::make_closed_journal(good_, kEntries));
  testing::copy_journal(good_, copy_);
  ASSERT_TRUE(testing::make_closed_journal(folder_.path() + "/short", 10));
  std::filesystem::copy_file(folder_.path() + "/short/journal.db", copy_ + "/journal.db",
                             std::filesystem::copy_options::overwrite_existing);
  const std::optional<Error> error = serve();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kDamaged);
  EXPECT_NE(error->message.find("facts 20-79 were acknowledged and are missing"), std::string::npos)
      << error->message;
  EXPECT_NE(error->message.find("accept-loss --to 19"), std::string::npos) << error->message;
}

TEST_F(DamageTest, a_loss_is_accepted_only_as_it_is_and_then_served) {
  ASSERT_TRUE(testing::make_crashed_journal(copy_, kEntries));
  const std::string log = file_bytes(copy_ + "/journal.db-wal");
  EXPECT_EQ(accept_loss(copy_, kLastSeq).error().code, ErrorCode::kConflict) << "nothing missing";
  write_file(copy_ + "/journal.db-wal", log.substr(0, log.size() / 2));
  const std::int64_t tail = SqliteJournal::open_readonly(copy_).value()->tail().last_seq;
  ASSERT_LT(tail, kLastSeq);
  EXPECT_FALSE(SqliteJournal::open(copy_).ok());
  EXPECT_EQ(accept_loss(copy_, tail - 1).error().code, ErrorCode::kInvalid);
  const Result<AcceptedLoss> loss = accept_loss(copy_, tail);
  ASSERT_TRUE(loss.ok()) << loss.error().message;
  EXPECT_EQ(loss.value().first_missing_seq, tail + 1);
  EXPECT_EQ(loss.value().last_missing_seq, kLastSeq);
  auto journal = SqliteJournal::open(copy_);
  ASSERT_TRUE(journal.ok()) << journal.error().message;
  EXPECT_EQ(journal.value()->tail().last_seq, tail);
  EXPECT_EQ(accept_loss(copy_, tail).error().code, ErrorCode::kConflict) << "a server runs";
}

TEST_F(DamageTest, a_lost_database_is_not_a_new_journal) {
  ASSERT_TRUE(testing::make_closed_journal(copy_, kEntries));
  std::filesystem::remove(copy_ + "/journal.db");
  std::filesystem::remove(copy_ + "/journal.db-wal");
  const std::optional<Error> error = serve();
  ASSERT_TRUE(error);
  EXPECT_NE(error->message.find("facts 1-79 were acknowledged and are missing"), std::string::npos)
      << error->message;
  ASSERT_TRUE(accept_loss(copy_, 0).ok());
  EXPECT_EQ(SqliteJournal::open(copy_).value()->tail(), Tail{});
}

TEST_F(DamageTest, a_lost_or_spoilt_head_is_refused_until_a_person_accepts_it) {
  ASSERT_TRUE(testing::make_closed_journal(good_, kEntries));
  for (const bool lost : {true, false}) {
    testing::copy_journal(good_, copy_);
    if (lost) {
      std::filesystem::remove(copy_ + "/head");
    } else {
      write_file(copy_ + "/head", "nonsense");
    }
    const std::optional<Error> error = serve();
    ASSERT_TRUE(error);
    EXPECT_NE(error->message.find("accept-loss --to 79"), std::string::npos) << error->message;
    EXPECT_FALSE(verify_journal(copy_).value().sound());
    ASSERT_TRUE(accept_loss(copy_, kLastSeq).ok());
    EXPECT_FALSE(serve());
  }
}

TEST_F(DamageTest, a_torn_head_slot_after_a_crash_is_survived) {
  ASSERT_TRUE(testing::make_crashed_journal(good_, kEntries));
  const std::string head = file_bytes(good_ + "/head");
  for (const std::int64_t slot : {std::int64_t{0}, kHeadSlotStride}) {
    std::string torn = head;
    torn.replace(static_cast<std::size_t>(slot) + 30, 40, std::string(40, '\0'));
    EXPECT_FALSE(refuses_or_serves("/head", torn));
  }
}

TEST_F(DamageTest, a_head_of_another_history_is_refused) {
  ASSERT_TRUE(testing::make_closed_journal(good_, kEntries));
  Head head = load_head(good_ + "/head").value().value();
  head.chain = sha256("another history");
  testing::copy_journal(good_, copy_);
  ASSERT_TRUE(create_head(copy_ + "/head", head).ok());
  const std::optional<Error> error = serve();
  ASSERT_TRUE(error);
  EXPECT_NE(error->message.find("not of one history"), std::string::npos) << error->message;
}

}  // namespace
}  // namespace duru
