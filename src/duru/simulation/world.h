// World: an installation in virtual time. It is the real loop, view, outbox, effects and recovery,
// with a journal in memory, a simulated engine and a clock of its own; there is no second
// scheduler. One thread; it jumps from event to event, and after every fact the checkers look.
//
//   World world(WorldOptions{});
//   world.submit(DefineFleet{…});
//   Reply reply = world.submit(SubmitJobs{…});
//   world.run_until(world.now() + seconds(5));
//   EXPECT_TRUE(world.violations().empty());
#pragma once

#include "duru/edge/edge_module.h"
#include "duru/engine/simulated/simulated_engine.h"
#include "duru/journal/memory_journal.h"
#include "duru/loop/loop.h"
#include "duru/simulation/checker.h"
#include "duru/simulation/ledger_book.h"
#include "duru/simulation/trace.h"

namespace duru {

struct WorldOptions {
  Timestamp start{1'767'225'600'000};  // 2026-01-01
  SiteName site{"here"};
  SimulatedEngineOptions engine;
};

enum class Recovery { kReplay, kSnapshot };

class World {
 public:
  explicit World(WorldOptions options);
  ~World();

  // What a caller would be told; it is durable, and the view shows it.
  Reply submit(Message command);
  JobId draw_job_id();
  // All that happens up to then, in order.
  void run_until(Timestamp t);
  std::optional<Timestamp> next_event() const;

  // The server is killed and comes back after the outage, from its journal alone, or from a
  // snapshot and the rest. Work goes on meanwhile.
  void restart(Recovery recovery, Milliseconds outage);

  Timestamp now() const { return clock_.now(); }
  const State& state() const;
  const EdgeState& field() const;
  SimulatedEngine& engine() { return engine_; }
  MemoryJournal& journal() { return journal_; }
  const Trace& trace() const { return trace_; }
  Usage usage(Timestamp from, Timestamp to) const;
  Site site() const;  // for DefineFleet

  // What the checkers found, and what holds only when things have settled: the engine runs what it
  // should and nothing else, and no timer that is due does nothing.
  std::vector<std::string> violations() const;
  void check_settled();

 private:
  struct Life;

  Digest digest() const;
  void begin_life(Recovery recovery, Timestamp alive_at);
  void drain();
  bool tick_if_due();
  void take(const Message& observation);

  WorldOptions options_;
  VirtualClock clock_;
  MemoryJournal journal_;
  SimulatedEngine engine_;
  Trace trace_;
  Inspector inspector_;
  std::unique_ptr<Life> life_;
  Timestamp resent_at_;
  std::uint32_t jobs_drawn_ = 0;
  std::vector<std::string> own_violations_;
};

}  // namespace duru
