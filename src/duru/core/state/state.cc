#include "duru/core/state/state.h"

#include <algorithm>

#include "duru/base/assert.h"
#include "duru/base/wire.h"

namespace duru {
namespace {

// An index holds no empty entries, so that it equals one that is built anew.
void take_out(std::map<ChipName, std::set<NodeName>>& index, const NodeName& name) {
  for (auto& [chip, names] : index) names.erase(name);
  std::erase_if(index, [](const auto& entry) { return entry.second.empty(); });
}

}  // namespace

bool State::takes_jobs(const NodeName& node) const {
  const auto it = nodes.find(node);
  if (it == nodes.end()) return false;
  const auto site = sites.find(it->second.node.site);
  return site == sites.end() || !site->second.capabilities.pinned_services_only;
}

bool State::schedulable(const NodeName& node) const {
  const auto it = nodes.find(node);
  return it != nodes.end() && !it->second.cordoned && !it->second.down && takes_jobs(node);
}

bool State::healthy(const AcceleratorId& id) const {
  const auto it = nodes.find(id.node);
  if (it == nodes.end()) return false;
  return std::none_of(it->second.unhealthy.begin(), it->second.unhealthy.end(),
                      [&](const UnhealthyMark& mark) { return mark.index == id.index; });
}

const Accelerator* State::accelerator(const AcceleratorId& id) const {
  const auto it = nodes.find(id.node);
  if (it == nodes.end()) return nullptr;
  for (const Accelerator& accelerator : it->second.node.accelerators) {
    if (accelerator.index == id.index) return &accelerator;
  }
  return nullptr;
}

const JobRecord* State::job(const JobId& id) const {
  const auto it = jobs.find(id);
  return it == jobs.end() ? nullptr : &it->second;
}

const WorkloadRecord* State::workload(const WorkloadId& id) const {
  const auto it = workloads.find(id);
  return it == workloads.end() ? nullptr : &it->second;
}

const JobRecord* State::job_named(const ProjectName& project, std::string_view name) const {
  const auto it = unfinished_by_name.find({project, std::string(name)});
  if (it != unfinished_by_name.end()) return job(it->second);
  const JobRecord* newest = nullptr;  // O(ended jobs within their retention)
  for (const auto& [ended_at, id] : retirements) {
    const JobRecord* candidate = job(id);
    if (candidate->project == project && candidate->spec.name == name) newest = candidate;
  }
  return newest;
}

bool State::dependencies_fulfilled(const JobRecord& job) const {
  return std::all_of(job.after.begin(), job.after.end(), [&](const JobId& id) {
    const JobRecord* dependency = this->job(id);
    return dependency == nullptr || dependency->state == JobState::kSucceeded;
  });
}

std::vector<const Chip*> State::chips_of(const Request& request) const {
  std::vector<const Chip*> found;
  if (!request.chip.empty()) {
    const auto it = chips.find(request.chip);
    if (it != chips.end()) found.push_back(&it->second);
    return found;
  }
  for (const auto& [name, node_names] : nodes_of_chip) {
    const auto it = chips.find(name);
    if (it != chips.end() && it->second.track == request.track) found.push_back(&it->second);
  }
  return found;
}

void State::index_chips() {
  chip_by_alias.clear();
  for (const auto& [name, chip] : chips) chip_by_alias.emplace(name.str(), name);
  for (const auto& [name, chip] : chips) {
    for (const std::string& alias : chip.aliases) chip_by_alias.emplace(alias, name);
  }
}

void State::refresh_free(const NodeName& name) {
  const NodeRecord& record = nodes.at(name);
  NodeCapacity& free = capacity[name];
  free.free_by_chip.clear();
  for (const Accelerator& accelerator : record.node.accelerators) {
    (takes_jobs(name) ? nodes_of_chip : pinned_of_chip)[accelerator.chip].insert(name);
    if (free.holders.count(accelerator.index) == 0 && healthy({name, accelerator.index})) {
      free.free_by_chip[accelerator.chip].insert(accelerator.index);
    }
  }
  take_out(nodes_with_free, name);
  if (!schedulable(name)) return;
  for (const auto& [chip, indices] : free.free_by_chip) nodes_with_free[chip].insert(name);
}

void State::index_node(const NodeName& name) {
  const NodeRecord& record = nodes.at(name);
  take_out(nodes_of_chip, name);
  take_out(pinned_of_chip, name);
  draining_nodes.erase(name);
  if (record.draining) draining_nodes.insert(name);
  NodeCapacity& free = capacity[name];
  free.cpu_free = record.node.cpu;
  free.memory_free = record.node.memory;
  const auto live = live_on_node.find(name);
  const std::set<WorkloadId> none;
  for (const WorkloadId& id : live == live_on_node.end() ? none : live->second) {
    for (const TaskRunRecord& task : workloads.at(id).attempt->tasks) {
      if (task.released_at.has_value() || task.allocation.node != name) continue;
      free.cpu_free -= task.allocation.cpu;
      free.memory_free -= task.allocation.memory;
    }
  }
  refresh_free(name);
}

void State::unindex_node(const NodeName& name) {
  capacity.erase(name);
  live_on_node.erase(name);
  draining_nodes.erase(name);
  take_out(nodes_of_chip, name);
  take_out(pinned_of_chip, name);
  take_out(nodes_with_free, name);
}

void State::hold(const WorkloadRecord& workload) {
  DURU_ASSERT(workload.attempt.has_value());
  const AttemptRecord& attempt = *workload.attempt;
  for (std::size_t i = 0; i < attempt.tasks.size(); ++i) {
    const TaskRunRecord& task = attempt.tasks[i];
    if (task.released_at.has_value()) continue;
    const Allocation& held = task.allocation;
    NodeCapacity& free = capacity[held.node];
    free.cpu_free -= held.cpu;
    free.memory_free -= held.memory;
    free.task_count += 1;
    for (std::int32_t device : held.devices) {
      const bool was_free =
          free.holders
              .emplace(device, Holder{workload.id, attempt.number, static_cast<std::int32_t>(i)})
              .second;
      DURU_ASSERT(was_free);
    }
    live_on_node[held.node].insert(workload.id);
    refresh_free(held.node);
  }
}

void State::release(const WorkloadRecord& workload, std::int32_t task_index) {
  const AttemptRecord& attempt = *workload.attempt;
  const Allocation& held = attempt.tasks[static_cast<std::size_t>(task_index)].allocation;
  NodeCapacity& free = capacity[held.node];
  free.cpu_free += held.cpu;
  free.memory_free += held.memory;
  free.task_count -= 1;
  DURU_ASSERT(free.task_count >= 0);
  for (std::int32_t device : held.devices) free.holders.erase(device);
  const bool still_here =
      std::any_of(attempt.tasks.begin(), attempt.tasks.end(), [&](const TaskRunRecord& task) {
        return !task.released_at.has_value() && task.allocation.node == held.node;
      });
  const auto live = live_on_node.find(held.node);
  if (!still_here && live != live_on_node.end()) {
    live->second.erase(workload.id);
    if (live->second.empty()) live_on_node.erase(live);
  }
  refresh_free(held.node);
}

void State::index_job(const JobRecord& job) {
  const WorkloadRecord& work = workloads.at(workload_of(job.id));
  if (is_final(job.state)) {
    retirements.emplace(*job.ended_at, job.id);
    return;
  }
  unfinished_by_name[{job.project, job.spec.name}] = job.id;
  for (const JobId& id : job.after) dependents[id].insert(job.id);
  if (job.lease_ends_at.value != 0) leases.emplace(job.lease_ends_at, job.id);
  if (job.state != JobState::kQueued || job.cancel_requested) return;
  if (job.not_before.value != 0) backoffs.emplace(job.not_before, job.id);
  if (!dependencies_fulfilled(job)) return;
  waiting[shape_of(job.spec)].insert({-std::int64_t{job.spec.priority}, work.queued_seq, work.id});
}

void State::unindex_job(const JobRecord& job) {
  const WorkloadRecord& work = workloads.at(workload_of(job.id));
  if (is_final(job.state)) {
    retirements.erase({*job.ended_at, job.id});
    return;
  }
  unfinished_by_name.erase({job.project, job.spec.name});
  for (const JobId& id : job.after) {
    const auto it = dependents.find(id);
    if (it == dependents.end()) continue;
    it->second.erase(job.id);
    if (it->second.empty()) dependents.erase(it);
  }
  leases.erase({job.lease_ends_at, job.id});
  backoffs.erase({job.not_before, job.id});
  const auto line = waiting.find(shape_of(job.spec));
  if (line == waiting.end()) return;
  line->second.erase({-std::int64_t{job.spec.priority}, work.queued_seq, work.id});
  if (line->second.empty()) waiting.erase(line);
}

void State::index_service(const WorkloadRecord& workload) {
  const ServiceRecord& service = *workload.service;
  services_on_node[service.spec.node].insert(workload.id);
  if (workload.attempt.has_value() || service.ending) return;
  idle_services.emplace(service.not_before, workload.id);
}

void State::unindex_service(const WorkloadRecord& workload) {
  const ServiceRecord& service = *workload.service;
  const auto here = services_on_node.find(service.spec.node);
  if (here != services_on_node.end()) {
    here->second.erase(workload.id);
    if (here->second.empty()) services_on_node.erase(here);
  }
  idle_services.erase({service.not_before, workload.id});
}

StateRecord State::record() const {
  StateRecord out;
  out.installation = installation;
  out.term = term;
  out.last_seq = last_seq;
  out.now = now;
  out.anchor = anchor;
  out.boot_id = boot_id;
  out.pass_ended_at = pass_ended_at;
  for (const auto& [key, chip] : chips) out.chips.push_back(chip);
  for (const auto& [key, site] : sites) out.sites.push_back(site);
  for (const auto& [key, node] : nodes) out.nodes.push_back(node);
  for (const auto& [key, job] : jobs) out.jobs.push_back(job);
  for (const auto& [key, workload] : workloads) out.workloads.push_back(workload);
  return out;
}

State State::from_record(StateRecord record) {
  State state;
  state.installation = record.installation;
  state.term = record.term;
  state.last_seq = record.last_seq;
  state.now = record.now;
  state.anchor = record.anchor;
  state.boot_id = record.boot_id;
  state.pass_ended_at = record.pass_ended_at;
  for (Chip& chip : record.chips) {
    const ChipName name = chip.name;
    state.chips.emplace(name, std::move(chip));
  }
  state.index_chips();
  for (Site& site : record.sites) state.sites.emplace(site.name, std::move(site));
  for (NodeRecord& node : record.nodes) {
    const NodeName name = node.node.name;
    state.nodes.emplace(name, std::move(node));
    state.index_node(name);
  }
  for (WorkloadRecord& workload : record.workloads) {
    const auto it = state.workloads.emplace(workload.id, std::move(workload)).first;
    if (it->second.attempt.has_value()) state.hold(it->second);
  }
  for (const auto& [id, workload] : state.workloads) {
    if (workload.service.has_value()) state.index_service(workload);
  }
  for (JobRecord& job : record.jobs) state.jobs.emplace(job.id, std::move(job));
  for (const auto& [id, job] : state.jobs) state.index_job(job);
  return state;
}

Digest State::digest() const { return sha256(encode(record())); }

}  // namespace duru
