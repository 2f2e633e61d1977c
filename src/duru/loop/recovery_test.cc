#include "duru/loop/recovery.h"

#include <gtest/gtest.h>

#include "duru/base/wire.h"
#include "duru/core/testing/world.h"
#include "duru/journal/memory_journal.h"
#include "duru/loop/testing.h"

namespace duru::testing {
namespace {

struct Discard : LedgerSink {
  void add(const Interval&) override {}
  void add(const Charge&) override {}
};

// The journal of a random world.
class Recorded {
 public:
  explicit Recorded(std::uint64_t seed, int steps = 200) : rig(journal) {
    World world(seed);
    rig.submit(StartServer{InstallationId("abcdefgh"), "0.1.0", rig.now, "boot", rig.now});
    rig.submit(world.first());
    for (int step = 0; step < steps; ++step) {
      rig.now = rig.now + world.step();
      const Message input = world.next(rig.writer.state(), rig.now);
      if (input.kind().family == Family::kCommand) {
        rig.submit(input, step % 5 == 0 ? "key-" + std::to_string(step) : "", sha256("body"));
      } else {
        rig.loop.observe(input, rig.now);
      }
    }
    rig.drain();
    EXPECT_TRUE(journal
                    .read(1,
                          [this](const Entry& entry) {
                            entries.push_back(entry);
                            return ok_status();
                          })
                    .ok());
    EXPECT_GT(entries.size(), 20U);
  }

  MemoryJournal journal;
  LoopRig rig;
  std::vector<Entry> entries;
};

DurableCommit commit_of(const Entry& entry) {
  Result<DurableCommit> commit = from_entry(entry);
  EXPECT_TRUE(commit.ok()) << (commit.ok() ? "" : commit.error().message);
  return commit.value();
}

TEST(Recovery, ASnapshotAndItsTailGiveWhatAFullReplayGives) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Recorded world(seed);
    Discard sink;
    Replica full;
    std::vector<std::pair<std::size_t, std::string>> snapshots;
    for (std::size_t i = 0; i < world.entries.size(); ++i) {
      full.apply(commit_of(world.entries[i]), sink);
      if (i % 17 == 0) snapshots.emplace_back(i + 1, encode(full.snapshot()));
    }
    EXPECT_EQ(full.state().digest(), world.rig.writer.state().digest());
    EXPECT_EQ(full.last_seq(), world.rig.loop.last_seq());
    EXPECT_EQ(full.term(), world.rig.loop.term());
    const std::string expected = encode(full.snapshot());
    for (const auto& [next, bytes] : snapshots) {
      const Result<SnapshotBody> body = decode<SnapshotBody>(bytes);
      ASSERT_TRUE(body.ok());
      Replica replica;
      ASSERT_TRUE(replica.restore(body.value()).ok());
      for (std::size_t i = next; i < world.entries.size(); ++i) {
        replica.apply(commit_of(world.entries[i]), sink);
      }
      EXPECT_EQ(encode(replica.snapshot()), expected) << "seed " << seed << " from " << next;
    }
  }
}

TEST(Recovery, TheViewIsWhatTheWriterIs) {
  const Recorded world(4);
  EXPECT_EQ(world.rig.reader.state().digest(), world.rig.writer.state().digest());
}

TEST(Recovery, AReplayedLoopGoesOnLikeTheOneThatWasNeverStopped) {
  Recorded world(5);
  MemoryJournal journal;
  LoopRig next(journal);
  for (const Entry& entry : world.entries) {
    journal.append(entry);
    const DurableCommit commit = commit_of(entry);
    next.loop.replay(commit);
    next.view.apply(commit);
  }
  next.now = world.rig.now;
  EXPECT_EQ(next.loop.last_now(), world.rig.loop.last_now());
  for (LoopRig* rig : {&world.rig, &next}) {
    rig->now = rig->now + minutes(5);
    rig->loop.tick(rig->now);
    rig->submit(EndAllWork{"down"});
  }
  EXPECT_EQ(next.writer.state().digest(), world.rig.writer.state().digest());
  EXPECT_EQ(journal.tail(), world.journal.tail()) << "the same commits, to the byte";
}

TEST(Recovery, CausesReplayedGiveTheSameCommits) {
  const Recorded world(6);
  MemoryJournal journal;
  LoopRig again(journal);
  for (const Entry& entry : world.entries) {
    const DurableCommit commit = commit_of(entry);
    const auto family = static_cast<Family>(commit.record.cause_family);
    const Result<Message> cause = load(family, commit.record.cause);
    ASSERT_TRUE(cause.ok());
    again.now = commit.record.now;
    if (family == Family::kCommand) {
      again.submit(cause.value(), commit.record.idempotency_key, commit.record.request_digest,
                   commit.record.principal);
    } else if (cause.value().as<Tick>() != nullptr) {
      again.loop.tick(again.now);
    } else {
      again.loop.observe(cause.value(), again.now);
    }
  }
  EXPECT_EQ(journal.tail(), world.journal.tail());
}

TEST(Recovery, ASnapshotWithoutACoreOrWithADamagedOneIsRefused) {
  Replica replica;
  SnapshotBody body = replica.snapshot();
  body.modules["core"] = "not a state";
  EXPECT_FALSE(replica.restore(body).ok());
  body.modules.clear();
  const Status refused = replica.restore(body);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kDamaged);
}

Entry sample_entry() {
  static const Recorded world(8);
  return world.entries.at(world.entries.size() / 2);
}

TEST(DurableCommitTest, ComesBackFromItsEntry) {
  const Entry entry = sample_entry();
  EXPECT_EQ(to_entry(commit_of(entry).record), entry);
}

TEST(DurableCommitTest, ARowThatDisagreesWithItsCommitIsDamage) {
  const std::vector<std::function<void(Entry&)>> spoils = {
      [](Entry& e) { e.first_seq += 1; }, [](Entry& e) { e.fact_count += 1; },
      [](Entry& e) { e.term += 1; },      [](Entry& e) { e.now_ms += 1; },
      [](Entry& e) { e.body.clear(); },   [](Entry& e) { e.body += '\0'; }};
  for (std::size_t i = 0; i < spoils.size(); ++i) {
    Entry entry = sample_entry();
    spoils[i](entry);
    const Result<DurableCommit> commit = from_entry(entry);
    ASSERT_FALSE(commit.ok()) << i;
    EXPECT_EQ(commit.error().code, ErrorCode::kDamaged) << i;
    EXPECT_EQ(commit.error().message.substr(0, 5), "fact ") << commit.error().message;
  }
}

TEST(DurableCommitTest, AnyByteChangedOrCutIsAnErrorOrAnotherCommitNeverACrash) {
  const Entry entry = sample_entry();
  const std::string bytes = encode(commit_of(entry).record);
  for (std::size_t i = 0; i < entry.body.size(); ++i) {
    Entry cut = entry;
    cut.body.resize(i);
    static_cast<void>(from_entry(cut));
    for (const int flip : {1, 0x80}) {
      Entry changed = entry;
      changed.body[i] = static_cast<char>(changed.body[i] ^ flip);
      const Result<DurableCommit> commit = from_entry(changed);
      if (commit.ok()) {
        EXPECT_NE(encode(commit.value().record), bytes) << i;
      } else {
        EXPECT_NE(commit.error().message, "");
      }
    }
  }
}

TEST(DurableCommitTest, AFactOfAnUnknownKindOrVersionIsNamedAndNeverSkipped) {
  for (const bool unknown_kind : {true, false}) {
    Commit commit = commit_of(sample_entry()).record;
    if (unknown_kind) {
      commit.facts[0].kind = 999;
    } else {
      commit.facts[0].version = 2;
    }
    const Result<DurableCommit> back = from_entry(to_entry(commit));
    ASSERT_FALSE(back.ok());
    EXPECT_EQ(back.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(back.error().message.find("fact " + std::to_string(commit.first_seq)),
              std::string::npos);
  }
}

}  // namespace
}  // namespace duru::testing
