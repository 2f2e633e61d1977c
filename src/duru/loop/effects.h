// Effects: what the engines are told, derived from durable facts. Level-triggered: a projection of
// the view sends the changes, and resend() the full set, at a start and from time to time; both may
// repeat what was said. A server says it in steps, so that nobody waits long for the view.
#pragma once

#include "duru/engine/engine.h"
#include "duru/loop/view.h"

namespace duru {

// What task run `task` of the workload's live attempt is to be; pure.
TaskRunSpec task_run_spec(const State& state, const WorkloadRecord& workload, std::int32_t task);

class Effects : public Projection {
 public:
  // Nothing is sent before begin(), which is called under the view's lock. The engines, by site,
  // outlive this.
  void begin(std::map<SiteName, Engine*> engines, const State& state) {
    engines_ = std::move(engines);
    begun_ = true;
    resend(state);
  }
  // The full set: every live run is run again or stopped again, everything else is an orphan.
  void resend(const State& state) {
    while (!resend_step(state)) {
    }
  }
  // A bounded part of it, under the view's lock each time; true when all of it was said.
  bool resend_step(const State& state);
  void on_fact(const State& after, const Message& fact, const FactContext& context) override;

 private:
  // The full set on its way: what was said of it, and what began meanwhile.
  struct Round {
    std::optional<WorkloadId> said_through;
    std::map<Engine*, std::vector<TaskRunName>> desired;
  };

  void note(const State& state, const WorkloadRecord& workload);
  Engine* engine_of(const State& state, const Allocation& allocation) const;
  void send(const State& state, const WorkloadRecord& workload);
  void stop(const State& state, const WorkloadRecord& workload);
  void forget(const State& after, const WorkloadRecord& workload, std::int32_t attempt);

  std::map<SiteName, Engine*> engines_;
  bool begun_ = false;
  std::optional<Round> round_;
};

}  // namespace duru
