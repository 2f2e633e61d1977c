#include "duru/history/history.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "duru/base/json.h"
#include "duru/core/ledger/usage.h"
#include "duru/history/test_world.h"
#include "duru/loop/recovery.h"

namespace duru {
namespace {

class HistoryTest : public testing::Test {
 protected:
  HistoryTest() {
    std::string path = (std::filesystem::temp_directory_path() / "duru-history-XXXXXX").string();
    EXPECT_NE(::mkdtemp(path.data()), nullptr);
    dir_ = path;
  }
  ~HistoryTest() override { std::filesystem::remove_all(dir_); }

  std::unique_ptr<History> open(JournalReader& journal) {
    auto history = History::open(
        dir_, journal, [this](const Error& error) { warnings_.push_back(error.message); });
    EXPECT_TRUE(history.ok()) << history.error().message;
    return std::move(history.value());
  }

  // One job that runs for five seconds and succeeds.
  static JobId run_job(TestWorld& world, const std::string& name) {
    const JobId job = world.submit(test_spec(name));
    world.start_task(job);
    world.after(seconds(5));
    world.end_task(job, 0);
    return job;
  }

  void damage_pages_with(const std::string& text) {
    constexpr std::size_t kPage = 4096;
    std::fstream file(dir_ + "/history.db", std::ios::in | std::ios::out | std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    for (std::size_t at = 0; at < bytes.size(); at += kPage) {
      if (bytes.substr(at, kPage).find(text) == std::string::npos) continue;
      file.seekp(static_cast<std::streamoff>(at));
      file << std::string(kPage, 'x');
    }
  }

  static HistoryJobsQuery all() { return {"default", "", {}, 100}; }

  static std::vector<std::string> names(History& history, const HistoryJobsQuery& query) {
    std::vector<std::string> names;
    auto jobs = history.jobs(query);
    EXPECT_TRUE(jobs.ok());
    for (const HistoryJob& job : jobs.value()) names.push_back(job.name);
    return names;
  }

  static Usage usage(History& history, TestWorld& world) {
    UsageAccount account(kTestStart, world.now());
    struct Sink : LedgerSink {
      explicit Sink(UsageAccount& a) : account(a) {}
      void add(const Interval& interval) override { account.add(interval); }
      void add(const Charge& charge) override { account.add(charge); }
      UsageAccount& account;
    } sink(account);
    EXPECT_TRUE(history.account(world.loop().last_seq(), kTestStart, world.now(), sink).ok());
    for (const Interval& open : history.ledger().open_intervals(world.now())) sink.add(open);
    for (const Charge& open : history.ledger().open_charges(world.now())) sink.add(open);
    return account.take();
  }

  std::string dir_;
  std::vector<std::string> warnings_;
  MemoryJournal journal_;
};

TEST_F(HistoryTest, HoldsAnEndedJobBeforeAndAfterItIsWritten) {
  auto history = open(journal_);
  TestWorld world({history.get()}, &journal_);
  world.begin();
  const JobId job = run_job(world, "train");
  for (int i = 0; i < 2; ++i) {
    auto found = history->job("default", job.str());
    ASSERT_TRUE(found.ok());
    ASSERT_TRUE(found.value().has_value());
    EXPECT_EQ(found.value()->state, JobState::kSucceeded);
    EXPECT_NE(found.value()->listed.find("\"emulated\":true"), std::string::npos);
    EXPECT_NE(found.value()->detail.find("\"attempts\":[{"), std::string::npos);
    EXPECT_FALSE(history->job("other", job.str()).value().has_value());
    ASSERT_TRUE(history->flush().ok());
  }
  EXPECT_EQ(history->newest_named("default", "train").value()->id, job.str());
}

TEST_F(HistoryTest, ReadsAllProjectsInPagesBoundedInNumberAndBytes) {
  auto history = open(journal_);
  TestWorld world({history.get()}, &journal_);
  world.begin();
  std::set<std::string> wanted;
  for (int i = 0; i < 4; ++i) {
    JobSpec spec = test_spec("job-" + std::to_string(i));
    spec.env["LARGE"] = std::string(3 << 20, 'x');
    const JobId id = world.submit(std::move(spec), i % 2 == 0 ? "default" : "another");
    world.start_task(id);
    world.end_task(id, 0);
    wanted.insert(id.str());
  }
  ASSERT_TRUE(history->flush().ok());
  std::set<std::string> found;
  std::size_t pages = 0;
  HistoryJob last;
  while (true) {
    auto page = history->jobs_after(last.project, last.id, 3);
    ASSERT_TRUE(page.ok());
    if (page.value().empty()) break;
    ++pages;
    EXPECT_LE(page.value().size(), 2U) << "two of them have more than 4 MiB";
    for (const HistoryJob& job : page.value()) EXPECT_TRUE(found.insert(job.id).second);
    last = page.value().back();
  }
  EXPECT_EQ(found, wanted);
  EXPECT_EQ(pages, 2U);
}

TEST_F(HistoryTest, ListsNewestFirstInPagesAndByState) {
  auto history = open(journal_);
  TestWorld world({history.get()}, &journal_);
  world.begin();
  run_job(world, "one");
  run_job(world, "two");
  ASSERT_TRUE(history->flush().ok());
  const JobId third = run_job(world, "three");
  const JobId fourth = world.submit(test_spec("four"));
  world.command(CancelJob{fourth});
  world.after(seconds(1));
  TaskObserved stopped;
  stopped.workload = workload_of(fourth);
  stopped.attempt = 1;
  stopped.end = TaskEnd{EndCause::kStopped, {}, {}, world.now(), ""};
  stopped.released_at = world.now();
  world.observe(stopped);
  EXPECT_EQ(names(*history, all()), (std::vector<std::string>{"four", "three", "two", "one"}));
  HistoryJobsQuery query = all();
  query.states = {JobState::kSucceeded};
  query.limit = 2;
  EXPECT_EQ(names(*history, query), (std::vector<std::string>{"three", "two"}));
  query.before = third.str();
  EXPECT_EQ(names(*history, query), (std::vector<std::string>{"two", "one"}));
  query.project = "other";
  EXPECT_TRUE(names(*history, query).empty());
}

TEST_F(HistoryTest, AccountsTheSameFromMemoryFromTheFileAndAfterAReplay) {
  auto history = open(journal_);
  TestWorld world({history.get()}, &journal_);
  world.begin();
  run_job(world, "one");
  run_job(world, "two");
  const JobId running = world.submit(test_spec("three"));
  world.start_task(running);
  world.after(seconds(7));
  const std::string before = to_json(usage(*history, world));
  EXPECT_NE(before.find("\"used_accelerator_seconds\":\"17\""), std::string::npos) << before;
  EXPECT_NE(before.find("\"capacity_accelerator_seconds\":\"51\""), std::string::npos) << before;
  ASSERT_TRUE(history->flush().ok());
  EXPECT_EQ(to_json(usage(*history, world)), before);

  history.reset();
  auto again = open(journal_);
  CoreModule core;
  View view(core, {}, {again.get()});
  replay(journal_, view);
  EXPECT_EQ(to_json(usage(*again, world)), before);
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(HistoryTest, GoesOnFromASnapshotThatItHasReached) {
  auto history = open(journal_);
  TestWorld world({history.get()}, &journal_);
  world.begin();
  run_job(world, "one");
  const JobId running = world.submit(test_spec("two"));
  world.start_task(running);
  const std::int64_t snapshot_seq = world.loop().last_seq();
  const LedgerRecord ledger = history->ledger().record();
  const std::string core_bytes = world.writer().snapshot();
  world.after(seconds(3));
  world.end_task(running, 0);
  const std::string before = to_json(usage(*history, world));

  history.reset();
  auto again = open(journal_);
  ASSERT_GE(again->snapshot_seq_max(), snapshot_seq);
  EXPECT_LE(again->snapshot_seq_max(), world.loop().last_seq());
  again->restore_ledger(ledger);
  CoreModule core;
  ASSERT_TRUE(core.restore(core_bytes).ok());
  View view(core, {}, {again.get()});
  view.resume_at(snapshot_seq, world.now());
  replay(journal_, view, snapshot_seq + 1);
  EXPECT_EQ(to_json(usage(*again, world)), before);
  EXPECT_EQ(names(*again, all()), (std::vector<std::string>{"two", "one"}));
}

TEST_F(HistoryTest, IsMadeAnewWhenItIsLostDamagedOrOfAnotherJournal) {
  std::string before;
  {
    auto history = open(journal_);
    TestWorld world({history.get()}, &journal_);
    world.begin();
    run_job(world, "one");
    before = to_json(usage(*history, world));
  }
  const std::string path = dir_ + "/history.db";
  const std::vector<std::function<void()>> harms = {
      [&] { std::filesystem::remove(path); },
      [&] {
        std::ofstream(path, std::ios::trunc) << "this is no database, however you look at it";
      },
      [&] { std::ofstream(path + ".damaged") << ""; },
  };
  for (const auto& harm : harms) {
    harm();
    auto history = open(journal_);
    EXPECT_EQ(history->snapshot_seq_max(), 0);
    CoreModule core;
    View view(core, {}, {history.get()});
    replay(journal_, view);
    EXPECT_EQ(names(*history, all()), std::vector<std::string>{"one"});
    ASSERT_TRUE(history->flush().ok());
    EXPECT_FALSE(std::filesystem::exists(path + ".damaged"));
  }
  EXPECT_EQ(warnings_.size(), 2U);
  MemoryJournal other;
  auto history = open(other);
  EXPECT_EQ(history->snapshot_seq_max(), 0);
  EXPECT_TRUE(names(*history, all()).empty());
  EXPECT_EQ(warnings_.size(), 3U);
}

TEST_F(HistoryTest, AReaderThatMeetsDamageHasTheFileMadeAnewByTheNextStart) {
  auto history = open(journal_);
  TestWorld world({history.get()}, &journal_);
  world.begin();
  const JobId job = run_job(world, "one");
  ASSERT_TRUE(history->flush().ok());
  history.reset();
  damage_pages_with(job.str());
  {
    auto damaged = open(journal_);
    const auto found = damaged->job("default", job.str());
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code, ErrorCode::kDamaged);
  }
  auto again = open(journal_);
  CoreModule core;
  View view(core, {}, {again.get()});
  replay(journal_, view);
  EXPECT_TRUE(again->job("default", job.str()).value().has_value());
}

}  // namespace
}  // namespace duru
