// The field in a scenario: nodes that dial out, what happens to them and to their rollouts, and
// what must come of it. docs/scenarios.md describes it; these records are its fields, one for one.
#pragma once

#include "duru/domain/field_messages.h"

namespace duru {

// Of the simulated agents (simulation/simulated_agent.h).
struct ScenarioFieldTimes {
  std::optional<Milliseconds> fetch;
  std::optional<Milliseconds> start;
  std::optional<Milliseconds> give_up;
  std::optional<Milliseconds> unwell;
  std::optional<Milliseconds> boot;
};
DURU_DECLARE_RECORD(ScenarioFieldTimes)

struct ScenarioAgent {
  std::map<std::string, std::string> labels;
  std::string chip;             // or an alias; one of it, emulated; "" for none
  std::optional<MilliCpu> cpu;  // not given: 4
  std::optional<Bytes> memory;  // not given: 4 GiB
};
DURU_DECLARE_RECORD(ScenarioAgent)

struct ScenarioField {
  ScenarioFieldTimes times;
  std::map<std::string, ScenarioAgent> agents;  // by name; they enrol at the start, in that order
};
DURU_DECLARE_RECORD(ScenarioField)

struct ScenarioApply {
  std::vector<Fleet> fleets;
  std::vector<std::string> releases;  // made up, for any chip
  std::vector<Rollout> rollouts;
};
DURU_DECLARE_RECORD(ScenarioApply)

struct ScenarioLink {
  std::string node;
  bool up = false;
};
DURU_DECLARE_RECORD(ScenarioLink)

struct ScenarioProbe {
  std::string release;
  bool ok = false;
};
DURU_DECLARE_RECORD(ScenarioProbe)

struct ScenarioSlow {
  std::string node;
  std::int32_t by = 0;  // times slower than others
};
DURU_DECLARE_RECORD(ScenarioSlow)

struct ScenarioSteer {
  std::string rollout;
  SteerAction action{};
};
DURU_DECLARE_RECORD(ScenarioSteer)

// How syncs go wrong: one in so many; not given: none.
struct ScenarioSyncs {
  std::int64_t lost = 0;
  std::int64_t reply_lost = 0;
  std::int64_t doubled = 0;
  std::int64_t late = 0;
};
DURU_DECLARE_RECORD(ScenarioSyncs)

enum class ScenarioRolloutState { kRunning, kPaused, kCompleted, kReturned, kStopped };
DURU_DECLARE_ENUM(ScenarioRolloutState)

struct ExpectedRollout {
  Milliseconds at;
  std::string rollout;
  ScenarioRolloutState state{};
  std::optional<std::int32_t> waves;  // that began
  std::optional<std::string> reason;  // of the pause or the end; a part of it
};
DURU_DECLARE_RECORD(ExpectedRollout)

// How a node stands: what runs there, and what is known of it; a field that is not given is not
// compared.
struct ExpectedAgent {
  Milliseconds at;
  std::string node;
  std::optional<std::string> serving;  // in truth
  std::optional<std::string> known;    // as it last said; "" for nothing
  std::optional<FieldPhase> phase;     // likewise
  std::optional<bool> lost;            // the server's word
};
DURU_DECLARE_RECORD(ExpectedAgent)

}  // namespace duru
