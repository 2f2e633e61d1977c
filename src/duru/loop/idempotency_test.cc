#include "duru/loop/idempotency.h"

#include <gtest/gtest.h>

#include "duru/core/testing/fleets.h"
#include "duru/journal/memory_journal.h"
#include "duru/loop/testing.h"

namespace duru::testing {
namespace {

class Idempotency : public ::testing::Test {
 protected:
  Idempotency() {
    rig.submit(DefineFleet{chips(), {site()}, {node("a", kH100, 2)}});
    journal.release_all();
    rig.drain();
  }
  static SubmitJobs submission(std::uint32_t number) {
    return {ProjectName("default"),
            {{make_id<JobId>(1'800'000'000'000, number), gpu_job("j" + std::to_string(number))}},
            {},
            {}};
  }
  const Reply& reply(std::size_t place) {
    journal.release_all();
    rig.drain();
    EXPECT_TRUE(rig.replies[place].has_value());
    return *rig.replies[place];
  }

  MemoryJournal journal{MemoryJournal::Durability::kHeld};
  LoopRig rig{journal};
  const Digest body = sha256("body");
};

TEST_F(Idempotency, ASecondRequestOfAKeyGetsTheFirstAnswerAndDoesNothing) {
  const Reply first = reply(rig.submit(submission(1), "key", body));
  const std::int64_t seq = rig.loop.last_seq();
  const Reply second = reply(rig.submit(submission(2), "key", body));
  EXPECT_EQ(first.answer, submission(1).jobs[0].id.str());
  EXPECT_EQ(second.answer, first.answer);
  EXPECT_TRUE(second.replayed);
  EXPECT_FALSE(first.replayed);
  EXPECT_EQ(rig.loop.last_seq(), seq);
}

TEST_F(Idempotency, AKeyIsRememberedAlsoWhenTheFirstRequestChangedNothing) {
  reply(rig.submit(EndAllWork{"nobody works"}, "key", body));
  reply(rig.submit(submission(1), "other", sha256("other")));
  const std::int64_t seq = rig.loop.last_seq();
  EXPECT_TRUE(reply(rig.submit(EndAllWork{"nobody works"}, "key", body)).replayed);
  EXPECT_EQ(rig.loop.last_seq(), seq) << "what was submitted since goes on";
}

TEST(IdempotencyIndexTest, KeepsTheNewestAnswersUpToItsBytes) {
  IdempotencyIndex index;
  const std::size_t bytes = IdempotencyIndex::kBytesMax / 4;
  for (std::int64_t i = 0; i < 6; ++i) {
    index.add(RememberedAnswer{
        "operator", std::to_string(i), {}, std::string(bytes, 'x'), i, Timestamp(i)});
  }
  EXPECT_EQ(index.all().size(), 4U);
  EXPECT_EQ(index.find("operator", "1"), nullptr);
  ASSERT_NE(index.find("operator", "2"), nullptr);
  EXPECT_EQ(index.find("operator", "5")->last_seq, 5);
}

TEST_F(Idempotency, AKeyWithAnotherBodyIsRefused) {
  reply(rig.submit(submission(1), "key", body));
  EXPECT_EQ(reply(rig.submit(submission(2), "key", sha256("other"))).kind, Reply::Kind::kKeyReused);
}

TEST_F(Idempotency, AKeyWhoseFirstRequestIsNotDurableIsInFlight) {
  rig.submit(submission(1), "key", body);
  EXPECT_EQ(reply(rig.submit(submission(2), "key", body)).kind, Reply::Kind::kInFlight);
  EXPECT_EQ(reply(rig.submit(submission(2), "key", body)).kind, Reply::Kind::kAccepted);
}

TEST_F(Idempotency, KeysOfOneCallerDoNotMeetAnothers) {
  reply(rig.submit(submission(1), "key", body, "alice"));
  const Reply bob = reply(rig.submit(submission(2), "key", body, "bob"));
  EXPECT_FALSE(bob.replayed);
  EXPECT_EQ(bob.answer, submission(2).jobs[0].id.str());
}

TEST_F(Idempotency, ARejectionIsNotRemembered) {
  SubmitJobs large = submission(1);
  large.jobs[0].spec = gpu_job("large", 4);
  EXPECT_EQ(reply(rig.submit(large, "key", body)).kind, Reply::Kind::kRejected);
  reply(rig.submit(DefineFleet{{}, {}, {node("b", kH100, 4)}}));
  EXPECT_EQ(reply(rig.submit(large, "key", body)).kind, Reply::Kind::kAccepted);
}

TEST_F(Idempotency, AfterARecoveryTheFirstAnswerIsStillGiven) {
  const std::string first = reply(rig.submit(submission(1), "key", body)).answer;
  MemoryJournal next_journal;
  LoopRig next(next_journal);
  ASSERT_TRUE(journal
                  .read(1,
                        [&](const Entry& entry) {
                          next_journal.append(entry);
                          const Result<DurableCommit> commit = from_entry(entry);
                          if (!commit.ok()) return Status(commit.error());
                          next.loop.replay(commit.value());
                          next.view.apply(commit.value());
                          return ok_status();
                        })
                  .ok());
  const std::size_t place = next.submit(submission(2), "key", body);
  next.drain();
  ASSERT_TRUE(next.replies[place].has_value());
  EXPECT_EQ(next.replies[place]->kind, Reply::Kind::kAccepted);
  EXPECT_EQ(next.replies[place]->answer, first);
  EXPECT_TRUE(next.replies[place]->replayed);
}

TEST_F(Idempotency, ALoopKnowsThatWhatItReplayedIsDurable) {
  reply(rig.submit(submission(1), "key", body));
  MemoryJournal silent(MemoryJournal::Durability::kHeld);
  LoopRig next(silent);
  ASSERT_TRUE(journal
                  .read(1,
                        [&](const Entry& entry) {
                          const Result<DurableCommit> commit = from_entry(entry);
                          if (!commit.ok()) return Status(commit.error());
                          next.loop.replay(commit.value());
                          next.view.apply(commit.value());
                          return ok_status();
                        })
                  .ok());
  const std::size_t rejected = next.submit(CancelJob{make_id<JobId>(1, 1)});
  const std::size_t replayed = next.submit(submission(2), "key", body);
  next.drain();
  EXPECT_TRUE(next.replies[rejected].has_value());
  ASSERT_TRUE(next.replies[replayed].has_value());
  EXPECT_TRUE(next.replies[replayed]->replayed);
}

RememberedAnswer answer(const std::string& key, Timestamp at) {
  return {"alice", key, {}, "answer of " + key, 1, at};
}

TEST(IdempotencyIndexTest, ForgetsAfterADay) {
  IdempotencyIndex index;
  const Timestamp start(1'000'000);
  index.add(answer("old", start));
  index.add(answer("young", start + hours(24)));
  EXPECT_NE(index.find("alice", "old"), nullptr);
  index.add(answer("younger", start + hours(24) + Milliseconds(1)));
  EXPECT_EQ(index.find("alice", "old"), nullptr);
  EXPECT_NE(index.find("alice", "young"), nullptr);
  EXPECT_EQ(index.all().size(), 2U);
  EXPECT_EQ(index.all()[0].key, "young");
}

TEST(IdempotencyIndexTest, ACommitWithoutAKeyIsNotKept) {
  IdempotencyIndex index;
  index.add(Commit());
  EXPECT_TRUE(index.all().empty());
}

}  // namespace
}  // namespace duru::testing
