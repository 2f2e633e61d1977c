// EdgeState: the tables of module `edge` and the indexes over them. Only its evolve() changes it;
// everybody else reads, and iterates by name.
//
//   const FieldNodeRecord* node = state.node_by(sha256(credential));
//   std::optional<Revision> wanted = state.revision(*node);      // what it is to run
//   for (const auto& [name, rollout] : state.rollouts) …         // also those that ended
//   WaveCounts now = state.counts(rollout, 0);                   // 10 nodes, 8 proven, 1 failed
//   for (const NodeName& name : *state.nodes_of_wave(rollout, 0))
//     if (state.standing(state.nodes.at(name)) != Standing::kProven) …   // behind; reported says
//     why
//
// Cost: a node's change costs O(log nodes) of index upkeep; memory is O(nodes + rollouts).
#pragma once

#include <set>

#include "duru/edge/records.h"

namespace duru {

// How a node stands to the release that it was last given. One that is lost is not proven.
enum class Standing { kPending, kProven, kFailed };

struct WaveMembers {
  std::set<NodeName> nodes;    // not revoked
  std::set<NodeName> missing;  // of a wave that began: whom this rollout gave nothing yet
  std::int32_t proven = 0;     // of a wave that began; 0 before
  std::int32_t failed = 0;
  std::int32_t silent = 0;
  bool operator==(const WaveMembers&) const = default;
};

class EdgeState {
 public:
  // --- tables ---
  std::map<FleetName, FleetRecord> fleets;
  std::map<ReleaseName, Release> releases;
  std::map<RolloutName, RolloutRecord> rollouts;
  // Until used. One that ran out stays until the next code is made: look at valid_until.
  std::map<Digest, EnrolmentRecord> enrolments;
  std::map<NodeName, FieldNodeRecord> nodes;  // also revoked ones, until they are removed

  // --- indexes ---
  std::map<Digest, NodeName> node_by_credential;            // also of revoked nodes
  std::map<FleetName, std::set<NodeName>> nodes_of_fleet;   // not revoked
  std::set<NodeName> nodes_without_fleet;                   // not revoked
  std::map<RolloutName, std::vector<WaveMembers>> members;  // of unfinished rollouts
  std::set<std::pair<Timestamp, RolloutName>> deadlines;    // a bake or a wave's time limit ends
  std::set<NodeName> due;                                   // that a tick has something to give to
  std::set<std::pair<Timestamp, NodeName>> silences;        // whose silence becomes a failure when

  // nullptr when there is none.
  const FieldNodeRecord* node(const NodeName& name) const;
  const FieldNodeRecord* node_by(const Digest& credential) const;
  const RolloutRecord* rollout(const RolloutName& name) const;
  // The unfinished rollout that the node is in a wave of.
  const RolloutRecord* rollout_of(const FieldNodeRecord& node) const;
  // The first fleet by name whose selector is among the labels. O(fleets).
  const FleetRecord* fleet_for(const std::map<std::string, std::string>& labels) const;

  ReleaseRef ref(const ReleaseName& name) const;  // it must be there
  // What the node is to run; none: nothing. The core was handed the same.
  std::optional<Revision> revision(const FieldNodeRecord& node) const;
  WorkloadId service_of(const FieldNodeRecord& node) const;
  // The service that runs, or the one that would begin: it takes the fleet's cpu and memory, at
  // most what the node has, and keeps that as long as it lasts.
  ServiceSpec service_spec(const FieldNodeRecord& node) const;
  // Whether the release was built for what the node has.
  bool suits(const ReleaseName& release, const FieldNodeRecord& node) const;

  Standing standing(const FieldNodeRecord& node) const;
  // Of an ended rollout: at its end. A wave that has not begun has nobody proven or failed.
  WaveCounts counts(const RolloutRecord& rollout, std::size_t wave) const;
  // nullptr of an ended rollout, which has let its nodes go.
  const std::set<NodeName>* nodes_of_wave(const RolloutRecord& rollout, std::size_t wave) const;
  // It goes on giving the release to nodes of waves that began. O(waves).
  bool is_giving(const RolloutRecord& rollout) const;
  // How many of the wave must serve: success_ppm of its nodes without the tolerated failures,
  // rounded up and at least 1, but 0 where no node is left.
  std::int32_t needed(const RolloutRecord& rollout, std::size_t wave) const;
  // How many of the wave may fail: failure_ppm of its nodes, rounded down, or what was tolerated.
  std::int32_t failures_allowed(const RolloutRecord& rollout, std::size_t wave) const;

  // --- index upkeep, called by evolve ---
  void index_node(const FieldNodeRecord& node);    // after any change to it
  void unindex_node(const FieldNodeRecord& node);  // before any change
  void index_rollout(const RolloutRecord& rollout);
  void unindex_rollout(const RolloutRecord& rollout);
  void count_wave(const RolloutRecord& rollout, std::size_t wave);  // anew. O(wave)

  EdgeStateRecord record() const;
  static EdgeState from_record(EdgeStateRecord record);

  // When the silence of a node that has taken up its rollout's release becomes a failure.
  std::optional<Timestamp> silence_fails_at(const FieldNodeRecord& node) const;

 private:
  // The node's wave where it counts: the rollout goes on and gave it the release; else nullptr.
  WaveMembers* counting_wave(const FieldNodeRecord& node);
};

// Every pair of the selector is among the labels.
bool selects(const Fleet& fleet, const std::map<std::string, std::string>& labels);

// The time by whose end a node of the fleet that fell silent was surely noticed: it is lost after
// kLostAfter heartbeats. One more, at least 10 s, is for a start of ours, which begins to listen a
// little later than it resumes, and for how often who is lost is looked at.
Milliseconds noticed_after_of(const FleetRecord& fleet, Timestamp now);
Milliseconds bake_of(const Rollout& rollout, const FleetRecord& fleet, Timestamp now);
Milliseconds report_every_of(const Fleet& fleet);
// Between two reports of the node, by its fleet.
Milliseconds heartbeat_of(const EdgeState& state, const FieldNodeRecord& node);
// The same, or the longer one of before that a node of the fleet may still keep to.
Milliseconds longest_heartbeat_of(const FleetRecord& fleet, Timestamp now);
Milliseconds longest_heartbeat_of(const EdgeState& state, const FieldNodeRecord& node,
                                  Timestamp now);

}  // namespace duru
