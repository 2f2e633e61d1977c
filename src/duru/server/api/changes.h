// Which objects of the API each fact changes, and at which sequence number each was changed last:
// what a watch stream sends, and from where a broken one can go on.
//
//   ChangeIndex index;
//   index.on_fact(state, field, fact, context);  …  std::vector<ObjectKey> changed =
//   index.on_commit(seq); index.after(seq, 500)                 // what a watcher that has seen
//   `seq` has missed index.floor(kind)                     // a watcher that has seen less cannot
//   go on
//
// An object that is gone leaves a tombstone, of which so many are kept; a job that retires leaves
// none: it stays in the list, out of the history. Of the field's events the newest are kept, as
// they happened. Memory: O(objects of the state), about 150 bytes each, and what the events hold.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <set>

#include "duru/core/state/tx.h"
#include "duru/edge/state.h"
#include "duru/history/records.h"
#include "duru/loop/durable_commit.h"

namespace duru {

enum class WatchKind {
  kJobs,
  kNodes,
  kAccelerators,
  kAttempts,
  kFleets,
  kReleases,
  kRollouts,
  kEvents
};
constexpr std::size_t kWatchKinds = 8;

struct ObjectKey {
  WatchKind kind{};
  std::string id;           // a job's id, a name; of an event its place in the order of events
  std::int32_t number = 0;  // of an accelerator in its node, of an attempt of its job
  auto operator<=>(const ObjectKey&) const = default;
};

struct Change {
  std::int64_t seq = 0;
  bool deleted = false;
  std::string name;                           // of what is deleted
  std::string project;                        // of what is deleted
  std::shared_ptr<const HistoryEvent> event;  // of the field
};

class ChangeIndex {
 public:
  explicit ChangeIndex(std::size_t tombstones_max = 10'000, std::size_t events_max = 1000)
      : tombstones_max_(tombstones_max), events_max_(events_max) {}

  void on_fact(const State& after, const EdgeState& field, const Message& fact,
               const FactContext& context);
  // The facts noted since the last call are one commit that ends at `seq`: what it changed.
  std::vector<ObjectKey> on_commit(std::int64_t seq);

  // The next objects changed after `seq`, of whole commits, in the order of their last change; of
  // at least one commit if there is any.
  std::vector<std::pair<ObjectKey, Change>> after(std::int64_t seq, std::size_t about) const;
  std::optional<Change> find(const ObjectKey& key) const;
  std::int64_t floor(WatchKind kind) const { return floors_[static_cast<std::size_t>(kind)]; }
  // Nothing is known of changes up to here: the index begins with a snapshot.
  void begin_at(std::int64_t seq) { floors_.fill(seq); }

  // The term that the fact `seq` belongs to; 0 when that is not known: it was before the floor.
  std::int64_t term_of(std::int64_t seq) const;

 private:
  void note(WatchKind kind, std::string id, std::int32_t number = 0);
  void note_deleted(const ObjectKey& key, std::string name, std::string project);
  void note_job_of(const State& after, const WorkloadId& workload);
  void note_attempt(const State& after, const WorkloadId& workload, std::int32_t attempt);
  void note_held(const State& after, const WorkloadId& workload, std::int32_t task);
  void note_node(const State& after, const NodeName& node);
  void note_job_fact(const State& after, const Message& fact);
  void note_fleet_fact(const State& after, const Message& fact);
  void note_rollout_fact(const EdgeState& field, const Message& fact);
  void note_field_node_fact(const EdgeState& field, const Message& fact);
  void note_event(const EventRecorded& fact, const FactContext& context);
  void note_rollout(const EdgeState& field, const RolloutName& name);
  void note_field_node(const EdgeState& field, const NodeName& name);
  void note_resumed(const State& after);
  void retire(const JobRetired& fact);
  // The oldest of what is kept for who comes back, beyond so many.
  template <class Kept>
  void drop_oldest(Kept& kept, std::size_t max);

  struct Known {
    std::int64_t seq = 0;
    bool deleted = false;
  };
  struct DeletedName {
    std::string name;
    std::string project;
  };
  // When it was changed last, and a key of last_.
  using Place = std::pair<std::int64_t, const ObjectKey*>;
  struct Earlier {
    bool operator()(const Place& a, const Place& b) const {
      return a.first != b.first ? a.first < b.first : *a.second < *b.second;
    }
  };
  Change change_of(const ObjectKey& key, const Known& known) const;

  const std::size_t tombstones_max_;
  const std::size_t events_max_;
  std::map<ObjectKey, Known> last_;
  std::set<Place, Earlier> order_;
  std::map<Place, DeletedName, Earlier> tombstones_;
  std::map<Place, std::shared_ptr<const HistoryEvent>, Earlier> events_;
  std::array<std::int64_t, kWatchKinds> floors_{};
  std::map<std::int64_t, std::int64_t> term_starts_;                // first seq -> term
  std::map<ObjectKey, Change> open_;                                // of the commit being applied
  std::map<JobId, std::pair<std::string, std::string>> job_names_;  // name, project; of live jobs
};

}  // namespace duru
