// The field's objects as callers see them, made from module edge's state (render_field.h).
// docs/openapi.yaml describes the same; a test holds the two together.
#pragma once

#include "duru/domain/field.h"

namespace duru {

// What a node object says besides of a node that dials out.
struct FieldNodeObject {
  std::string fleet;          // "" for none
  std::string link;           // unknown, online, late, lost; or revoked
  std::string release;        // that it serves, as it last said
  std::string wanted;         // that it should serve
  std::int64_t revision = 0;  // that it was given
  FieldPhase phase{};         // how it stands to that revision
  std::string detail;
  std::optional<Timestamp> since;     // the phase
  std::optional<Timestamp> heard_at;  // since this server started
  FieldCounters counters;             // as they last became a fact
  std::int64_t last_event = 0;
};
DURU_DECLARE_RECORD(FieldNodeObject)

// So many nodes of a fleet serve one release, as they last said.
struct ServingCount {
  std::string release;  // "" for none
  std::int32_t node_count = 0;
};
DURU_DECLARE_RECORD(ServingCount)

struct FleetObject {
  std::string name;
  std::map<std::string, std::string> selector;
  MilliCpu cpu;
  Bytes memory;
  Milliseconds heartbeat;
  Milliseconds report_every;
  std::string release;  // the current one; "" for none
  std::string rollout;  // the unfinished one; "" for none
  std::int32_t node_count = 0;
  std::vector<ServingCount> serving;  // by release
  std::int32_t differing_count = 0;   // nodes that do not serve the current release
};
DURU_DECLARE_RECORD(FleetObject)

struct ReleaseObject {
  std::string name;
  std::string digest;  // of the manifest's canonical JSON
  std::string signature;
  std::int64_t size_bytes = 0;  // of its files
  Manifest manifest;
};
DURU_DECLARE_RECORD(ReleaseObject)

struct RolloutObject {
  std::string name;
  std::string fleet;
  std::string release;
  std::string state;  // running, baking, paused, completed, returned, stopped
  std::string reason;
  std::int32_t wave = 0;  // so many have begun
  std::int32_t wave_count = 0;
  std::int32_t node_count = 0;
  std::int32_t proven_count = 0;
  std::int32_t failed_count = 0;
  std::optional<Timestamp> bake_until;
  Timestamp defined_at;
  std::optional<Timestamp> ended_at;
};
DURU_DECLARE_RECORD(RolloutObject)

struct WaveObject {
  std::int32_t wave = 0;  // from 1
  // waiting, running, baking, done; of a rollout that ended otherwise than completed also failed,
  // returned, stopped and, never begun, skipped.
  std::string state;
  std::int32_t node_count = 0;
  std::int32_t proven_count = 0;
  std::int32_t failed_count = 0;
  std::int32_t silent_count = 0;  // lost, and not failed
  std::int32_t needed_count = 0;
  std::int32_t failures_allowed = 0;
  std::optional<Timestamp> started_at;
  std::vector<std::string> nodes;  // the first kNamedMax; an ended rollout has let them go
};
DURU_DECLARE_RECORD(WaveObject)
constexpr std::size_t kNamedMax = 100;

// A node of a wave that began, which does not serve the release.
struct BehindObject {
  std::string node;
  std::int32_t wave = 0;
  FieldPhase phase{};
  std::string serving;
  std::string link;
  std::string why;  // a sentence
};
DURU_DECLARE_RECORD(BehindObject)

struct RolloutDetail {
  RolloutObject rollout;
  Rollout spec;
  std::vector<WaveObject> waves;
  std::vector<BehindObject> behind;  // the first kNamedMax
  std::int32_t behind_count = 0;
};
DURU_DECLARE_RECORD(RolloutDetail)

// What the nodes of one fleet with one chip did, over their whole life, as their counters last
// became a fact; those that are removed too.
struct FieldUsage {
  std::string fleet;
  std::string chip;  // "" without accelerator
  bool emulated = false;
  std::int32_t node_count = 0;  // that are not removed
  std::string up_seconds;       // summed over the nodes
  std::int64_t inferences = 0;
  std::int64_t restarts = 0;
  std::int64_t events_dropped = 0;
  // Of an account of all time, where energy and inferences are both known.
  std::optional<std::string> joules_per_inference;
};
DURU_DECLARE_RECORD(FieldUsage)

}  // namespace duru
