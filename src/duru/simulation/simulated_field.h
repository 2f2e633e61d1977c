// SimulatedField: nodes that dial out, in virtual time. Each has an agent (simulated_agent.h), a
// line to the server that may be cut, lose, double or delay what is said, and a spool of events
// that outlives reboots. The server's side is the real one: `line` stands for the route that a sync
// takes.
//
//   SimulatedField field(FieldTimes{}, seed, clock, line);
//   field.join(NodeName("cam-01"), minutes(1), clock.now());
//   clock.advance_to(*field.next_event());
//   field.advance();                                // syncs go out, agents take steps
//   field.set_link(NodeName("cam-01"), false);
//   field.raise(NodeName("cam-01"), R"({"alarm": true})");
//
// A node syncs at its heartbeat and soon after news; while nobody answers, at every second one, for
// at most 5 minutes. One thread; the same seed does the same. About 250 bytes a node, and what its
// spool holds.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <tuple>

#include "duru/base/clock.h"
#include "duru/simulation/dice.h"
#include "duru/simulation/simulated_agent.h"

namespace duru {

// A release for any chip, whose manifest is well and whose signature nobody verifies.
Release simulated_release(const std::string& name);

struct SyncAnswer {
  enum class Kind { kNone, kRefused, kReply };
  Kind kind = Kind::kNone;
  SyncReply reply;
};

// How syncs go wrong: one in so many; 0: none does.
struct SyncFaults {
  std::int64_t lost = 0;        // on its way there
  std::int64_t reply_lost = 0;  // on its way back
  std::int64_t doubled = 0;
  std::int64_t late = 0;  // it comes once more, up to `late_by` later
  Milliseconds late_by = minutes(2);
};

class SimulatedField {
 public:
  using Line = std::function<SyncAnswer(const NodeName&, const SyncRequest&)>;

  SimulatedField(FieldTimes times, std::uint64_t seed, const Clock& clock, Line line);

  // A node that enrolled; of a name that was there before, a new one with an empty disk.
  void join(const NodeName& node, Milliseconds heartbeat);

  // --- time ---
  std::optional<Timestamp> next_event() const;
  void advance();  // all that is due now

  // --- what happens to them; the nodes must be there ---
  void set_link(const NodeName& node, bool up);
  void reboot(const NodeName& node);
  void slow(const NodeName& node, std::int32_t times);
  void raise(const NodeName& node, std::string body);  // an event of its workload
  // Whether the probe of that release says yes, everywhere.
  void set_probe(const std::string& release, bool ok);
  void set_sync_faults(SyncFaults faults) { faults_ = faults; }

  // --- how they are ---
  bool has(const NodeName& node) const { return nodes_.count(node) > 0; }
  std::vector<NodeName> names() const;
  std::string serving(const NodeName& node) const;  // "" for nothing
  std::int64_t revision(const NodeName& node) const { return nodes_.at(node).agent.revision; }
  std::int64_t raised(const NodeName& node) const { return nodes_.at(node).last_event; }
  std::size_t unsent() const;  // events that no reply acknowledged

 private:
  struct Event {
    std::int64_t number = 0;
    Timestamp at;
    bool this_boot = true;
    bool knows_time = false;  // the server had spoken in the boot that it happened in
    std::string body;
  };
  struct Spool {
    std::deque<Event> events;
    std::int64_t acknowledged = 0;
    std::int64_t dropped = 0;
  };
  struct Node {
    SimulatedAgent agent;
    Timestamp sync_at;
    Timestamp wake_at;  // its place in `due_`
    Milliseconds heartbeat;
    std::int64_t last_event = 0;
    std::int32_t boots = 1;
    bool told = false;             // the server spoke to it in this boot
    std::unique_ptr<Spool> spool;  // of a node that ever raised an event
  };
  using Entry = std::pair<const NodeName, Node>;
  struct ByWake {
    bool operator()(const Entry* a, const Entry* b) const {
      return std::tie(a->second.wake_at, a->first) < std::tie(b->second.wake_at, b->first);
    }
  };

  void plan(Entry& entry);
  void after_news(Node& node);
  void turn(Entry& entry);
  void sync(Entry& entry);
  SyncRequest request_of(const Node& node) const;
  void take(Node& node, const SyncAnswer& answer);
  void acknowledge(Node& node, std::int64_t through);
  bool hits(std::int64_t one_in) { return one_in > 0 && dice_.one_in(one_in); }

  const FieldTimes times_;
  const Clock& clock_;
  const Line line_;
  Dice dice_;
  SyncFaults faults_;
  SimulatedReleases releases_;
  std::map<NodeName, Node> nodes_;
  std::set<Entry*, ByWake> due_;
  std::multimap<Timestamp, std::pair<NodeName, SyncRequest>> late_;
};

}  // namespace duru
