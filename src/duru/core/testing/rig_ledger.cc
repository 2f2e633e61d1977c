#include <set>

#include "duru/core/testing/rig.h"

// The balance of the ledger, kept beside it by other means (P8): no gap, no overlap, and what was
// charged is what was used.
namespace duru::testing {

void Rig::add(const Interval& closed) {
  const auto until = closed_until_.find(closed.accelerator);
  const Timestamp expected = until == closed_until_.end() ? closed.from : until->second;
  if (closed.from != expected || closed.to < closed.from) {
    problem("the time of " + closed.accelerator.str() + " has a gap or an overlap");
  }
  closed_until_[closed.accelerator] = closed.to;
  if (closed.time_class == TimeClass::kUsed) used_ms_ += since(closed.to, closed.from).value;
  intervals_.push_back(closed);
}

void Rig::add(const Charge& closed) {
  charged_ms_ += accelerator_milliseconds(closed);
  charges_.push_back(closed);
}

void Rig::check_ledger() {
  std::set<AcceleratorId> there;
  for (const auto& [name, record] : state_.nodes) {
    for (const Accelerator& accelerator : record.node.accelerators) {
      there.insert({name, accelerator.index});
      known_since_.emplace(AcceleratorId{name, accelerator.index}, now_);
    }
  }
  Wide used = used_ms_;
  const std::vector<Interval> open = ledger_.open_intervals(now_);
  for (const Interval& interval : open) {
    const auto until = closed_until_.find(interval.accelerator);
    const auto known = known_since_.find(interval.accelerator);
    if (there.erase(interval.accelerator) == 0 || known == known_since_.end()) {
      problem("time is counted of " + interval.accelerator.str() + ", which is not there");
      continue;
    }
    const Timestamp from = until == closed_until_.end() ? known->second : until->second;
    if (interval.from != from) {
      problem("the time of " + interval.accelerator.str() + " has a gap before what is open");
    }
    if (interval.time_class != classify(state_, interval.accelerator)) {
      problem("the open time of " + interval.accelerator.str() + " is of another class");
    }
    if (interval.time_class == TimeClass::kUsed) used += since(interval.to, interval.from).value;
  }
  for (const AcceleratorId& id : there) problem("no time is counted of " + id.str());
  Wide charged = charged_ms_;
  for (const Charge& charge : ledger_.open_charges(now_)) {
    charged += accelerator_milliseconds(charge);
  }
  if (charged != used) problem("what is charged is not what was used");
  // One that left may come back: its time begins again then.
  for (auto known = known_since_.begin(); known != known_since_.end();) {
    if (state_.accelerator(known->first) != nullptr) {
      ++known;
      continue;
    }
    closed_until_.erase(known->first);
    known = known_since_.erase(known);
  }
}

}  // namespace duru::testing
