// World: an installation in virtual time. It is the real loop, view, outbox, effects and recovery,
// with a journal in memory, a simulated engine and a clock of its own; there is no second
// scheduler. One thread; it jumps from event to event, and after every fact the checkers look.
//
//   World world(WorldOptions{});
//   world.submit(DefineFleet{…});
//   Reply reply = world.submit(SubmitJobs{…});
//   world.run_until(world.now() + seconds(5));
//   EXPECT_TRUE(world.violations().empty());
//
// Nodes of the field dial out to the real agent engine; a sync with news is answered once these are
// durable, as the route does:
//
//   world.enrol({NodeName("cam-01"), {{"site", "ridge"}}, chip, 1, MilliCpu(4000), memory});
//   world.agents().set_link(NodeName("cam-01"), false);
#pragma once

#include "duru/edge/edge_module.h"
#include "duru/engine/agent/agent_engine.h"
#include "duru/engine/simulated/simulated_engine.h"
#include "duru/journal/memory_journal.h"
#include "duru/loop/loop.h"
#include "duru/simulation/checker.h"
#include "duru/simulation/ledger_book.h"
#include "duru/simulation/simulated_field.h"
#include "duru/simulation/trace.h"

namespace duru {

struct WorldOptions {
  Timestamp start{1'767'225'600'000};  // 2026-01-01
  SiteName site{"here"};
  SimulatedEngineOptions engine;
  FieldTimes field;
  std::uint64_t seed = 1;  // of what goes wrong between nodes and server
  bool checked = true;     // off, nothing is checked: for fields of 100,000 nodes
};

// A node as it enrols; `chip` is left out where it has no accelerator.
struct EnrollingNode {
  NodeName name;
  std::map<std::string, std::string> labels;
  std::optional<Chip> chip;
  std::int32_t accelerators = 1;  // of the chip, emulated
  MilliCpu cpu;
  Bytes memory;
};

enum class Recovery { kReplay, kSnapshot };

class World {
 public:
  explicit World(WorldOptions options);
  ~World();

  // What a caller would be told; it is durable, and the view shows it.
  Reply submit(Message command);
  JobId draw_job_id();
  // A code is made and the node uses it at once; from then on it syncs.
  Reply enrol(const EnrollingNode& node);
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
  SimulatedField& agents() { return agents_; }
  MemoryJournal& journal() { return journal_; }
  const Trace& trace() const { return trace_; }
  Usage usage(Timestamp from, Timestamp to) const;
  Site site() const;  // for DefineFleet

  // What the checkers found, and what holds only when things have settled: the engine and the field
  // run what they should and nothing else, every event of a node that can say it is recorded, and
  // no timer that is due does nothing.
  std::vector<std::string> violations() const;
  void check_settled();

 private:
  struct Life;

  Digest digest() const;
  void begin_life(Recovery recovery, Timestamp alive_at);
  void recover(const std::vector<DurableCommit>& commits, Recovery recovery);
  void begin_work();
  void drain();
  void hear();
  bool tick_if_due();
  void check_links_if_due();
  void take(const Message& observation);
  SyncAnswer answer(const NodeName& node, const SyncRequest& request);
  std::optional<FieldKnown> known_of_node(const NodeName& node) const;
  void check_field();
  void check_field_settled();

  WorldOptions options_;
  VirtualClock clock_;
  MemoryJournal journal_;
  SimulatedEngine engine_;
  SimulatedField agents_;
  Trace trace_;
  Inspector inspector_;
  std::deque<Message> heard_;  // of the agent engine, which reports inside its calls
  bool is_away_ = false;       // the server is
  std::unique_ptr<Life> life_;
  Timestamp resent_at_;
  Timestamp checked_links_at_;
  std::int64_t checked_seq_ = 0;
  std::uint32_t jobs_drawn_ = 0;
  std::uint32_t codes_made_ = 0;
  std::vector<std::string> own_violations_;
};

}  // namespace duru
