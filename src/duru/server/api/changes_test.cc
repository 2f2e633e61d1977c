#include "duru/server/api/changes.h"

#include <gtest/gtest.h>

#include "duru/history/test_world.h"

namespace duru {
namespace {

// The index as the hub feeds it.
class IndexFeed : public Projection {
 public:
  explicit IndexFeed(std::size_t tombstones_max = 10'000) : index(tombstones_max) {}
  void on_fact(const State& after, const Message& fact, const FactContext& context) override {
    index.on_fact(after, EdgeState(), fact, context);
  }
  void on_commit(const State&, const DurableCommit& commit) override {
    last = index.on_commit(commit.record.last_seq());
  }

  ChangeIndex index;
  std::vector<ObjectKey> last;
};

std::vector<std::string> texts(const std::vector<ObjectKey>& keys) {
  static constexpr const char* kKinds[] = {"job", "node", "accelerator", "attempt"};
  std::vector<std::string> out;
  for (const ObjectKey& key : keys) {
    out.push_back(kKinds[static_cast<std::size_t>(key.kind)] + (" " + key.id) + "/" +
                  std::to_string(key.number));
  }
  return out;
}

TEST(ChangeIndex, NamesWhatACommitChangedEachOnce) {
  IndexFeed feed;
  TestWorld world({&feed});
  world.begin();
  const JobId job = world.submit(test_spec("a"));
  const std::string id = job.str();
  EXPECT_EQ(texts(feed.last),
            (std::vector<std::string>{"job " + id + "/0", "node n1/0", "accelerator n1/0",
                                      "attempt " + id + "/1"}));
  world.start_task(job);
  EXPECT_EQ(texts(feed.last),
            (std::vector<std::string>{"job " + id + "/0", "attempt " + id + "/1"}));
  world.command(MarkAccelerator{{NodeName("n1"), 2}, false, "ECC"});
  EXPECT_EQ(texts(feed.last), (std::vector<std::string>{"node n1/0", "accelerator n1/2"}));
  world.command(CordonNode{NodeName("n1"), ""});
  EXPECT_EQ(feed.last.size(), 4U);
}

TEST(ChangeIndex, GivesWhatChangedAfterAPositionMergedAndInOrder) {
  IndexFeed feed;
  TestWorld world({&feed});
  world.begin();
  const JobId a = world.submit(test_spec("a"));
  const std::int64_t after_a = world.loop().last_seq();
  const JobId b = world.submit(test_spec("b"));
  world.start_task(a);
  std::vector<std::string> jobs;
  for (const auto& [key, change] : feed.index.after(after_a, 100)) {
    if (key.kind == WatchKind::kJobs) jobs.push_back(key.id);
  }
  EXPECT_EQ(jobs, (std::vector<std::string>{b.str(), a.str()}));
  // A step ends with a whole commit.
  const auto step = feed.index.after(after_a, 1);
  EXPECT_GT(step.size(), 1U);
  EXPECT_EQ(step.front().second.seq, step.back().second.seq);
  EXPECT_TRUE(feed.index.after(world.loop().last_seq(), 100).empty());
}

TEST(ChangeIndex, ARetiredJobRaisesTheFloorOfJobsAndDeletesItsAttempts) {
  IndexFeed feed;
  TestWorld world({&feed});
  world.begin();
  const JobId job = world.submit(test_spec("a"));
  world.start_task(job);
  world.end_task(job, 0);
  const std::int64_t ended_seq = world.loop().last_seq();
  EXPECT_EQ(feed.index.floor(WatchKind::kJobs), 0);
  world.after(hours(2));
  EXPECT_EQ(feed.index.floor(WatchKind::kJobs), ended_seq);
  EXPECT_EQ(feed.index.floor(WatchKind::kAttempts), 0);
  const auto attempt = feed.index.find({WatchKind::kAttempts, job.str(), 1});
  ASSERT_TRUE(attempt.has_value());
  EXPECT_TRUE(attempt->deleted);
  EXPECT_EQ(attempt->name, "a");
  EXPECT_EQ(attempt->project, "default");
  EXPECT_FALSE(feed.index.find({WatchKind::kJobs, job.str(), 0}).has_value());
}

TEST(ChangeIndex, ForgetsTheOldestTombstonesAndRaisesTheFloor) {
  IndexFeed feed(2);
  TestWorld world({&feed});
  world.begin();
  world.command(RemoveNode{NodeName("n1")});
  EXPECT_EQ(feed.last.size(), 4U);  // the node and three accelerators
  const std::int64_t seq = world.loop().last_seq();
  EXPECT_EQ(feed.index.floor(WatchKind::kNodes), seq);
  EXPECT_EQ(feed.index.after(seq - 1, 100).size(), 2U);
  // What comes back is deleted no longer.
  world.command(test_fleet());
  EXPECT_FALSE(feed.index.find({WatchKind::kNodes, "n1", 0})->deleted);
  EXPECT_EQ(feed.index.after(0, 100).size(), 4U);
}

TEST(ChangeIndex, BeginsBehindASnapshotAndKnowsTheTermsItSaw) {
  IndexFeed whole;
  TestWorld world({&whole});
  world.begin();
  const std::int64_t snapshot_seq = world.loop().last_seq();
  const std::string core_bytes = world.writer().snapshot();
  const JobId job = world.submit(test_spec("a"));
  IndexFeed restored;
  CoreModule core;
  ASSERT_TRUE(core.restore(core_bytes).ok());
  View view(core, {}, {&restored});
  view.resume_at(snapshot_seq, world.now());
  replay(world.journal(), view, snapshot_seq + 1);
  EXPECT_EQ(restored.index.floor(WatchKind::kNodes), snapshot_seq);
  EXPECT_EQ(restored.index.term_of(snapshot_seq), 0);
  EXPECT_EQ(restored.index.term_of(snapshot_seq + 1), 1);
  EXPECT_EQ(whole.index.term_of(2), 1);
  EXPECT_TRUE(restored.index.find({WatchKind::kJobs, job.str(), 0}).has_value());
}

TEST(ChangeIndex, KeepsTheNewestEventsOfTheFieldAndSaysFromWhere) {
  ChangeIndex index(10, 2);
  for (std::int64_t seq = 1; seq <= 12; ++seq) {
    const EventRecorded event{NodeName("cam-1"), FleetName(), {seq, "{}", {}, {}}};
    index.on_fact(State(), EdgeState(), event, {seq, 1, Timestamp(seq)});
    EXPECT_EQ(index.on_commit(seq).size(), 1U);
  }
  EXPECT_EQ(index.floor(WatchKind::kEvents), 10);
  EXPECT_EQ(index.floor(WatchKind::kNodes), 0);
  const auto kept = index.after(10, 500);
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].second.event->event.number, 11);
  EXPECT_EQ(kept[1].second.event->event.number, 12);
}

}  // namespace
}  // namespace duru
