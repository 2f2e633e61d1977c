#include <algorithm>

#include "duru/domain/field_messages.h"
#include "duru/simulation/checker.h"

namespace duru {
namespace {

// An event is recorded once, in the order of its numbers; those that are missing were dropped by
// the node, by its own word, and count as dropped. Counters never fall.
class EventChecker : public Checker {
 public:
  std::string_view name() const override { return "events"; }

  void on_fact(const State&, const Message& fact, const FactContext& context) override {
    if (const auto* event = fact.as<EventRecorded>()) {
      record(*event, context);
    } else if (const auto* counted = fact.as<NodeCounted>()) {
      count(*counted, context);
    } else if (const auto* revoked = fact.as<NodeRevoked>()) {
      if (revoked->removed) nodes_.erase(revoked->node);
    }
  }

 private:
  struct Node {
    std::int64_t last = 0;
    std::int64_t skipped = 0;
    FieldCounters counters;
  };

  void record(const EventRecorded& fact, const FactContext& context) {
    Node& node = nodes_[fact.node];
    const std::string what =
        "event " + std::to_string(fact.event.number) + " of " + fact.node.str();
    expect(fact.event.number > node.last, context, what + " is recorded again");
    const std::int64_t missing = std::max<std::int64_t>(fact.event.number - node.last - 1, 0);
    expect(missing <= fact.event.dropped_before, context,
           what + " comes after one that is missing and was not dropped");
    expect(fact.event.at <= context.now, context, what + " lies in the future");
    node.last = fact.event.number;
    node.skipped += missing;
    std::int64_t& dropped = node.counters.events_dropped;
    dropped = std::max(dropped, node.skipped);
  }

  void count(const NodeCounted& fact, const FactContext& context) {
    FieldCounters& known = nodes_[fact.node].counters;
    const bool falls = fact.counters.up < known.up || fact.counters.restarts < known.restarts ||
                       fact.counters.inferences < known.inferences ||
                       fact.counters.events_dropped < known.events_dropped;
    expect(!falls, context, "a counter of " + fact.node.str() + " falls");
    known = fact.counters;
  }

  std::map<NodeName, Node> nodes_;
};

}  // namespace

std::unique_ptr<Checker> make_event_checker() { return std::make_unique<EventChecker>(); }

}  // namespace duru
