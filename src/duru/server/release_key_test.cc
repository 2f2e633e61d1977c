#include "duru/server/release_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace duru {
namespace {

class ReleaseKeyTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string path = (std::filesystem::temp_directory_path() / "duru-key-XXXXXX").string();
    ASSERT_NE(::mkdtemp(path.data()), nullptr);
    dir_ = path;
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  std::string dir_;
};

TEST_F(ReleaseKeyTest, IsMadeOnceAndSignsTheSameAfterARestart) {
  const auto first = ReleaseKey::load_or_make(dir_, false);
  const auto again = ReleaseKey::load_or_make(dir_, false);
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(first.value().public_hex().size(), 64U);
  EXPECT_EQ(first.value().public_hex(), again.value().public_hex());
  const std::string signature = first.value().sign("a manifest");
  EXPECT_EQ(signature.size(), 128U);
  EXPECT_EQ(signature, again.value().sign("a manifest"));
  EXPECT_NE(signature, again.value().sign("a manifesto"));
}

TEST_F(ReleaseKeyTest, OnlyTheOwnerReadsIt) {
  ASSERT_TRUE(ReleaseKey::load_or_make(dir_, false).ok());
  struct stat info {};
  ASSERT_EQ(::stat((dir_ + "/release.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(ReleaseKeyTest, IsNeverReplacedWhenItIsDamaged) {
  std::ofstream(dir_ + "/release.key") << "no key";
  const auto key = ReleaseKey::load_or_make(dir_, false);
  ASSERT_FALSE(key.ok());
  EXPECT_EQ(key.error().code, ErrorCode::kDamaged);
}

TEST_F(ReleaseKeyTest, IsNeverReplacedWhenItCannotBeRead) {
  // A link to itself: there, and not to be opened, whoever asks.
  std::filesystem::create_symlink("release.key", dir_ + "/release.key");
  EXPECT_FALSE(ReleaseKey::load_or_make(dir_, false).ok());
  EXPECT_TRUE(std::filesystem::is_symlink(dir_ + "/release.key"));
}

TEST_F(ReleaseKeyTest, IsNeverReplacedWhenReadingItFails) {
  std::filesystem::create_directory(dir_ + "/release.key");
  EXPECT_FALSE(ReleaseKey::load_or_make(dir_, false).ok());
  EXPECT_TRUE(std::filesystem::is_directory(dir_ + "/release.key"));
}

TEST_F(ReleaseKeyTest, IsNotMadeAnewWhileNodesTrustTheOldOne) {
  const auto key = ReleaseKey::load_or_make(dir_, true);
  ASSERT_FALSE(key.ok());
  EXPECT_EQ(key.error().code, ErrorCode::kDamaged);
  EXPECT_NE(key.error().message.find("from a backup"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(dir_ + "/release.key"));
}

}  // namespace
}  // namespace duru
