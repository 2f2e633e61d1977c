// For tests: a loop and a view in one thread and virtual time, with a node of two emulated H100 and
// an ARIES, and tasks that start and end when the test says so.
//
//   TestWorld world({&history});
//   const JobId job = world.submit({.name = "train", .track = Track::kGpu, .command = {"true"}});
//   world.start_task(job);
//   world.after(seconds(5));
//   world.end_task(job, 0);        // exit code 0, tree empty, outputs stored
#pragma once

#include <gtest/gtest.h>

#include "duru/journal/memory_journal.h"
#include "duru/loop/loop.h"
#include "duru/loop/view.h"

namespace duru {

constexpr Timestamp kTestStart{1'800'000'000'000};

inline DefineFleet test_fleet() {
  DefineFleet fleet;
  Chip h100;
  h100.name = ChipName("h100-sxm5-80gb");
  h100.aliases = {"h100"};
  h100.track = Track::kGpu;
  h100.watts = Milliwatts(700'000);
  h100.watts_kind = FigureKind::kPublished;
  h100.price = MicroCredits(3'600'000);
  h100.price_kind = FigureKind::kAssumed;
  Chip aries;
  aries.name = ChipName("aries-mla100");
  aries.aliases = {"aries"};
  aries.track = Track::kNpu;
  fleet.chips = {h100, aries};
  Site site;
  site.name = SiteName("here");
  site.owner = "us";
  site.engine = "simulated";
  site.capabilities.binds_devices = true;
  fleet.sites = {site};
  Node node;
  node.name = NodeName("n1");
  node.site = site.name;
  node.cpu = MilliCpu(8000);
  node.memory = Bytes(std::int64_t{64} << 30);
  for (const std::int32_t index : {0, 1, 2}) {
    node.accelerators.push_back({index, index < 2 ? h100.name : aries.name, true, ""});
  }
  fleet.nodes = {node};
  return fleet;
}

inline JobSpec test_spec(const std::string& name, std::optional<Track> track = Track::kGpu) {
  JobSpec spec;
  spec.name = name;
  spec.track = track;
  spec.command = {"true"};
  return spec;
}

class TestWorld {
 public:
  // The view starts empty and is fed everything; projections see it all.
  explicit TestWorld(std::vector<Projection*> projections,
                     Journal* journal = nullptr)  // nullptr: one of its own, in memory
      : journal_(journal == nullptr ? own_journal_ : *journal),
        loop_({&writer_}, journal_, outbox_),
        view_(view_core_, {}, std::move(projections)) {
    journal_.set_listener([this](std::int64_t seq) { outbox_.on_durable(seq); },
                          [](const Error& error) { FAIL() << error.message; });
  }

  void begin() {
    command(StartServer{InstallationId("testtest"), "0", now_, "boot", Timestamp(1)});
    command(test_fleet());
  }

  Reply command(Message message) {
    Reply answer;
    loop_.submit({std::move(message),
                  "operator",
                  "",
                  {},
                  {},
                  [&](Reply reply) { answer = std::move(reply); }},
                 now_);
    settle();
    return answer;
  }
  JobId submit(JobSpec spec, const std::string& project = "default") {
    const JobId id = make_id<JobId>(now_.value, ++drawn_);
    const Reply reply = command(SubmitJobs{ProjectName(project), {{id, std::move(spec)}}, {}, {}});
    EXPECT_EQ(reply.kind, Reply::Kind::kAccepted) << reply.rejection.detail;
    return id;
  }
  void observe(Message message) {
    loop_.observe(message, now_);
    settle();
  }
  void start_task(const JobId& job) { observe(observed(job)); }
  void end_task(const JobId& job, std::int32_t exit_code,
                std::map<std::string, StoredOutput> outputs = {}) {
    TaskObserved report = observed(job);
    report.end = TaskEnd{EndCause::kExited, exit_code, {}, now_, ""};
    report.released_at = now_;
    report.outputs_phase = OutputsPhase::kStored;
    report.outputs = std::move(outputs);
    observe(report);
  }
  void after(Milliseconds span) {
    now_ = now_ + span;
    loop_.tick(now_);
    loop_.mark_time(now_);
    settle();
  }

  void settle() {
    while (view_.drain(outbox_)) {
    }
  }
  View& view() { return view_; }
  const CoreModule& writer() const { return writer_; }
  Loop& loop() { return loop_; }
  Outbox& outbox() { return outbox_; }
  Journal& journal() { return journal_; }
  Timestamp now() const { return now_; }

 private:
  TaskObserved observed(const JobId& job) {
    const WorkloadRecord* workload = writer_.state().workload(workload_of(job));
    TaskObserved report;
    report.workload = workload_of(job);
    report.attempt = workload->attempt_count;
    report.started_at = workload->attempt->tasks[0].started_at.value_or(now_);
    return report;
  }

  MemoryJournal own_journal_;
  Journal& journal_;
  Outbox outbox_;
  CoreModule writer_;
  CoreModule view_core_;
  Loop loop_;
  View view_;
  Timestamp now_ = kTestStart;
  std::uint32_t drawn_ = 0;
};

// A second view over the same journal, as a restart makes it.
inline void replay(JournalReader& journal, View& view, std::int64_t from_seq = 1) {
  const Status read = journal.read(from_seq, [&](const Entry& entry) -> Status {
    Result<DurableCommit> commit = from_entry(entry);
    if (!commit.ok()) return commit.error();
    view.apply(commit.value());
    return ok_status();
  });
  EXPECT_TRUE(read.ok()) << read.error().message;
}

}  // namespace duru
