#include "duru/core/ledger/ledger.h"

#include <algorithm>

#include "duru/base/record_macros.h"

namespace duru {

DURU_ENUM(TimeClass, {kIdle, "idle"}, {kUsed, "used"}, {kFailed, "failed"}, {kForeign, "foreign"},
          {kMaintenance, "maintenance"})
DURU_RECORD(Interval, (1, accelerator), (2, chip), (3, emulated), (4, time_class), (5, from),
            (6, to))
DURU_RECORD(Charge, (1, job), (2, job_name), (3, project), (4, attempt), (5, task), (6, node),
            (7, chip), (8, track), (9, emulated), (10, accelerators), (11, cpu), (12, from),
            (13, to), (14, watts), (15, watts_kind), (16, price), (17, price_kind), (18, service))
DURU_RECORD(LedgerRecord, (1, intervals), (2, charges))

namespace {

const Allocation& allocation_of(const State& state, const WorkloadId& id, std::int32_t task) {
  return state.workloads.at(id).attempt->tasks.at(static_cast<std::size_t>(task)).allocation;
}

}  // namespace

TimeClass classify(const State& state, const AcceleratorId& id) {
  const NodeRecord& node = state.nodes.at(id.node);
  const auto& holders = state.capacity.at(id.node).holders;
  const auto holder = holders.find(id.index);
  if (holder != holders.end()) {
    const AttemptRecord& attempt = *state.workloads.at(holder->second.workload).attempt;
    const bool ended =
        attempt.tasks.at(static_cast<std::size_t>(holder->second.task)).end.has_value();
    return ended ? TimeClass::kFailed : TimeClass::kUsed;
  }
  if (node.down || !state.healthy(id)) return TimeClass::kFailed;
  if (node.cordoned) return TimeClass::kMaintenance;
  return TimeClass::kIdle;
}

void Ledger::touch(const State& after, const AcceleratorId& id, Timestamp at, LedgerSink& sink) {
  const TimeClass now = classify(after, id);
  const Accelerator* accelerator = after.accelerator(id);
  auto it = intervals_.find(id);
  if (it == intervals_.end()) {
    intervals_[id] = {id, accelerator->chip, accelerator->emulated, now, at, {}};
    return;
  }
  Interval& open = it->second;
  // What is held stays the chip of the decision: its end may be reported late, for before a change.
  const bool same_chip = now == TimeClass::kUsed ||
                         (open.chip == accelerator->chip && open.emulated == accelerator->emulated);
  if (open.time_class == now && same_chip) return;
  at = std::max(at, open.from);
  if (at > open.from) {
    Interval closed = open;
    closed.to = at;
    sink.add(closed);
  }
  open.chip = accelerator->chip;
  open.emulated = accelerator->emulated;
  open.time_class = now;
  open.from = at;
}

void Ledger::touch_node(const State& after, const NodeName& node, Timestamp at, LedgerSink& sink) {
  const auto it = after.nodes.find(node);
  if (it == after.nodes.end()) return;
  for (const Accelerator& accelerator : it->second.node.accelerators) {
    touch(after, {node, accelerator.index}, at, sink);
  }
  // What the node has no longer.
  for (auto open = intervals_.lower_bound({node, 0});
       open != intervals_.end() && open->first.node == node;) {
    if (after.accelerator(open->first) != nullptr) {
      ++open;
      continue;
    }
    open->second.to = std::max(at, open->second.from);
    sink.add(open->second);
    open = intervals_.erase(open);
  }
}

void Ledger::close_node(const NodeName& node, Timestamp at, LedgerSink& sink) {
  auto open = intervals_.lower_bound({node, 0});
  while (open != intervals_.end() && open->first.node == node) {
    open->second.to = std::max(at, open->second.from);
    sink.add(open->second);
    open = intervals_.erase(open);
  }
}

void Ledger::open_charge(const State& after, const AttemptStarted& fact, Timestamp at) {
  const WorkloadRecord& workload = after.workloads.at(fact.workload);
  const JobRecord* job = after.job(workload.job);
  for (std::size_t i = 0; i < fact.allocations.size(); ++i) {
    const Allocation& held = fact.allocations[i];
    Charge charge;
    if (job != nullptr) {
      charge.job = job->id;
      charge.job_name = job->spec.name;
      charge.project = job->project;
    } else {
      charge.service = workload.id;
      charge.job_name = workload.service->spec.name;
      charge.project = workload.service->spec.project;
    }
    charge.attempt = fact.attempt;
    charge.task = static_cast<std::int32_t>(i);
    charge.node = held.node;
    charge.chip = held.chip;
    charge.accelerators = static_cast<std::int64_t>(held.devices.size());
    charge.cpu = held.cpu;
    charge.from = at;
    const auto chip = after.chips.find(held.chip);
    if (chip != after.chips.end()) {
      charge.track = chip->second.track;
      charge.watts = chip->second.watts;
      charge.watts_kind = chip->second.watts_kind;
      charge.price = chip->second.price;
      charge.price_kind = chip->second.price_kind;
    }
    charge.emulated = held.emulated;
    charges_[{fact.workload, fact.attempt, charge.task}] = std::move(charge);
  }
}

void Ledger::apply(const State& after, const Message& fact, const FactContext& context,
                   LedgerSink& sink) {
  const Timestamp now = context.now;
  if (const auto* started = fact.as<AttemptStarted>()) {
    open_charge(after, *started, now);
    for (const Allocation& held : started->allocations) {
      for (std::int32_t device : held.devices) touch(after, {held.node, device}, now, sink);
    }
  } else if (const auto* ended = fact.as<TaskEnded>()) {
    const Timestamp at = ended->end.ended_at;
    const auto charge = charges_.find({ended->workload, ended->attempt, ended->task});
    charge->second.to = std::max(at, charge->second.from);
    sink.add(charge->second);
    charges_.erase(charge);
    const Allocation& held = allocation_of(after, ended->workload, ended->task);
    for (std::int32_t device : held.devices) touch(after, {held.node, device}, at, sink);
  } else if (const auto* released = fact.as<TaskReleased>()) {
    const Allocation& held = allocation_of(after, released->workload, released->task);
    for (std::int32_t device : held.devices) {
      touch(after, {held.node, device}, released->released_at, sink);
    }
  } else if (const auto* defined = fact.as<NodeDefined>()) {
    touch_node(after, defined->node.name, now, sink);
  } else if (const auto* removed = fact.as<NodeRemoved>()) {
    close_node(removed->node, now, sink);
  } else if (const auto* marked = fact.as<AcceleratorMarked>()) {
    touch(after, marked->accelerator, now, sink);
  } else if (const auto* cordoned = fact.as<NodeCordoned>()) {
    touch_node(after, cordoned->node, now, sink);
  } else if (const auto* uncordoned = fact.as<NodeUncordoned>()) {
    touch_node(after, uncordoned->node, now, sink);
  } else if (const auto* draining = fact.as<NodeDraining>()) {
    touch_node(after, draining->node, now, sink);
  } else if (const auto* reported = fact.as<NodeReported>()) {
    touch_node(after, reported->node, now, sink);
  }
}

std::vector<Interval> Ledger::open_intervals(Timestamp until) const {
  std::vector<Interval> open;
  for (const auto& [id, interval] : intervals_) {
    open.push_back(interval);
    open.back().to = std::max(until, interval.from);
  }
  return open;
}

std::vector<Charge> Ledger::open_charges(Timestamp until) const {
  std::vector<Charge> open;
  for (const auto& [key, charge] : charges_) {
    open.push_back(charge);
    open.back().to = std::max(until, charge.from);
  }
  return open;
}

LedgerRecord Ledger::record() const {
  LedgerRecord record;
  for (const auto& [id, interval] : intervals_) record.intervals.push_back(interval);
  for (const auto& [key, charge] : charges_) record.charges.push_back(charge);
  return record;
}

Ledger Ledger::from_record(const LedgerRecord& record) {
  Ledger ledger;
  for (const Interval& interval : record.intervals) {
    ledger.intervals_[interval.accelerator] = interval;
  }
  for (const Charge& charge : record.charges) {
    const WorkloadId workload = charge.job.empty() ? charge.service : workload_of(charge.job);
    ledger.charges_[{workload, charge.attempt, charge.task}] = charge;
  }
  return ledger;
}

Wide accelerator_milliseconds(const Charge& charge) {
  return static_cast<Wide>(charge.accelerators) * since(charge.to, charge.from).value;
}

Wide energy_microjoules(const Charge& charge) {
  return accelerator_milliseconds(charge) * charge.watts.value;
}

}  // namespace duru
