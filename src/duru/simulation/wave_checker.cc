#include "duru/edge/state.h"
#include "duru/simulation/checker.h"

namespace duru {
namespace {

constexpr std::int64_t kMillion = 1'000'000;

// From the facts alone, apart from the module's own counts: no node gets a release that its fleet
// has not proven before a wave with this node began, but one that served it before; a wave begins,
// and a rollout completes, only when the wave before has baked and so many of its nodes as it needs
// serve and are not lost; and what failed more than it may ends or pauses in the same commit.
class WaveChecker : public Checker {
 public:
  std::string_view name() const override { return "waves"; }

  void on_fact(const State&, const Message& fact, const FactContext& context) override {
    if (const auto* defined = fact.as<RolloutDefined>()) {
      define(*defined);
    } else if (const auto* started = fact.as<WaveStarted>()) {
      start(*started, context);
    } else if (const auto* baking = fact.as<WaveBaking>()) {
      rollouts_.at(baking->rollout).baked_at = baking->until;
    } else if (const auto* unsettled = fact.as<WaveUnsettled>()) {
      rollouts_.at(unsettled->rollout).baked_at.reset();
    } else if (const auto* paused = fact.as<RolloutPaused>()) {
      rollouts_.at(paused->rollout).paused = true;
    } else if (const auto* resumed = fact.as<RolloutResumed>()) {
      rollouts_.at(resumed->rollout).paused = false;
      rollouts_.at(resumed->rollout).failures_accepted = true;
    } else if (const auto* ended = fact.as<RolloutEnded>()) {
      end(*ended, context);
    } else if (const auto* fleet = fact.as<FleetDefined>()) {
      define(*fleet);
    } else if (const auto* enrolled = fact.as<NodeEnrolled>()) {
      enrol(*enrolled);
    } else if (const auto* revised = fact.as<NodeRevised>()) {
      revise(*revised, context);
    } else if (const auto* phase = fact.as<NodePhaseReported>()) {
      hear(*phase);
    } else if (const auto* silent = fact.as<NodeSilent>()) {
      nodes_[silent->node].silent = true;
      nodes_[silent->node].silent_too_long = silent->failed;
    } else if (const auto* heard = fact.as<NodeHeard>()) {
      nodes_[heard->node].silent = false;
      nodes_[heard->node].silent_too_long = false;
    } else if (const auto* revoked = fact.as<NodeRevoked>()) {
      nodes_.erase(revoked->node);
      for (auto& [name, rollout] : rollouts_) rollout.left.insert(revoked->node);
    }
  }

  void on_commit(const State&, const DurableCommit& commit) override {
    for (const auto& [name, rollout] : rollouts_) {
      if (rollout.paused || rollout.failures_accepted) continue;
      std::size_t first = 0;
      for (std::size_t wave = 0; wave < rollout.begun; ++wave) {
        const auto size = static_cast<std::size_t>(rollout.sizes[wave]);
        std::int64_t failed = 0;
        for (std::size_t i = first; i < first + size; ++i) failed += has_failed(rollout, i);
        first += size;
        expect(failed <= rollout.rollout.failure_ppm * rollout.sizes[wave] / kMillion,
               context_of(commit),
               std::to_string(failed) + " of " + std::to_string(size) + " nodes failed and " +
                   name.str() + " goes on");
      }
    }
  }

 private:
  struct Watched {
    Rollout rollout;
    std::vector<NodeName> nodes;
    std::vector<std::int32_t> sizes;
    std::size_t begun = 0;
    std::set<NodeName> reached;  // by the waves that began
    std::set<NodeName> left;     // revoked since it was defined
    std::optional<Timestamp> baked_at;
    bool paused = false;
    bool failures_accepted = false;
  };
  struct Node {
    std::map<std::string, std::string> labels;
    FleetName fleet;  // the first that selected it
    std::int64_t revision = 0;
    std::string current;
    bool failed = false;
    bool serves = false;  // for this revision
    bool silent = false;
    bool silent_too_long = false;
    std::set<std::string> served;
  };

  void define(const FleetDefined& fact) {
    fleets_[fact.fleet.name] = fact.fleet;
    for (auto& [name, node] : nodes_) {
      if (node.fleet.empty() && selects(fact.fleet, node.labels)) node.fleet = fact.fleet.name;
    }
  }

  void enrol(const NodeEnrolled& fact) {
    Node& node = nodes_[fact.node];
    node.labels = fact.labels;
    for (const auto& [name, fleet] : fleets_) {
      if (node.fleet.empty() && selects(fleet, node.labels)) node.fleet = name;
    }
  }

  void define(const RolloutDefined& fact) {
    Watched watched;
    watched.rollout = fact.rollout;
    watched.nodes = fact.nodes;
    watched.sizes = fact.wave_sizes;
    rollouts_.emplace(fact.rollout.name, std::move(watched));
  }

  void start(const WaveStarted& fact, const FactContext& context) {
    Watched& rollout = rollouts_.at(fact.rollout);
    expect(static_cast<std::size_t>(fact.wave) == rollout.begun, context,
           fact.rollout.str() + " leaves a wave out");
    expect(rollout.begun == 0 || has_baked(rollout, context), context,
           fact.rollout.str() + " begins a wave before the one before has baked");
    expect_success(rollout, context);
    std::size_t next = rollout.reached.size();
    for (std::int32_t i = 0; i < rollout.sizes.at(rollout.begun); ++i) {
      rollout.reached.insert(rollout.nodes.at(next++));
    }
    ++rollout.begun;
    rollout.baked_at.reset();
  }

  static bool has_baked(const Watched& rollout, const FactContext& context) {
    return rollout.baked_at.has_value() && *rollout.baked_at <= context.now && !rollout.paused;
  }

  void end(const RolloutEnded& fact, const FactContext& context) {
    const Watched& rollout = rollouts_.at(fact.rollout);
    if (fact.outcome == RolloutOutcome::kCompleted) {
      expect(rollout.nodes.empty() || has_baked(rollout, context), context,
             fact.rollout.str() + " completed before its last wave has baked");
      expect(rollout.reached.size() == rollout.nodes.size(), context,
             fact.rollout.str() + " completed without all its waves");
      expect_success(rollout, context);
      proven_[rollout.rollout.fleet].insert(rollout.rollout.release.str());
    }
    rollouts_.erase(fact.rollout);
  }

  // Of the last wave that began. Not where a person accepted failures, which are not needed then.
  void expect_success(const Watched& rollout, const FactContext& context) {
    if (rollout.begun == 0 || rollout.failures_accepted) return;
    std::int64_t size = 0, proven = 0;
    const std::size_t first =
        rollout.reached.size() - static_cast<std::size_t>(rollout.sizes[rollout.begun - 1]);
    for (std::size_t i = first; i < rollout.reached.size(); ++i) {
      const auto node = nodes_.find(rollout.nodes[i]);
      if (node == nodes_.end() || rollout.left.count(rollout.nodes[i]) > 0) continue;
      ++size;
      proven += node->second.serves && !node->second.silent &&
                node->second.current == rollout.rollout.release.str();
    }
    expect(size > 0, context, rollout.rollout.name.str() + " goes on with nobody to prove it");
    const std::int64_t share = rollout.rollout.success_ppm.value_or(kMillion);
    expect(proven * kMillion >= size * share, context,
           std::to_string(proven) + " of " + std::to_string(size) + " nodes serve and " +
               rollout.rollout.name.str() + " goes on");
  }

  void revise(const NodeRevised& fact, const FactContext& context) {
    Node& node = nodes_[fact.node];
    node.revision = fact.revision.number;
    node.current = fact.revision.current.name;
    node.failed = false;
    node.serves = false;
    node.silent_too_long = false;
    for (const auto& [name, rollout] : rollouts_) {
      if (rollout.rollout.fleet != node.fleet) continue;
      if (rollout.rollout.release.str() != node.current) continue;
      const bool may = rollout.reached.count(fact.node) > 0 ||
                       proven_[rollout.rollout.fleet].count(node.current) > 0 ||
                       node.served.count(node.current) > 0;
      expect(may, context,
             fact.node.str() + " got " + node.current + " before its wave of " + name.str());
    }
  }

  void hear(const NodePhaseReported& fact) {
    const auto found = nodes_.find(fact.node);
    if (found == nodes_.end()) return;
    Node& node = found->second;
    if (!fact.serving.empty()) node.served.insert(fact.serving);
    if (fact.revision != node.revision) return;
    node.failed =
        fact.phase == FieldPhase::kReturned || fact.phase == FieldPhase::kFailed || fact.flapping;
    node.serves =
        fact.phase == FieldPhase::kServing && fact.serving == node.current && !fact.flapping;
  }

  bool has_failed(const Watched& rollout, std::size_t index) const {
    const auto node = nodes_.find(rollout.nodes.at(index));
    return node != nodes_.end() && (node->second.failed || node->second.silent_too_long) &&
           node->second.current == rollout.rollout.release.str();
  }

  std::map<FleetName, Fleet> fleets_;
  std::map<RolloutName, Watched> rollouts_;  // unfinished
  std::map<NodeName, Node> nodes_;
  std::map<FleetName, std::set<std::string>> proven_;
};

}  // namespace

std::unique_ptr<Checker> make_wave_checker() { return std::make_unique<WaveChecker>(); }

}  // namespace duru
