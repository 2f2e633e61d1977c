// The state of module `edge` as plain records: what a snapshot holds, and all of it. Indexes over
// them are in state.h and are rebuilt from these.
#pragma once

#include "duru/domain/field_messages.h"

namespace duru {

// What nodes of one chip counted that are removed.
struct RemovedCounts {
  ChipName chip;
  bool emulated = false;
  FieldCounters counters;
};
DURU_DECLARE_RECORD(RemovedCounts)

struct FleetRecord {
  Fleet fleet;
  ReleaseName current;  // of the last rollout that completed; what a node that joins gets
  RolloutName rollout;  // the unfinished one; empty: none
  std::vector<RemovedCounts> removed;  // each chip once
  // After the heartbeat was made shorter: a node may keep to the longer one until then, because it
  // learns of the other with its next sync.
  Milliseconds former_heartbeat;
  Timestamp former_until;
};
DURU_DECLARE_RECORD(FleetRecord)

// A code that nobody used yet. It keeps its end over an outage of ours: it is a secret.
struct EnrolmentRecord {
  Digest code;
  std::map<std::string, std::string> labels;
  Timestamp valid_until;
};
DURU_DECLARE_RECORD(EnrolmentRecord)

// How the nodes of one wave stand. Revoked nodes are in none.
struct WaveCounts {
  std::int32_t nodes = 0;
  std::int32_t proven = 0;  // serve the release
  std::int32_t failed =
      0;  // returned from it by themselves, serve nothing, flap, or silent too long
  std::int32_t silent = 0;  // lost, and not failed
  bool operator==(const WaveCounts&) const = default;
};
DURU_DECLARE_RECORD(WaveCounts)

struct WaveRecord {
  std::int32_t size = 0;  // when the rollout was defined
  std::optional<Timestamp> started_at;
  // Failures that a person accepted by resuming: they count neither against the wave nor for it.
  std::int32_t tolerated = 0;
  WaveCounts at_end;          // of an ended rollout; until then EdgeState::counts
  bool may_be_empty = false;  // a person resumed it when none of its nodes was left
};
DURU_DECLARE_RECORD(WaveRecord)

struct RolloutRecord {
  Rollout rollout;
  std::vector<WaveRecord> waves;  // none empty; fewer than asked for where nodes were few
  std::int32_t started = 0;       // waves 0 to started - 1 have begun
  Timestamp defined_at;
  Timestamp waiting_since;              // of the last started wave: its time limit runs from here,
                                        // anew when it loses its success
  std::optional<Timestamp> bake_until;  // enough of the last started wave serve
  bool paused = false;
  std::string pause_reason;
  RolloutOutcome outcome{};  // kNone: unfinished
  std::string reason;        // why it ended, in words with figures
  Timestamp ended_at;
};
DURU_DECLARE_RECORD(RolloutRecord)

// What a node is to run, and what its service takes of it.
struct FieldGiven {
  std::int64_t revision = 0;  // rises by one; 0: never given anything
  ReleaseName current;        // empty: nothing
  ReleaseName previous;       // empty: none
  Timestamp at;
  bool by_rollout = false;   // by the unfinished rollout that it is in
  std::int32_t service = 0;  // ordinal of the service's workload; each end begins another
  MilliCpu cpu;              // fixed when the service began
  Bytes memory;
};
DURU_DECLARE_RECORD(FieldGiven)

// What a node last said.
struct FieldReported {
  std::int64_t revision = 0;  // that phase, serving and detail are about
  FieldPhase phase{};
  std::string serving;
  std::string detail;
  Timestamp since;  // the phase
  FieldCounters counters;
  Timestamp counted_at;             // when the counters last became a fact
  std::int64_t last_event = 0;      // every event up to it is recorded, or was dropped there
  std::int64_t events_skipped = 0;  // numbers that never came, because the node dropped them
  Timestamp said_at;                // phase, serving and detail last became a fact
  std::vector<Timestamp> flips;     // phase or serving changed; of this revision, the last ones
  bool flapping = false;            // held as failed until it is steady
};
DURU_DECLARE_RECORD(FieldReported)

// Of a node that is lost.
struct FieldSilence {
  Timestamp since;  // a start of ours begins the time anew: nobody could be heard
  std::string detail;
  bool failed = false;  // it counts as a failure
};
DURU_DECLARE_RECORD(FieldSilence)

// What a node is to be given by one of the next ticks, because one decision holds only so many.
enum class FieldDue {
  kNothing,
  kFormer,   // its rollout was returned: what it had before
  kCurrent,  // its fleet's current release
};
DURU_DECLARE_ENUM(FieldDue)

struct FieldNodeRecord {
  NodeName name;
  Digest code;        // that it enrolled with
  Digest credential;  // SHA-256
  JobId service;      // owner id of its service's workloads
  ChipName chip;      // empty: it has no accelerator
  MilliDevices amount;
  MilliCpu cpu;
  Bytes memory;
  std::map<std::string, std::string> labels;
  Timestamp enrolled_at;
  bool revoked = false;
  std::string revoke_reason;
  FleetName fleet;                   // empty: none has its labels. Once in a fleet, it stays there
  std::optional<std::int32_t> wave;  // of the fleet's unfinished rollout
  FieldGiven given;
  ReleaseName good;  // the release that it last was seen to serve
  FieldReported reported;
  FieldDue due{};
  std::optional<FieldSilence> silence;
  bool emulated = false;  // the chip
};
DURU_DECLARE_RECORD(FieldNodeRecord)

struct EdgeStateRecord {
  std::vector<FleetRecord> fleets;
  std::vector<Release> releases;
  std::vector<RolloutRecord> rollouts;
  std::vector<EnrolmentRecord> enrolments;
  std::vector<FieldNodeRecord> nodes;
};
DURU_DECLARE_RECORD(EdgeStateRecord)

}  // namespace duru
