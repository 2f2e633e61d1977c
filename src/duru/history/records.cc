#include "duru/history/records.h"

#include <algorithm>
#include <iterator>

namespace duru::history {

void Batch::add(HistoryJob job) {
  text_bytes += job.listed.size() + job.detail.size();
  jobs[job.id] = std::move(job);
}

void Batch::append(Batch&& later) {
  for (auto& [id, job] : later.jobs) add(std::move(job));
  std::move(later.intervals.begin(), later.intervals.end(), std::back_inserter(intervals));
  std::move(later.charges.begin(), later.charges.end(), std::back_inserter(charges));
  std::move(later.events.begin(), later.events.end(), std::back_inserter(events));
  mark = later.mark;
  fact_count += later.fact_count;
}

void select_jobs(const Batch& batch, const HistoryJobsQuery& query,
                 std::map<std::string, HistoryJob>& into) {
  std::size_t taken = 0;
  auto it = query.before.empty() ? batch.jobs.end() : batch.jobs.lower_bound(query.before);
  while (it != batch.jobs.begin() && taken < query.limit) {
    const HistoryJob& job = (--it)->second;
    if (job.project != query.project) continue;
    const auto& states = query.states;
    if (!states.empty() && std::find(states.begin(), states.end(), job.state) == states.end()) {
      continue;
    }
    into.emplace(job.id, job);
    ++taken;
  }
}

void select_newest(const Batch& batch, const std::string& project, const std::string& name,
                   std::optional<HistoryJob>& newest) {
  for (auto it = batch.jobs.rbegin(); it != batch.jobs.rend(); ++it) {
    if (it->second.project != project || it->second.name != name) continue;
    if (!newest.has_value() || newest->id < it->first) newest = it->second;
    return;
  }
}

void select_events(const Batch& batch, const HistoryEventsQuery& query,
                   std::map<std::int64_t, HistoryEvent>& into) {
  std::size_t taken = 0;
  const auto take = [&](const HistoryEvent& event) {
    if (query.beyond.has_value()) {
      const bool is_beyond =
          query.oldest_first ? event.seq > *query.beyond : event.seq < *query.beyond;
      if (!is_beyond) return;
    }
    if (!query.node.empty() && event.node != query.node) return;
    if (!query.fleet.empty() && event.fleet != query.fleet) return;
    if (query.since.has_value() && event.event.at < *query.since) return;
    if (taken++ < query.limit) into.emplace(event.seq, event);
  };
  if (query.oldest_first) {
    std::for_each(batch.events.begin(), batch.events.end(), take);
  } else {
    std::for_each(batch.events.rbegin(), batch.events.rend(), take);
  }
}

}  // namespace duru::history
