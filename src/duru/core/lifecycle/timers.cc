#include <algorithm>

#include "duru/core/lifecycle/ending.h"
#include "duru/core/lifecycle/lifecycle.h"

namespace duru {
namespace {

// Bounds one tick's work; what is left comes with the next.
constexpr std::size_t kRetirementsPerTick = 1000;

void end_leases(Tx& tx) {
  std::vector<JobId> due;
  for (const auto& [ends_at, id] : tx.state().leases) {
    if (ends_at > tx.now()) break;
    due.push_back(id);
  }
  for (const JobId& id : due) stop_attempt(tx, workload_of(id), StopCause::kLeaseEnded);
}

void stop_drained(Tx& tx) {
  for (const NodeName& name : tx.state().draining_nodes) {
    if (tx.state().nodes.at(name).stop_at > tx.now()) continue;
    const auto live = tx.state().live_on_node.find(name);
    if (live == tx.state().live_on_node.end()) continue;
    const std::vector<WorkloadId> workloads(live->second.begin(), live->second.end());
    for (const WorkloadId& id : workloads) stop_attempt(tx, id, StopCause::kDrained);
  }
}

void retire(Tx& tx) {
  std::vector<JobId> due;
  for (const auto& [ended_at, id] : tx.state().retirements) {
    if (ended_at + kRetention > tx.now() || due.size() == kRetirementsPerTick) break;
    if (tx.state().dependents.count(id) == 0) due.push_back(id);
  }
  for (const JobId& id : due) tx.emit(JobRetired{id});
}

bool has_unstopped_work(const State& state, const NodeName& name) {
  const auto live = state.live_on_node.find(name);
  if (live == state.live_on_node.end()) return false;
  return std::any_of(live->second.begin(), live->second.end(), [&](const WorkloadId& id) {
    return state.workloads.at(id).attempt->stop_cause == StopCause::kNone;
  });
}

}  // namespace

void decide_tick(Tx& tx) {
  end_leases(tx);
  stop_drained(tx);
  retire(tx);
}

std::optional<Timestamp> next_deadline(const State& state, Timestamp now) {
  std::optional<Timestamp> next;
  const auto consider = [&](Timestamp t) {
    if (!next.has_value() || t < *next) next = t;
  };
  for (const auto& [ends_at, id] : state.leases) {
    const auto& attempt = state.workloads.at(workload_of(id)).attempt;
    if (!attempt.has_value() || attempt->stop_cause != StopCause::kNone) continue;
    consider(ends_at);
    break;
  }
  const auto backoff = state.backoffs.lower_bound({now + Milliseconds(1), JobId()});
  if (backoff != state.backoffs.end()) consider(backoff->first);
  for (const NodeName& name : state.draining_nodes) {
    if (has_unstopped_work(state, name)) consider(state.nodes.at(name).stop_at);
  }
  const auto service = state.idle_services.lower_bound({now + Milliseconds(1), WorkloadId()});
  if (service != state.idle_services.end()) consider(service->first);
  for (const auto& [ended_at, id] : state.retirements) {
    if (state.dependents.count(id) > 0) continue;
    consider(ended_at + kRetention);
    break;
  }
  // A pass that ended early goes on.
  const Timestamp next_pass = state.pass_ended_at + Milliseconds(1);
  if (state.pass_ended_at.value != 0 && now < next_pass) consider(next_pass);
  return next;
}

}  // namespace duru
