// Trace: what became of each job, step by step: the sequence of (state, attempt, nodes,
// accelerators, exit) that two runs of a scenario must share.
//
//   Trace trace;                              // a projection of the view
//   for (const TraceStep& step : trace.steps()) …
#pragma once

#include "duru/loop/view.h"

namespace duru {

struct TraceStep {
  std::string job;    // its name
  std::string state;  // of JobState, or "retired"
  std::int32_t attempt = 0;
  std::vector<std::string> nodes;         // that hold it, or held it last; each once
  std::vector<std::string> accelerators;  // "NODE/INDEX"
  std::string exit;                       // "", "exit 3", "signal 9", "lost"
  std::string reason;                     // why it ended: JobEnded::reason
  Timestamp at;

  // Without the time and the reason.
  bool agrees_with(const TraceStep& other) const;
  std::string text() const;  // "a starting 1 n1 n1/0,n1/1"
};

class Trace : public Projection {
 public:
  void on_fact(const State& after, const Message& fact, const FactContext& context) override;
  const std::vector<TraceStep>& steps() const { return steps_; }
  std::vector<TraceStep> steps_of(const std::string& job) const;
  std::vector<std::string> jobs() const;  // by name

 private:
  std::vector<TraceStep> steps_;
  std::map<JobId, TraceStep> last_;
};

}  // namespace duru
