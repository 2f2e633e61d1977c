// What the history keeps, and how it is asked.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "duru/core/ledger/ledger.h"
#include "duru/domain/field.h"

namespace duru {

// An ended job, as the API shows it: rendered once, at its end, so that it looks the same for ever,
// also when its nodes are long gone.
struct HistoryJob {
  std::string id;
  std::string project;
  std::string name;
  JobState state{};
  std::string listed;  // a JobObject as JSON
  std::string detail;  // a JobDetail as JSON; empty in lists
};

struct HistoryJobsQuery {
  std::string project;
  std::string before;            // ids below this one; "": from the newest
  std::vector<JobState> states;  // empty: all
  std::size_t limit = 0;
};

// An event of the field, by the sequence number of its fact.
struct HistoryEvent {
  std::int64_t seq = 0;
  std::string node;
  std::string fleet;
  FieldEvent event;
  Timestamp recorded_at;
};

struct HistoryEventsQuery {
  std::string node;                // "": all
  std::string fleet;               // "": all
  std::optional<Timestamp> since;  // that happened then or later
  bool oldest_first = false;
  std::optional<std::int64_t> beyond;  // behind this number, in the order that is asked for
  std::size_t limit = 0;
};

namespace history {

// The end of the last commit that is in the history; tells whether a journal is the one it came
// from.
struct CommitMark {
  std::int64_t first_seq = 0;
  std::int64_t last_seq = 0;
  std::int64_t term = 0;
  std::int64_t now_ms = 0;
  bool operator==(const CommitMark&) const = default;
};

template <class T>
struct Numbered {
  std::int64_t seq = 0;
  T value;
};

// What came of some whole commits.
struct Batch {
  std::map<std::string, HistoryJob> jobs;  // by id
  std::vector<Numbered<Interval>> intervals;
  std::vector<Numbered<Charge>> charges;
  std::vector<HistoryEvent> events;  // ascending seq
  CommitMark mark;
  std::size_t fact_count = 0;
  std::size_t text_bytes = 0;  // of the jobs' texts, which may be large

  void add(HistoryJob job);
  std::size_t size() const {
    return jobs.size() + intervals.size() + charges.size() + events.size();
  }
  void append(Batch&& later);
};

// Newest first, at most `limit`; matching the query.
void select_jobs(const Batch& batch, const HistoryJobsQuery& query,
                 std::map<std::string, HistoryJob>& into);
// The latest of that name; `newest` is kept when it is later.
void select_newest(const Batch& batch, const std::string& project, const std::string& name,
                   std::optional<HistoryJob>& newest);

// At most `limit` in the order that is asked for, matching the query.
void select_events(const Batch& batch, const HistoryEventsQuery& query,
                   std::map<std::int64_t, HistoryEvent>& into);

}  // namespace history
}  // namespace duru
