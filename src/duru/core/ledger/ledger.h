// The ledger: what the fleet's time went to, and who owes what; derived from facts alone, never
// journaled.
//
// Two accounts, made separately so that each checks the other (P8):
//   intervals  every accelerator's time in one of five classes, without gap or overlap; the first
//   that fits counts:
//              used (allocated, until the recorded end), failed (unhealthy, its node down, or
//              between a recorded end and the tree proven empty), foreign, maintenance (cordoned,
//              drained), idle. They sum to the capacity by construction of the fleet's own facts.
//   charges    what each attempt held, per chip: from the decision to each task's recorded end.
//   Sum of the charges' accelerator time = time in class used, exactly.
//
//   Ledger ledger;
//   ledger.apply(state_after_the_fact, fact, context, sink);   // the sink takes closed intervals
//   and charges
//
// Rounding, once: energy is milliwatts × milliseconds = nanojoules × 1000, kept exactly
// (microjoules); cost is micro-credits per hour × milliseconds / 3,600,000, rounded half up per
// charge line after summing its time.
#pragma once

#include "duru/core/state/tx.h"

namespace duru {

enum class TimeClass { kIdle, kUsed, kFailed, kForeign, kMaintenance };
DURU_DECLARE_ENUM(TimeClass)

// Part of one accelerator's time; [from, to).
struct Interval {
  AcceleratorId accelerator;
  ChipName chip;
  bool emulated = false;
  TimeClass time_class{};
  Timestamp from;
  Timestamp to;
};
DURU_DECLARE_RECORD(Interval)

// What one task run held; [from, to). Prices and watts are those of the decision.
struct Charge {
  JobId job;
  std::string job_name;
  ProjectName project;
  std::int32_t attempt = 0;
  std::int32_t task = 0;
  NodeName node;
  ChipName chip;  // empty: no accelerator
  Track track{};
  bool emulated = false;
  std::int64_t accelerators = 0;
  MilliCpu cpu;
  Timestamp from;
  Timestamp to;
  Milliwatts watts;  // per accelerator; 0 with watts_kind unknown: none
  FigureKind watts_kind{};
  MicroCredits price;  // per accelerator-hour
  FigureKind price_kind{};
  WorkloadId service;  // of a service, which has no job: `job` is empty, `job_name` its name
};
DURU_DECLARE_RECORD(Charge)

class LedgerSink {
 public:
  virtual ~LedgerSink() = default;
  virtual void add(const Interval& closed) = 0;
  virtual void add(const Charge& closed) = 0;
};

// The open intervals and charges, as they lie in a snapshot.
struct LedgerRecord {
  std::vector<Interval> intervals;  // `to` is not set
  std::vector<Charge> charges;
};
DURU_DECLARE_RECORD(LedgerRecord)

class Ledger {
 public:
  // `after` is the state with the fact applied. O(what the fact touches).
  void apply(const State& after, const Message& fact, const FactContext& context, LedgerSink& sink);

  // What is open at `until`, closed there for an account; the ledger goes on.
  std::vector<Interval> open_intervals(Timestamp until) const;
  std::vector<Charge> open_charges(Timestamp until) const;

  LedgerRecord record() const;
  static Ledger from_record(const LedgerRecord& record);

 private:
  struct ChargeKey {
    WorkloadId workload;
    std::int32_t attempt = 0;
    std::int32_t task = 0;
    auto operator<=>(const ChargeKey&) const = default;
  };

  void touch(const State& after, const AcceleratorId& id, Timestamp at, LedgerSink& sink);
  void touch_node(const State& after, const NodeName& node, Timestamp at, LedgerSink& sink);
  void close_node(const NodeName& node, Timestamp at, LedgerSink& sink);
  void open_charge(const State& after, const AttemptStarted& fact, Timestamp at);

  std::map<AcceleratorId, Interval> intervals_;
  std::map<ChargeKey, Charge> charges_;
};

// The class of an accelerator's time in this state.
TimeClass classify(const State& state, const AcceleratorId& id);

// Microjoules and micro-credits of a charge, exactly and by the rule above.
Wide energy_microjoules(const Charge& charge);
Wide accelerator_milliseconds(const Charge& charge);

}  // namespace duru
