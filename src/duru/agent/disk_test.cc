// Records, counters and blobs on the node's disk: what is damaged is noticed.
#include "duru/agent/disk.h"

#include <gtest/gtest.h>

#include "duru/agent/blob_store.h"
#include "duru/agent/counter_book.h"
#include "duru/agent/records.h"
#include "duru/agent/slots.h"
#include "duru/agent/testing.h"
#include "duru/base/clock.h"

namespace duru::agent {
namespace {

class Disk : public testing::Test {
 protected:
  TestFolder data;
  Log log;
};

TEST_F(Disk, ARecordComesBackAsItWasWritten) {
  NodeState state;
  state.active = SlotName::kB;
  state.why = "line one\nline two";
  ASSERT_TRUE(save(data.folder(), "state", state).ok());
  auto back = load<NodeState>(data.folder(), "state");
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back.value().active, SlotName::kB);
  EXPECT_EQ(back.value().why, state.why);
}

TEST_F(Disk, EveryDamagedByteOfARecordIsNoticedAndNamed) {
  NodeState state;
  state.run = 7;
  ASSERT_TRUE(save(data.folder(), "state", state).ok());
  const std::string whole = slurp(data.path("state"));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string torn = whole;
    torn[at] = static_cast<char>(torn[at] ^ 1);
    write_file(data.path("state"), torn);
    auto read = load<NodeState>(data.folder(), "state");
    ASSERT_FALSE(read.ok()) << "byte " << at;
    EXPECT_EQ(read.error().code, ErrorCode::kDamaged);
    EXPECT_NE(read.error().message.find(data.path("state")), std::string::npos);
  }
  write_file(data.path("state"), whole.substr(0, whole.size() / 2));
  EXPECT_EQ(load<NodeState>(data.folder(), "state").error().code, ErrorCode::kDamaged);
  EXPECT_EQ(load<NodeState>(data.folder(), "none").error().code, ErrorCode::kNotFound);
}

TEST_F(Disk, CountersNeverGoBackOverRunsAndRestarts) {
  {
    CounterBook book(data.folder(), log);
    book.begin_run(1);
    book.tick({1, true, 100});
    book.tick({1, true, 90});
    EXPECT_EQ(book.counters().inferences, 100);
    book.count_restart();
    book.begin_run(2);
    book.tick({2, true, 5});
    book.save_now();
  }
  CounterBook book(data.folder(), log);
  EXPECT_EQ(book.counters().inferences, 105);
  EXPECT_EQ(book.counters().restarts, 1);
  book.begin_run(2);
  book.tick({2, true, 7});
  EXPECT_EQ(book.counters().inferences, 107);
}

TEST_F(Disk, TheUpTimeOfAWorkloadThatRanOnWithoutAnAgentIsMadeGood) {
  CounterRecord record;
  record.run = 3;
  record.serving = true;
  record.boot_id = boot_id();
  record.at = Milliseconds(boottime_ms() - 5'000);
  ASSERT_TRUE(save(data.folder(), "counters", record).ok());
  CounterBook same_run(data.folder(), log);
  same_run.tick({3, true, {}});
  EXPECT_GE(same_run.counters().up, seconds(5));

  record.boot_id = std::string(32, 'e');
  ASSERT_TRUE(save(data.folder(), "counters", record).ok());
  CounterBook other_boot(data.folder(), log);
  other_boot.tick({3, true, {}});
  EXPECT_EQ(other_boot.counters().up, Milliseconds(0));
}

TEST_F(Disk, ADownloadIsKeptOnlyUnderItsOwnDigest) {
  auto blobs = BlobStore::open(data.folder());
  ASSERT_TRUE(blobs.ok());
  const Digest digest = sha256("model");
  write_file(blobs.value().part_path(digest), "other");
  EXPECT_EQ(blobs.value().keep(digest).error().code, ErrorCode::kDamaged);
  EXPECT_FALSE(blobs.value().has(digest));
  EXPECT_EQ(blobs.value().part_bytes(digest), Bytes(0));
  write_file(blobs.value().part_path(digest), "model");
  EXPECT_TRUE(blobs.value().keep(digest).ok());
  EXPECT_TRUE(blobs.value().has(digest));
  blobs.value().retain({});
  EXPECT_FALSE(blobs.value().has(digest));
}

TEST_F(Disk, AFileThatIsAnotherIsThrownAwayAndOneThatCannotBeReadIsKeptForAnotherTime) {
  auto blobs = BlobStore::open(data.folder());
  const Digest digest = sha256("model");
  ASSERT_TRUE(blobs.value().put(digest, "model").ok());
  blobs.value().check(digest);
  EXPECT_TRUE(blobs.value().has(digest));

  const std::string path = blobs.value().path(digest),
                    aside = data.path("files/aside/" + digest.hex());
  std::filesystem::remove(path);
  std::filesystem::create_symlink("/proc/self/mem", path);  // EIO
  blobs.value().check(digest);
  EXPECT_FALSE(blobs.value().has(digest));
  blobs.value().take_back(digest);
  EXPECT_FALSE(blobs.value().has(digest));
  blobs.value().retain({digest});
  ASSERT_TRUE(std::filesystem::remove(aside)) << "it was thrown away";
  write_file(aside, "model");
  blobs.value().take_back(digest);
  EXPECT_TRUE(blobs.value().has(digest));

  write_file(path, "other");
  blobs.value().check(digest);
  blobs.value().take_back(digest);
  EXPECT_FALSE(blobs.value().has(digest));
}

TEST_F(Disk, ASlotHoldsWhatTheManifestSaysAndSaysWhatIsDamaged) {
  auto blobs = BlobStore::open(data.folder());
  auto slots = Slots::open(data.folder());
  Manifest manifest;
  manifest.files = {{"bin/camera", sha256("camera"), Bytes(6), true},
                    {"model.onnx", sha256("model"), Bytes(5), false}};
  const std::string text = "what the manifest says";
  const ReleaseRef release{"one", sha256(text), ""};
  for (const std::string& content : {std::string("camera"), std::string("model"), text}) {
    ASSERT_TRUE(blobs.value().put(sha256(content), content).ok());
  }
  for (int times = 0; times < 2; ++times) {
    Status filled = slots.value().fill(SlotName::kB, release, manifest, blobs.value());
    ASSERT_TRUE(filled.ok()) << filled.error().message;
    EXPECT_TRUE(slots.value().damaged_files(SlotName::kB, manifest).empty());
  }
  EXPECT_EQ(slurp(data.path("slots/b/bin/camera")), "camera");
  const auto mode = std::filesystem::status(data.path("slots/b/bin/camera")).permissions();
  EXPECT_EQ(mode, std::filesystem::perms(0555));
  append_to(data.path("slots/b/model.onnx"), "changed");
  EXPECT_EQ(slots.value().damaged_files(SlotName::kB, manifest),
            std::vector<Digest>{sha256("model")});
  EXPECT_EQ(slurp(blobs.value().path(sha256("model"))), "model");
  ASSERT_TRUE(slots.value().restore(SlotName::kB, manifest, blobs.value()).ok());
  EXPECT_EQ(slurp(data.path("slots/b/model.onnx")), "model");
  ASSERT_TRUE(std::filesystem::remove(data.path("slots/b/model.onnx")));
  EXPECT_EQ(slots.value().damaged_files(SlotName::kB, manifest),
            std::vector<Digest>{sha256("model")});
}

TEST_F(Disk, WhatTheManifestDoesNotNameIsRemovedFromASlotAndNothingElse) {
  auto blobs = BlobStore::open(data.folder());
  auto slots = Slots::open(data.folder());
  Manifest manifest;
  manifest.files = {{"bin/lib/camera", sha256("camera"), Bytes(6), true}};
  const std::string text = "what the manifest says";
  ASSERT_TRUE(blobs.value().put(sha256("camera"), "camera").ok());
  ASSERT_TRUE(blobs.value().put(sha256(text), text).ok());
  const ReleaseRef release{"one", sha256(text), ""};
  ASSERT_TRUE(slots.value().fill(SlotName::kA, release, manifest, blobs.value()).ok());
  EXPECT_EQ(slots.value().remove_strangers(SlotName::kA, manifest).value(), 0);

  write_file(data.path("outside"), "kept");
  std::filesystem::create_directories(data.path("slots/a/bin/cache/deep"));
  write_file(data.path("slots/a/bin/cache/deep/module.pyc"), "");
  write_file(data.path("slots/a/bin/lib/.hidden"), "");
  std::filesystem::create_symlink(data.path("outside"), data.path("slots/a/link"));
  EXPECT_EQ(slots.value().remove_strangers(SlotName::kA, manifest).value(), 3);
  EXPECT_TRUE(slots.value().damaged_files(SlotName::kA, manifest).empty());
  EXPECT_EQ(slots.value().remove_strangers(SlotName::kA, manifest).value(), 0);
  EXPECT_EQ(slurp(data.path("outside")), "kept");

  std::filesystem::rename(data.path("slots/a/bin/lib/camera"), data.path("camera"));
  std::filesystem::create_symlink(data.path("camera"), data.path("slots/a/bin/lib/camera"));
  EXPECT_EQ(slots.value().remove_strangers(SlotName::kA, manifest).value(), 1);
  EXPECT_EQ(slots.value().damaged_files(SlotName::kA, manifest),
            std::vector<Digest>{sha256("camera")});
}

TEST_F(Disk, ASlotThatCannotBeFilledIsLeftEmpty) {
  auto blobs = BlobStore::open(data.folder());
  auto slots = Slots::open(data.folder());
  Manifest manifest;
  manifest.files = {{"a", sha256("a"), Bytes(1), true}, {"b", sha256("b"), Bytes(1), true}};
  ASSERT_TRUE(blobs.value().put(sha256("a"), "a").ok());
  ASSERT_TRUE(blobs.value().put(sha256("text"), "text").ok());
  const ReleaseRef release{"one", sha256("text"), ""};
  EXPECT_FALSE(slots.value().fill(SlotName::kA, release, manifest, blobs.value()).ok());
  EXPECT_FALSE(std::filesystem::exists(data.path("slots/a")));
}

}  // namespace
}  // namespace duru::agent
