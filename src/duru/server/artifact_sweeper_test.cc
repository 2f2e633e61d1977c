#include "duru/server/artifact_sweeper.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "duru/artifact/folder_artifact_store.h"
#include "duru/base/clock.h"
#include "duru/journal/memory_journal.h"

namespace duru {
namespace {

class ArtifactSweeperTest : public ::testing::Test {
 protected:
  ArtifactSweeperTest() {
    char pattern[] = "/tmp/duru-sweeper-XXXXXX";
    dir_ = ::mkdtemp(pattern);
    store_ = std::move(FolderArtifactStore::open(dir_).value());
    history_ = std::move(History::open(dir_, journal_).value());
    view_ = std::make_unique<View>(core_, std::vector<Module*>{&edge_},
                                   std::vector<Projection*>{history_.get()});
  }
  ~ArtifactSweeperTest() override { std::filesystem::remove_all(dir_); }

  Digest put(const std::string& text) { return store_->put_bytes(text).value().digest; }

  // As the view gets it: one durable commit with a job that has this file, ended or not.
  void show_job(const std::string& name, const Digest& file, bool ended) {
    DurableCommit commit;
    JobSubmitted submitted;
    submitted.job = make_id<JobId>(1'700'000'000'000 + next_seq_, 1);
    submitted.project = ProjectName("default");
    submitted.spec.name = name;
    submitted.spec.command = {"true"};
    submitted.spec.files = {{"input.txt", file, Bytes(1), false}};
    commit.facts.push_back(submitted);
    if (ended) {
      commit.facts.push_back(
          JobEnded{submitted.job, JobState::kCancelled, "cancelled", {}, {}, false, ""});
    }
    show(std::move(commit));
  }
  void show(DurableCommit commit) {
    for (const Message& fact : commit.facts) commit.record.facts.push_back(store(fact));
    commit.record.first_seq = next_seq_;
    commit.record.term = 1;
    commit.record.now = Timestamp(1'700'000'000'000);
    next_seq_ += static_cast<std::int64_t>(commit.facts.size());
    view_->apply(commit);
  }

  std::string dir_;
  MemoryJournal journal_;
  CoreModule core_;
  EdgeModule edge_;
  std::unique_ptr<FolderArtifactStore> store_;
  std::unique_ptr<History> history_;
  std::unique_ptr<View> view_;
  std::int64_t next_seq_ = 1;
};

TEST_F(ArtifactSweeperTest, KeepsTheManifestsAndFilesOfReleasesUntilTheyAreRemoved) {
  const Digest file = put("a model");
  const Digest manifest = put("a manifest");
  put("nobody's");
  ReleaseDefined defined;
  defined.release.name = ReleaseName("smoke-1");
  defined.release.digest = manifest;
  defined.release.manifest.files = {{"model.onnx", file, Bytes(7), false}};
  DurableCommit commit;
  commit.facts.push_back(defined);
  show(std::move(commit));
  ArtifactSweeper sweeper(*view_, edge_, *history_, *store_, {});
  const auto swept = sweeper.sweep(wall_time() + hours(25));
  ASSERT_TRUE(swept.ok());
  EXPECT_EQ(swept.value(), 1U);
  EXPECT_TRUE(store_->exists(file));
  EXPECT_TRUE(store_->exists(manifest));
  DurableCommit removal;
  removal.facts.push_back(ReleaseRemoved{ReleaseName("smoke-1")});
  show(std::move(removal));
  EXPECT_EQ(sweeper.sweep(wall_time() + hours(25)).value(), 2U);
}

TEST_F(ArtifactSweeperTest, KeepsWhatJobsOfTheStateAndOfTheHistoryNameAndSweepsTheRest) {
  const Digest waiting = put("of a job that waits");
  const Digest ended = put("of a job that ended");
  const Digest nobody = put("of nobody");
  show_job("waits", waiting, false);
  show_job("ended", ended, true);
  ArtifactSweeper sweeper(*view_, edge_, *history_, *store_, {});

  const Result<std::size_t> young = sweeper.sweep(wall_time());
  ASSERT_TRUE(young.ok()) << young.error().message;
  EXPECT_EQ(young.value(), 0U);

  const Result<std::size_t> swept = sweeper.sweep(wall_time() + hours(25));
  ASSERT_TRUE(swept.ok()) << swept.error().message;
  EXPECT_EQ(swept.value(), 1U);
  EXPECT_TRUE(store_->exists(waiting));
  EXPECT_TRUE(store_->exists(ended));
  EXPECT_FALSE(store_->exists(nobody));
}

TEST(ReferencedArtifacts, HoldTheOutputsOfAnAttemptWhoseOtherTasksRunOn) {
  State state;
  const Digest output = sha256("a model");
  WorkloadRecord workload;
  workload.id = workload_of(make_id<JobId>(1, 1));
  workload.attempt.emplace();
  workload.attempt->outputs["model"] = {output, Bytes(7)};
  state.workloads.emplace(workload.id, workload);
  EXPECT_EQ(referenced_artifacts(state).count(output), 1U);
}

}  // namespace
}  // namespace duru
