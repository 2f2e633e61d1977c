#include "duru/journal/memory_journal.h"

#include <gtest/gtest.h>

#include <vector>

#include "duru/journal/test_support.h"

namespace duru {
namespace {

using testing::append_entries;
using testing::entry_number;
using testing::expected_entries;
using testing::read_all;

struct Heard {
  std::vector<std::int64_t> durable;
  std::vector<Error> failures;

  void listen(Journal& journal) {
    journal.set_listener([this](std::int64_t seq) { durable.push_back(seq); },
                         [this](const Error& error) { failures.push_back(error); });
  }
};

TEST(MemoryJournal, tells_the_listener_inside_append_when_nothing_is_held) {
  MemoryJournal journal;
  Heard heard;
  heard.listen(journal);
  append_entries(journal, 0, 3);
  EXPECT_EQ(heard.durable, (std::vector<std::int64_t>{1, 3, 6}));
  EXPECT_EQ(journal.tail().last_seq, 6);
  EXPECT_TRUE(journal.flush().ok());
  EXPECT_EQ(read_all(journal).value(), expected_entries(3));
}

TEST(MemoryJournal, holds_entries_until_they_are_released) {
  MemoryJournal journal(MemoryJournal::Durability::kHeld);
  Heard heard;
  heard.listen(journal);
  append_entries(journal, 0, 3);
  EXPECT_TRUE(heard.durable.empty());
  EXPECT_EQ(journal.tail(), Tail{});
  EXPECT_EQ(journal.queued_seq(), 6);
  EXPECT_TRUE(read_all(journal).value().empty());
  EXPECT_EQ(journal.flush().error().code, ErrorCode::kUnavailable);

  journal.release(5);  // in the middle of the third entry, which waits
  EXPECT_EQ(heard.durable, (std::vector<std::int64_t>{3}));
  journal.release(5);
  EXPECT_EQ(heard.durable.size(), 1U) << "nothing new, nothing said";
  journal.release_all();
  EXPECT_EQ(heard.durable, (std::vector<std::int64_t>{3, 6}));
  EXPECT_TRUE(journal.flush().ok());
}

TEST(MemoryJournal, a_failure_is_final_and_loses_what_was_held) {
  MemoryJournal journal(MemoryJournal::Durability::kHeld);
  Heard heard;
  heard.listen(journal);
  append_entries(journal, 0, 2);
  journal.release(1);
  journal.fail(Error{ErrorCode::kExhausted, "the disk is full"});
  journal.fail(Error{ErrorCode::kInternal, "again"});
  journal.release_all();
  journal.append(entry_number(2));
  EXPECT_EQ(heard.durable, (std::vector<std::int64_t>{1}));
  ASSERT_EQ(heard.failures.size(), 1U);
  EXPECT_EQ(heard.failures[0].message, "the disk is full");
  EXPECT_FALSE(journal.flush().ok());
  EXPECT_FALSE(journal.record_alive(1).ok());
  EXPECT_EQ(journal.tail().last_seq, 1);
}

TEST(MemoryJournal, an_entry_that_does_not_follow_fails_it) {
  MemoryJournal journal;
  Heard heard;
  heard.listen(journal);
  journal.append(entry_number(1));
  ASSERT_EQ(heard.failures.size(), 1U);
  EXPECT_EQ(heard.failures[0].code, ErrorCode::kInvalid);
  EXPECT_EQ(journal.tail(), Tail{});
}

TEST(MemoryJournal, its_listener_may_append) {
  MemoryJournal journal;
  std::vector<std::int64_t> durable;
  journal.set_listener(
      [&](std::int64_t seq) {
        durable.push_back(seq);
        if (durable.size() < 3) {
          journal.append(entry_number(static_cast<std::int64_t>(durable.size())));
        }
      },
      nullptr);
  journal.append(entry_number(0));
  EXPECT_EQ(durable, (std::vector<std::int64_t>{1, 3, 6}));
}

TEST(MemoryJournal, reads_from_the_first_entry_that_starts_at_or_after_a_fact) {
  MemoryJournal journal;
  append_entries(journal, 0, 4);
  EXPECT_EQ(read_all(journal, 3).value().front(), entry_number(2));  // fact 3 is inside entry 1
  EXPECT_EQ(read_all(journal, 4).value().front(), entry_number(2));
  EXPECT_TRUE(read_all(journal, 8).value().empty());
}

TEST(MemoryJournal, a_visitors_error_ends_the_reading) {
  MemoryJournal journal;
  append_entries(journal, 0, 4);
  int visits = 0;
  const Status status = journal.read(1, [&](const Entry&) -> Status {
    if (++visits == 2) return Error{ErrorCode::kUnsupported, "kind 9 is not known"};
    return ok_status();
  });
  EXPECT_EQ(visits, 2);
  EXPECT_EQ(status.error().message, "kind 9 is not known");
}

TEST(MemoryJournal, knows_the_chain_at_the_ends_of_entries_only) {
  MemoryJournal journal;
  append_entries(journal, 0, 3);
  EXPECT_EQ(journal.chain_at(0).value(), Digest{});
  EXPECT_EQ(journal.chain_at(6).value(), journal.tail().chain);
  EXPECT_EQ(journal.chain_at(5).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(journal.chain_at(7).error().code, ErrorCode::kNotFound);
}

TEST(MemoryJournal, remembers_when_it_was_last_alive) {
  MemoryJournal journal;
  EXPECT_EQ(journal.alive_ms(), 0);
  EXPECT_TRUE(journal.record_alive(77).ok());
  EXPECT_EQ(journal.alive_ms(), 77);
}

}  // namespace
}  // namespace duru
