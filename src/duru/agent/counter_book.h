// CounterBook: what the node counts over its life, never backwards, whatever restarts. On disk at
// most every 10 s and at ends; what a run counted since is read again from its status file, and the
// up-time of a workload that ran on while no agent watched is made good. One run counts at most
// 1e15 inferences, and no sum goes beyond the largest 64-bit number.
//
// A book that was lost is begun anew: it says nothing to the server until that has told what it
// knew, and goes on from there. What was counted since the server last took the counters is lost.
//
//   book.begin_run(7);
//   book.tick({.run = 7, .serving = true, .run_inferences = 120});   // about once a second
//   report.counters = book.counters();
#pragma once

#include <optional>

#include "duru/agent/disk.h"
#include "duru/agent/log.h"
#include "duru/agent/records.h"

namespace duru::agent {

class CounterBook {
 public:
  CounterBook(const Folder& data, Log& log);

  struct Observation {
    std::int64_t run = 0;
    bool serving = false;  // it runs and is well
    std::optional<std::int64_t> run_inferences;
    Milliseconds read_at{};  // its events were read to their end then, on this boot's clock
  };
  void tick(const Observation& seen);
  void begin_run(std::int64_t run);
  void count_restart();
  void save_now();

  // As last observed and saved; 0: not in that boot.
  Milliseconds read_at(std::int64_t run, const std::string& boot_id) const;
  // The server knew so much when this book was begun. Nothing happens where it is settled, or
  // cannot be kept: it is told again.
  void settle(const FieldCounters& known);
  bool is_settled() const { return !record_.unsettled; }

  // Without events_dropped, which the spool knows. Of a book that is not settled: since it began.
  FieldCounters counters() const;

 private:
  bool keep(const CounterRecord& record);

  const Folder& data_;
  Log& log_;
  CounterRecord record_;
  std::int64_t saved_at_ms_ = 0;
};

}  // namespace duru::agent
