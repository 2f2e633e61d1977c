#include "duru/server/api/changes.h"

#include <algorithm>

namespace duru {

void ChangeIndex::note(WatchKind kind, std::string id, std::int32_t number) {
  open_[{kind, std::move(id), number}] = {};
}

void ChangeIndex::note_deleted(const ObjectKey& key, std::string name, std::string project) {
  open_[key] = {0, true, std::move(name), std::move(project), nullptr};
}

void ChangeIndex::note_job_of(const State& after, const WorkloadId& workload) {
  const JobId& job = after.workloads.at(workload).job;
  if (!job.empty()) note(WatchKind::kJobs, job.str());
}

void ChangeIndex::note_attempt(const State& after, const WorkloadId& workload,
                               std::int32_t attempt) {
  const JobId& job = after.workloads.at(workload).job;
  if (!job.empty()) note(WatchKind::kAttempts, job.str(), attempt);
}

// What a task run of the live attempt holds.
void ChangeIndex::note_held(const State& after, const WorkloadId& workload, std::int32_t task) {
  const Allocation& held =
      after.workloads.at(workload).attempt->tasks.at(static_cast<std::size_t>(task)).allocation;
  note(WatchKind::kNodes, held.node.str());
  for (const std::int32_t device : held.devices) {
    note(WatchKind::kAccelerators, held.node.str(), device);
  }
}

// A node with its accelerators, also those that it has no longer.
void ChangeIndex::note_node(const State& after, const NodeName& name) {
  const auto node = after.nodes.find(name);
  if (node == after.nodes.end()) {
    note_deleted({WatchKind::kNodes, name.str(), 0}, name.str(), "");
  } else {
    note(WatchKind::kNodes, name.str());
    for (const Accelerator& accelerator : node->second.node.accelerators) {
      note(WatchKind::kAccelerators, name.str(), accelerator.index);
    }
  }
  for (auto it = last_.lower_bound({WatchKind::kAccelerators, name.str(), 0});
       it != last_.end() && it->first.kind == WatchKind::kAccelerators &&
       it->first.id == name.str();
       ++it) {
    const AcceleratorId id{name, it->first.number};
    if (!it->second.deleted && after.accelerator(id) == nullptr) {
      note_deleted(it->first, id.str(), "");
    }
  }
}

// Leases and drains move by the outage.
void ChangeIndex::note_resumed(const State& after) {
  for (const auto& [ends_at, job] : after.leases) note(WatchKind::kJobs, job.str());
}

void ChangeIndex::note_job_fact(const State& after, const Message& fact) {
  if (const auto* submitted = fact.as<JobSubmitted>()) {
    job_names_[submitted->job] = {submitted->spec.name, submitted->project.str()};
    note(WatchKind::kJobs, submitted->job.str());
  } else if (const auto* attempt = fact.as<AttemptStarted>()) {
    note_job_of(after, attempt->workload);
    note_attempt(after, attempt->workload, attempt->attempt);
    for (std::size_t i = 0; i < attempt->allocations.size(); ++i) {
      note_held(after, attempt->workload, static_cast<std::int32_t>(i));
    }
  } else if (const auto* started = fact.as<TaskStarted>()) {
    note_job_of(after, started->workload);
    note_attempt(after, started->workload, started->attempt);
  } else if (const auto* ended = fact.as<TaskEnded>()) {
    note_job_of(after, ended->workload);
    note_attempt(after, ended->workload, ended->attempt);
    note_held(after, ended->workload, ended->task);
  } else if (const auto* released = fact.as<TaskReleased>()) {
    note_attempt(after, released->workload, released->attempt);
    note_held(after, released->workload, released->task);
  } else if (const auto* stopping = fact.as<AttemptStopping>()) {
    note_job_of(after, stopping->workload);
    note_attempt(after, stopping->workload, stopping->attempt);
  } else if (const auto* over = fact.as<AttemptEnded>()) {
    note_job_of(after, over->workload);
    note_attempt(after, over->workload, over->attempt);
  } else if (const auto* requeued = fact.as<JobRequeued>()) {
    note(WatchKind::kJobs, requeued->job.str());
  } else if (const auto* cancelled = fact.as<JobCancelRequested>()) {
    note(WatchKind::kJobs, cancelled->job.str());
  } else if (const auto* extended = fact.as<LeaseExtended>()) {
    note(WatchKind::kJobs, extended->job.str());
  } else if (const auto* job_ended = fact.as<JobEnded>()) {
    note(WatchKind::kJobs, job_ended->job.str());
  } else if (const auto* retired = fact.as<JobRetired>()) {
    retire(*retired);
  }
}

void ChangeIndex::note_fleet_fact(const State& after, const Message& fact) {
  if (const auto* defined = fact.as<NodeDefined>()) {
    note_node(after, defined->node.name);
  } else if (const auto* removed = fact.as<NodeRemoved>()) {
    note_node(after, removed->node);
  } else if (const auto* cordoned = fact.as<NodeCordoned>()) {
    note_node(after, cordoned->node);
  } else if (const auto* uncordoned = fact.as<NodeUncordoned>()) {
    note_node(after, uncordoned->node);
  } else if (const auto* draining = fact.as<NodeDraining>()) {
    note_node(after, draining->node);
  } else if (const auto* reported = fact.as<NodeReported>()) {
    note_node(after, reported->node);
  } else if (const auto* marked = fact.as<AcceleratorMarked>()) {
    note(WatchKind::kNodes, marked->accelerator.node.str());
    note(WatchKind::kAccelerators, marked->accelerator.node.str(), marked->accelerator.index);
  }
}

// The job stays listed, from the history; its attempts do not.
void ChangeIndex::retire(const JobRetired& fact) {
  const auto known = job_names_.find(fact.job);
  const std::string id = fact.job.str();
  const ObjectKey job{WatchKind::kJobs, id, 0};
  open_.erase(job);
  if (const auto it = last_.find(job); it != last_.end()) {
    std::int64_t& floor = floors_[static_cast<std::size_t>(WatchKind::kJobs)];
    floor = std::max(floor, it->second.seq);
    order_.erase({it->second.seq, &it->first});
    last_.erase(it);
  }
  for (auto it = last_.lower_bound({WatchKind::kAttempts, id, 0});
       it != last_.end() && it->first.kind == WatchKind::kAttempts && it->first.id == id; ++it) {
    const bool named = known != job_names_.end();
    note_deleted(it->first, named ? known->second.first : "", named ? known->second.second : "");
  }
  if (known != job_names_.end()) job_names_.erase(known);
}

void ChangeIndex::on_fact(const State& after, const EdgeState& field, const Message& fact,
                          const FactContext& context) {
  const bool is_first = term_starts_.empty();
  if (is_first && context.seq > 1) {
    // The view was restored from a snapshot: what that holds was changed at some earlier time.
    begin_at(context.seq - 1);
    for (const auto& [id, job] : after.jobs) job_names_[id] = {job.spec.name, job.project.str()};
  }
  if (is_first || context.term != term_starts_.rbegin()->second) {
    term_starts_[context.seq] = context.term;
  }
  if (fact.as<Resumed>() != nullptr) return note_resumed(after);
  note_job_fact(after, fact);
  note_fleet_fact(after, fact);
  if (fact.kind().module != "edge") return;
  note_rollout_fact(field, fact);
  note_field_node_fact(field, fact);
  if (const auto* revoked = fact.as<NodeRevoked>()) note_node(after, revoked->node);
  if (const auto* event = fact.as<EventRecorded>()) note_event(*event, context);
}

template <class Kept>
void ChangeIndex::drop_oldest(Kept& kept, std::size_t max) {
  while (kept.size() > max) {
    const Place oldest = kept.begin()->first;
    const auto [seq, key] = oldest;
    std::int64_t& floor = floors_[static_cast<std::size_t>(key->kind)];
    floor = std::max(floor, seq);
    kept.erase(kept.begin());
    order_.erase(oldest);
    last_.erase(last_.find(*key));
  }
}

std::vector<ObjectKey> ChangeIndex::on_commit(std::int64_t seq) {
  std::vector<ObjectKey> changed;
  for (auto& [key, change] : open_) {
    const auto [it, is_new] = last_.try_emplace(key);
    const Place before{it->second.seq, &it->first};
    if (!is_new) order_.erase(before);
    if (it->second.deleted) tombstones_.erase(before);
    it->second = {seq, change.deleted};
    const Place now{seq, &it->first};
    order_.insert(now);
    if (change.deleted) {
      tombstones_[now] = {std::move(change.name), std::move(change.project)};
    }
    if (change.event != nullptr) events_[now] = std::move(change.event);
    changed.push_back(key);
  }
  open_.clear();
  drop_oldest(tombstones_, tombstones_max_);
  drop_oldest(events_, events_max_);
  return changed;
}

Change ChangeIndex::change_of(const ObjectKey& key, const Known& known) const {
  if (key.kind == WatchKind::kEvents) {
    return {known.seq, false, "", "", events_.at({known.seq, &key})};
  }
  if (!known.deleted) return {known.seq, false, "", "", nullptr};
  const DeletedName& was = tombstones_.at({known.seq, &key});
  return {known.seq, true, was.name, was.project, nullptr};
}

std::vector<std::pair<ObjectKey, Change>> ChangeIndex::after(std::int64_t seq,
                                                             std::size_t about) const {
  std::vector<std::pair<ObjectKey, Change>> changed;
  const ObjectKey least{};
  for (auto it = order_.lower_bound({seq + 1, &least}); it != order_.end(); ++it) {
    if (changed.size() >= about && changed.back().second.seq != it->first) break;
    const ObjectKey& key = *it->second;
    changed.emplace_back(key, change_of(key, last_.at(key)));
  }
  return changed;
}

std::optional<Change> ChangeIndex::find(const ObjectKey& key) const {
  const auto it = last_.find(key);
  if (it == last_.end()) return std::nullopt;
  return change_of(key, it->second);
}

std::int64_t ChangeIndex::term_of(std::int64_t seq) const {
  const auto next = term_starts_.upper_bound(seq);
  return next == term_starts_.begin() ? 0 : std::prev(next)->second;
}

}  // namespace duru
