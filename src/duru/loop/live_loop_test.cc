#include "duru/loop/live_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "duru/core/testing/fleets.h"
#include "duru/journal/memory_journal.h"

// The two threads; meant to be run under the thread sanitizer too.
namespace duru::testing {
namespace {

constexpr std::chrono::seconds kPatience(20);
constexpr Timestamp kStart(1'800'000'000'000);

class ManualClock : public Clock {
 public:
  Timestamp now() const override { return Timestamp(now_ms_.load()); }
  Timestamp at_boottime(std::int64_t boottime_ms) const override { return Timestamp(boottime_ms); }
  void advance(Milliseconds by) { now_ms_ += by.value; }

 private:
  std::atomic<std::int64_t> now_ms_{kStart.value};
};

// Lets a test wait for a fact.
class Facts : public Projection {
 public:
  void on_fact(const State&, const Message& fact, const FactContext&) override {
    const std::lock_guard lock(mutex_);
    ++counts_[std::string(fact.kind().name)];
    changed_.notify_all();
  }
  bool wait_for(const std::string& name, int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return counts_[name] >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> counts_;
};

struct Live {
  Live() {
    journal.set_listener([this](std::int64_t seq) { outbox.on_durable(seq); }, [](const Error&) {});
    live.start();
  }
  std::future<Reply> submit(Message command) {
    auto promise = std::make_shared<std::promise<Reply>>();
    std::future<Reply> reply = promise->get_future();
    live.submit({std::move(command), "operator", "", {}, {}, [promise](const Reply& told) {
                   promise->set_value(told);
                 }});
    return reply;
  }
  static bool accepted(std::future<Reply>& reply) {
    return reply.wait_for(kPatience) == std::future_status::ready &&
           reply.get().kind == Reply::Kind::kAccepted;
  }
  void define_fleet() {
    std::future<Reply> reply = submit(DefineFleet{chips(), {site()}, {node("a", kH100, 2)}});
    ASSERT_TRUE(accepted(reply));
  }
  std::size_t jobs() const {
    return view.read([](const View::Reading& v) { return v.state.jobs.size(); });
  }

  ManualClock clock;
  MemoryJournal journal;
  Outbox outbox;
  CoreModule writer;
  CoreModule reader;
  Facts facts;
  View view{reader, {}, {&facts}};
  Loop loop{{&writer}, journal, outbox};
  LiveLoop live{loop, view, outbox, journal, clock, {}};
};

SubmitJobs submission(std::uint32_t number) {
  JobSpec spec = gpu_job("j" + std::to_string(number));
  spec.retries.limit = 1;
  return {ProjectName("default"), {{make_id<JobId>(kStart.value, number), spec}}, {}, {}};
}

TEST(LiveLoopTest, TakesCommandsFromManyThreadsAndEachReadsItsOwnWrite) {
  Live live;
  live.define_fleet();
  constexpr std::uint32_t kThreads = 4, kEach = 50;
  std::atomic<int> accepted = 0, seen = 0;
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint32_t i = 0; i < kEach; ++i) {
        const SubmitJobs command = submission(t * kEach + i);
        std::future<Reply> reply = live.submit(command);
        if (Live::accepted(reply)) ++accepted;
        live.view.read([&](const View::Reading& v) {
          if (v.state.job(command.jobs[0].id) != nullptr) ++seen;
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(accepted, static_cast<int>(kThreads * kEach));
  EXPECT_EQ(seen, static_cast<int>(kThreads * kEach));
  live.live.stop();
  EXPECT_EQ(live.writer.state().digest(), live.reader.state().digest());
}

TEST(LiveLoopTest, WhatWasAcceptedBeforeAStopIsDurableAndAnswered) {
  for (std::uint32_t round = 0; round < 30; ++round) {
    Live live;
    live.define_fleet();
    std::vector<std::future<Reply>> replies;
    for (std::uint32_t i = 0; i < 20; ++i) replies.push_back(live.submit(submission(i)));
    live.live.stop();
    for (std::future<Reply>& reply : replies) {
      ASSERT_EQ(reply.wait_for(std::chrono::seconds(0)), std::future_status::ready)
          << "round " << round;
    }
    EXPECT_EQ(live.jobs(), 20U);
    EXPECT_EQ(live.journal.tail().last_seq, live.loop.last_seq());
  }
}

TEST(LiveLoopTest, AStopWithoutWorkAndASecondStopAreClean) {
  Live live;
  live.live.stop();
  live.live.stop();
}

TEST(LiveLoopTest, ABackoffEndsByItself) {
  Live live;
  live.define_fleet();
  const SubmitJobs command = submission(1);
  std::future<Reply> reply = live.submit(command);
  ASSERT_TRUE(Live::accepted(reply));
  TaskObserved report;
  report.workload = workload_of(command.jobs[0].id);
  report.attempt = 1;
  report.end = TaskEnd{EndCause::kExited, 1, {}, kStart, ""};
  report.released_at = kStart;
  live.live.observe(report);
  ASSERT_TRUE(live.facts.wait_for("job_requeued", 1));
  live.clock.advance(seconds(2));
  EXPECT_TRUE(live.facts.wait_for("attempt_started", 2)) << "nothing else came in meanwhile";
}

TEST(LiveLoopTest, TimeIsMarkedWhenNothingHappens) {
  Live live;
  live.define_fleet();
  const Timestamp then = live.clock.now() + minutes(1);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  const auto mark = [&] { return live.view.read([](const View::Reading& v) { return v.mark; }); };
  while (mark() < then && std::chrono::steady_clock::now() < deadline) {
    live.clock.advance(Milliseconds(1));
    std::this_thread::yield();
  }
  EXPECT_GE(mark(), then);
  EXPECT_LE(mark(), live.clock.now());
  EXPECT_GE(live.journal.alive_ms(), mark().value) << "the next server must know";
  live.live.stop();
  EXPECT_EQ(live.journal.alive_ms(), live.clock.now().value);
}

}  // namespace
}  // namespace duru::testing
