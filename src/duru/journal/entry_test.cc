#include "duru/journal/entry.h"

#include <gtest/gtest.h>

#include <limits>

#include "duru/journal/test_support.h"

namespace duru {
namespace {

using testing::entry_number;

TEST(Entry, canonical_bytes_are_as_documented) {
  const Entry entry{.first_seq = 0x0102030405060708,
                    .fact_count = 0x0a0b0c0d,
                    .term = 2,
                    .now_ms = 3,
                    .cause_kind = 4,
                    .body = "hi"};
  const std::string bytes(
      "\x08\x07\x06\x05\x04\x03\x02\x01"
      "\x0d\x0c\x0b\x0a"
      "\x02\0\0\0\0\0\0\0"
      "\x03\0\0\0\0\0\0\0"
      "\x04\0\0\0"
      "\x02\0\0\0\0\0\0\0"
      "hi",
      42);
  EXPECT_EQ(canonical_bytes(entry), bytes);
}

TEST(Entry, chain_hashes_the_value_before_and_the_canonical_bytes) {
  const Entry entry = entry_number(3);
  const Digest previous = sha256("anything");
  EXPECT_EQ(chain_entry(previous, entry),
            sha256(std::string(previous.raw()) + canonical_bytes(entry)));
}

TEST(Entry, chain_changes_with_every_field) {
  const Entry entry = entry_number(4);
  const Digest chain = chain_entry(Digest{}, entry);
  const auto changed = [&](auto change) {
    Entry other = entry;
    change(other);
    return chain_entry(Digest{}, other) != chain;
  };
  EXPECT_TRUE(changed([](Entry& e) { ++e.first_seq; }));
  EXPECT_TRUE(changed([](Entry& e) { ++e.fact_count; }));
  EXPECT_TRUE(changed([](Entry& e) { ++e.term; }));
  EXPECT_TRUE(changed([](Entry& e) { ++e.now_ms; }));
  EXPECT_TRUE(changed([](Entry& e) { ++e.cause_kind; }));
  EXPECT_TRUE(changed([](Entry& e) { e.body += '\0'; }));
  EXPECT_NE(chain_entry(sha256("x"), entry), chain);
}

TEST(Entry, an_entry_must_follow_densely_and_never_go_back) {
  Tail tail;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(check_follows(tail, entry_number(i)).ok()) << i;
    tail = advance(tail, entry_number(i));
    EXPECT_EQ(tail.last_seq, entry_number(i).last_seq());
  }
  const auto refused = [&](auto change) {
    Entry entry = entry_number(20);
    change(entry);
    return !check_follows(tail, entry).ok();
  };
  EXPECT_FALSE(refused([](Entry&) {}));
  EXPECT_TRUE(refused([](Entry& e) { ++e.first_seq; }));
  EXPECT_TRUE(refused([](Entry& e) { --e.first_seq; }));
  EXPECT_TRUE(refused([](Entry& e) { e.fact_count = 0; }));
  EXPECT_TRUE(refused([](Entry& e) { e.fact_count = -1; }));
  EXPECT_TRUE(refused([](Entry& e) { e.now_ms = 0; }));
  EXPECT_TRUE(refused([](Entry& e) { e.first_seq = std::numeric_limits<std::int64_t>::max(); }));
}

TEST(Entry, a_lower_term_says_that_another_server_has_taken_over) {
  const Tail tail{.last_seq = 0, .term = 5};
  const Status status = check_follows(tail, entry_number(0));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kConflict);
  EXPECT_NE(status.error().message.find("another server has taken over"), std::string::npos);
}

TEST(Entry, names_of_records_and_facts_read_well) {
  EXPECT_EQ(describe_facts(5, 5), "fact 5");
  EXPECT_EQ(describe_facts(5, 7), "facts 5-7");
  EXPECT_EQ(describe_record(entry_number(2)), "record 4 (facts 4-6)");
}

}  // namespace
}  // namespace duru
