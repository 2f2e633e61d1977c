#include "duru/supervisor/record_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "duru/supervisor/protocol.h"
#include "duru/supervisor/testing.h"

namespace duru::supervisor {
namespace {

std::string resealed(std::string text, const std::string& from, const std::string& to) {
  text.replace(text.find(from), from.size(), to);
  text.erase(text.rfind("crc32="));
  char sum[16];
  std::snprintf(sum, sizeof sum, "%08x", crc32(text));
  return text + "crc32=" + sum + "\n";
}

TEST(RecordFile, KnowsTheChecksumOfTheStandard) { EXPECT_EQ(crc32("123456789"), 0xcbf43926U); }

TEST(RecordFile, KeepsEveryValueAsItWas) {
  RecordFile record("spec");
  record.add("argv", "a=b\\n\nc\\");
  record.add("argv", "");
  record.add("argv", "두루\xff");
  record.add("number", -7);
  auto read = RecordFile::parse(record.text(), "spec");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read.value().all_of("argv"), record.all_of("argv"));
  EXPECT_EQ(read.value().number_of("number"), -7);
  EXPECT_EQ(read.value().text_of("absent"), std::nullopt);
}

TEST(RecordFile, NoticesEveryCutAndEveryFlippedBit) {
  RecordFile record("exit");
  record.add("exit_code", 3);
  const std::string text = record.text();
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(RecordFile::parse(text.substr(0, size), "exit").ok()) << size;
  }
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string damaged = text;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(RecordFile::parse(damaged, "exit").ok()) << bit;
  }
}

TEST(RecordFile, RefusesAnotherVersionByNameAndAnotherKind) {
  const std::string text = RecordFile("exit").text();
  auto read = RecordFile::parse(resealed(text, "duru-run 1", "duru-run 2"), "exit");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(read.error().message.find("version 2"), std::string::npos);
  EXPECT_EQ(RecordFile::parse(text, "started").error().code, ErrorCode::kInvalid);
}

class ProtocolTest : public testing::Test {
 protected:
  TestRun run{false};
  RunFolder folder = run.folder();
  void write(const char* name, const std::string& text) {
    ASSERT_TRUE(write_durably(folder.fd(), name, text).ok());
  }
};

TEST_F(ProtocolTest, PassesOverKeysOfANewerWriter) {
  ExitRecord exit;
  exit.exit_code = 3;
  exit.at = moment_now();
  write("exit", resealed(to_record(exit).text(), "reason=", "colour=blue\nreason="));
  auto read = read_exit(folder.fd());
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read.value().exit_code, 3);
  EXPECT_EQ(read.value().at.boottime, exit.at.boottime);
}

TEST_F(ProtocolTest, NamesAFieldThatIsMissing) {
  write("exit", RecordFile("exit").text());
  auto read = read_exit(folder.fd());
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.error().message.find("`reason`"), std::string::npos) << read.error().message;
}

TEST_F(ProtocolTest, KeepsAWholeSpec) {
  run.spec.argv = {"a", "", "line\nbreak"};
  run.spec.environment = {"A=1", "B=\\"};
  run.spec.time_limit = seconds(5);
  run.spec.memory_limit = Bytes(1 << 20);
  run.spec.cpu_limit = MilliCpu(1500);
  run.spec.log_cap = Bytes(10);
  ASSERT_TRUE(folder.write_spec(run.spec).ok());
  auto read = read_spec(folder.fd());
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(to_record(read.value()).text(), to_record(run.spec).text());
}

TEST_F(ProtocolTest, TakesTheSameSpecTwiceButNoOther) {
  run.spec.argv = {"true"};
  ASSERT_TRUE(folder.write_spec(run.spec).ok());
  EXPECT_TRUE(folder.write_spec(run.spec).ok());
  run.spec.argv = {"false"};
  EXPECT_EQ(folder.write_spec(run.spec).error().code, ErrorCode::kConflict);
}

TEST_F(ProtocolTest, RefusesASpecThatCannotBeRun) {
  run.spec.argv = {"true"};
  auto refused = [&](auto change) {
    RunSpec spec = run.spec;
    change(spec);
    return !check(spec).ok();
  };
  EXPECT_TRUE(refused([](RunSpec& spec) { spec.name = "../up"; }));
  EXPECT_TRUE(refused([](RunSpec& spec) { spec.name = std::string(64, 'a'); }));
  EXPECT_TRUE(refused([](RunSpec& spec) { spec.argv.clear(); }));
  EXPECT_TRUE(refused([](RunSpec& spec) { spec.argv = {std::string("a\0b", 3)}; }));
  EXPECT_TRUE(refused([](RunSpec& spec) { spec.environment = {"NOVALUE"}; }));
  EXPECT_TRUE(refused([](RunSpec& spec) { spec.working_folder = "here"; }));
  EXPECT_TRUE(refused([](RunSpec& spec) { spec.grace = Milliseconds(-1); }));
  EXPECT_FALSE(refused([](RunSpec&) {}));
}

}  // namespace
}  // namespace duru::supervisor
