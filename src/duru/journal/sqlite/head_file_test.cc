#include "duru/journal/sqlite/head_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "duru/journal/fixed_bytes.h"
#include "duru/journal/test_support.h"

namespace duru {
namespace {

Head head_at(std::int64_t seq) {
  return Head{
      .last_seq = seq, .term = 2, .alive_ms = seq * 10, .chain = sha256(std::to_string(seq))};
}

class HeadFileTest : public ::testing::Test {
 protected:
  void create_and_write(std::int64_t count) {
    ASSERT_TRUE(create_head(path_, Head{}).ok());
    Result<HeadFile> file = HeadFile::open(path_, load_head(path_).value().value());
    ASSERT_TRUE(file.ok());
    for (std::int64_t seq = 1; seq <= count; ++seq) {
      ASSERT_TRUE(file.value().write(head_at(seq)).ok());
    }
    ASSERT_TRUE(file.value().sync().ok());
  }
  std::string bytes() const {
    std::ifstream input(path_, std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(input)), {});
  }
  void replace(const std::string& content) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << content;
  }
  std::int64_t loaded_seq() const { return load_head(path_).value().value().last_seq; }

  testing::TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/head";
};

TEST_F(HeadFileTest, a_missing_file_is_no_head) {
  Result<std::optional<Head>> head = load_head(path_);
  ASSERT_TRUE(head.ok());
  EXPECT_FALSE(head.value());
}

TEST_F(HeadFileTest, a_new_file_says_that_nothing_was_acknowledged) {
  create_and_write(0);
  EXPECT_EQ(load_head(path_).value().value(), Head{});
}

TEST_F(HeadFileTest, what_was_written_last_is_read_after_every_write) {
  for (std::int64_t count = 1; count < 6; ++count) {
    create_and_write(count);
    Head expected = head_at(count);
    expected.turn = static_cast<std::uint64_t>(count);
    EXPECT_EQ(load_head(path_).value().value(), expected);
  }
}

TEST_F(HeadFileTest, a_torn_slot_leaves_the_one_before) {
  create_and_write(5);  // 4 in the first slot, 5 in the second
  const std::string good = bytes();
  for (std::size_t i = 0; i < kHeadSlotBytes; ++i) {
    std::string torn = good;
    const std::size_t start = static_cast<std::size_t>(kHeadSlotStride);
    torn.replace(start + i, std::string::npos, std::string(kHeadSlotBytes - i, '\x55'));
    replace(torn);
    ASSERT_EQ(loaded_seq(), 4) << "torn at " << i;
    replace(good.substr(0, start + i));
    ASSERT_EQ(loaded_seq(), 4) << "cut at " << i;
  }
  replace(std::string(kHeadSlotBytes, '\0') + good.substr(kHeadSlotBytes));
  EXPECT_EQ(loaded_seq(), 5);
}

TEST_F(HeadFileTest, no_whole_slot_is_damage) {
  create_and_write(3);
  for (const std::string& content : {std::string(), std::string("DURUHEAD"),
                                     std::string(static_cast<std::size_t>(kHeadSlotStride), 'x')}) {
    replace(content);
    ASSERT_FALSE(load_head(path_).ok());
    EXPECT_EQ(load_head(path_).error().code, ErrorCode::kDamaged);
  }
}

TEST_F(HeadFileTest, a_file_that_is_too_long_is_no_head_file) {
  replace(std::string(1 << 20, 'x'));
  EXPECT_FALSE(load_head(path_).ok());
}

TEST_F(HeadFileTest, an_unknown_version_is_refused_by_name) {
  std::string slot = "DURUHEAD";
  put_fixed(slot, std::uint32_t{9});
  slot.resize(kHeadSlotBytes - 8, '\0');
  slot += sha256(slot).raw().substr(0, 8);
  replace(slot);
  Result<std::optional<Head>> head = load_head(path_);
  ASSERT_FALSE(head.ok());
  EXPECT_EQ(head.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(head.error().message.find("format 9; this build reads format 1"), std::string::npos);
}

}  // namespace
}  // namespace duru
