#include "duru/journal/snapshot.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "duru/journal/memory_journal.h"
#include "duru/journal/test_support.h"

namespace duru {
namespace {

constexpr std::uint32_t kVersion = 3;

class SnapshotTest : public ::testing::Test {
 protected:
  SnapshotTest() { testing::append_entries(journal_, 0, 9); }  // ends at 18; 6 and 12 are ends too

  void write(std::int64_t seq, const std::string& body, std::uint32_t version = kVersion) {
    const SnapshotKey key{version, seq, journal_.chain_at(seq).value()};
    ASSERT_TRUE(write_snapshot(folder_.path(), key, body).ok());
  }
  std::optional<Snapshot> newest() {
    return newest_snapshot(folder_.path(), kVersion, journal_).value();
  }
  std::string path(std::int64_t seq) const {
    return folder_.path() + "/snapshots/" + std::to_string(seq) + ".snap";
  }
  std::set<std::string> names() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() + "/snapshots")) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  testing::TemporaryFolder folder_;
  MemoryJournal journal_;
};

TEST_F(SnapshotTest, there_is_none_in_an_empty_folder) { EXPECT_FALSE(newest()); }

TEST_F(SnapshotTest, the_newest_is_given_back_whole) {
  write(6, "six");
  write(12, std::string("twelve\0and more", 15));
  const std::optional<Snapshot> snapshot = newest();
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->seq, 12);
  EXPECT_EQ(snapshot->chain, journal_.chain_at(12).value());
  EXPECT_EQ(snapshot->body, std::string("twelve\0and more", 15));
}

TEST_F(SnapshotTest, only_the_newest_two_are_kept) {
  for (const std::int64_t seq : {1, 6, 12, 18}) write(seq, "body");
  EXPECT_EQ(names(), (std::set<std::string>{"12.snap", "18.snap"}));
}

TEST_F(SnapshotTest, one_from_a_lost_tail_is_passed_over_and_does_not_crowd_out_others) {
  write(6, "six");
  ASSERT_TRUE(write_snapshot(folder_.path(), {kVersion, 100, sha256("lost")}, "hundred").ok());
  EXPECT_EQ(newest()->seq, 6);
  write(12, "twelve");
  EXPECT_EQ(names(), (std::set<std::string>{"12.snap", "6.snap"}));
}

TEST_F(SnapshotTest, one_of_another_version_or_history_is_passed_over) {
  write(6, "six");
  write(12, "twelve", kVersion + 1);
  EXPECT_EQ(newest()->seq, 6);
  ASSERT_TRUE(write_snapshot(folder_.path(), {kVersion, 18, sha256("other")}, "other").ok());
  EXPECT_FALSE(newest()) << "the one at 6 made room for the two newer ones";
}

TEST_F(SnapshotTest, every_flipped_bit_and_every_missing_byte_is_noticed) {
  write(6, "six");
  write(12, "twelve");
  std::ifstream input(path(12), std::ios::binary);
  const std::string good((std::istreambuf_iterator<char>(input)), {});
  const auto replace = [&](const std::string& bytes) {
    std::ofstream(path(12), std::ios::binary | std::ios::trunc) << bytes;
  };
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    replace(bad);
    ASSERT_EQ(newest()->seq, 6) << "byte " << i;
    replace(good.substr(0, i));
    ASSERT_EQ(newest()->seq, 6) << "cut at " << i;
  }
  replace(good);
  EXPECT_EQ(newest()->seq, 12);
}

}  // namespace
}  // namespace duru
