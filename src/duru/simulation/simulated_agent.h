// SimulatedAgent: what the agent of one node does (agent/conductor.h), as a small state machine in
// virtual time. Two slots, the way from one release to the next and back, the probe's answer, and
// what outlives a reboot. It knows no line to the server: SimulatedField has that.
//
//   SimulatedAgent agent;
//   agent.take(revision, now, times, releases);   // the reply says what to run
//   if (agent.step_at <= now) agent.step(now, times, releases);
//
// About 150 bytes; releases are numbers into a table that all agents share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "duru/domain/service.h"
#include "duru/field/protocol.h"

namespace duru {

struct FieldTimes {
  Milliseconds fetch = seconds(20);    // of a release that the node has not got
  Milliseconds start = seconds(5);     // until the probe of a well release says yes
  Milliseconds give_up = seconds(60);  // until a release that does not get well is given up
  Milliseconds unwell = seconds(30);   // until a probe that says no is believed
  Milliseconds boot = seconds(5);      // from the power's return to the agent
  Milliseconds news = seconds(1);      // until the agent says what is new
  std::int64_t events_kept = 1000;     // on a node's disk; the oldest go first
};

constexpr Timestamp kNever = Timestamp(INT64_MAX);

// The releases that nodes were told of, and whether their probes say yes.
class SimulatedReleases {
 public:
  static constexpr std::int16_t kNone = -1;
  std::int16_t number_of(const std::string& name);
  const std::string& name(std::int16_t number) const { return all_[index(number)].name; }
  bool is_well(std::int16_t number) const { return all_[index(number)].is_well; }
  void set_well(std::int16_t number, bool is_well) { all_[index(number)].is_well = is_well; }

 private:
  struct One {
    std::string name;
    bool is_well = true;
  };
  static std::size_t index(std::int16_t number) { return static_cast<std::size_t>(number); }
  std::vector<One> all_;
};

struct SimulatedAgent {
  Timestamp booted_at;
  Timestamp step_at = kNever;  // what is under way is done
  Timestamp serves_since;
  Milliseconds up;          // before `serves_since`
  Milliseconds fetch_left;  // of a fetch that waits for the link
  std::int64_t revision = 0;
  std::int32_t restarts = 0;
  std::int32_t slow = 1;  // so many times slower than others
  std::int16_t current = SimulatedReleases::kNone;
  std::int16_t previous = SimulatedReleases::kNone;
  std::int16_t active = SimulatedReleases::kNone;  // of the two slots
  std::int16_t standby = SimulatedReleases::kNone;
  FieldPhase phase = FieldPhase::kNone;
  bool linked = true;
  bool serves = false;   // what is active
  bool gave_up = false;  // on `current`
  bool says_why = false;

  // Each answers whether the node stands anew.
  bool take(const std::optional<Revision>& wanted, Timestamp now, const FieldTimes& times,
            SimulatedReleases& releases);
  bool step(Timestamp now, const FieldTimes& times, const SimulatedReleases& releases);

  void set_link(bool up, Timestamp now);
  // The probe of what is active says something else from now on.
  void probe_turned(bool is_well, Timestamp now, const FieldTimes& times);
  // The power goes and comes back: the agent is there at `booted_at`.
  void reboot(Timestamp now, const FieldTimes& times, const SimulatedReleases& releases);

  // How it stands, as a sync says it; without events.
  void describe(SyncRequest& request, Timestamp now, const SimulatedReleases& releases) const;

 private:
  std::int16_t target() const { return gave_up ? previous : current; }
  bool fetches() const { return target() != SimulatedReleases::kNone && target() != active; }
  void head_for_target(Timestamp now, const FieldTimes& times, const SimulatedReleases& releases);
  void start_active(Timestamp now, const FieldTimes& times, const SimulatedReleases& releases);
  void stop_serving(Timestamp now);
  void become_unwell(Timestamp now, const FieldTimes& times, const SimulatedReleases& releases);
};

}  // namespace duru
