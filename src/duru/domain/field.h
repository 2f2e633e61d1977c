// The field as plain values: fleets of nodes that dial out, releases, rollouts, events. What became
// of them is the state of module `edge`; what a node holds is the core's, as a pinned service.
//
// A release is one content-addressed thing: the canonical JSON of its manifest, which names every
// file by its SHA-256. The installation's key signs those bytes, so that one signature covers
// model, runner and manifest, and a node fetches only the files that it has not got.
#pragma once

#include "duru/domain/job.h"

namespace duru {

using FleetName = Name<struct FleetTag>;
using ReleaseName = Name<struct ReleaseTag>;
using RolloutName = Name<struct RolloutTag>;

// The site of every node that dials out.
constexpr const char* kFieldSite = "field";
// Between two reports of a node whose fleet does not say.
constexpr Milliseconds kDefaultHeartbeat = minutes(1);
// A node that was not heard for so many heartbeats is lost.
constexpr int kLostAfter = 4;

// A node that says so many times within kFlapWindow, of one revision, that it stands otherwise than
// before flaps: it is held as failed, and nothing more of its phase becomes a fact until it has
// said the same for kSteadyFor without a break.
constexpr std::size_t kFlapsMax = 10;
constexpr Milliseconds kFlapWindow = hours(1);
constexpr Milliseconds kSteadyFor = minutes(10);

// How a node asks the workload whether it is well: a command, run in the release's folder with the
// workload's environment; exit code 0 says yes.
struct HealthProbe {
  std::vector<std::string> command;
  std::optional<Milliseconds> every;         // not given: 10 s
  std::optional<Milliseconds> timeout;       // of one run; not given: 5 s
  std::optional<std::int32_t> failures;      // in a row that make it unwell; not given: 3
  std::optional<Milliseconds> ready_within;  // well for the first time by then, from the start of
                                             // the workload; not given: 60 s
};
DURU_DECLARE_RECORD(HealthProbe)

// What a node runs. Its canonical JSON (base/json.h, kSparse) is the release's artifact.
struct Manifest {
  std::int32_t format = 0;  // 1
  std::string release;
  std::vector<JobFile> files;        // ascending path
  std::vector<std::string> command;  // argv, in the release's folder
  std::map<std::string, std::string> env;
  HealthProbe probe;
  std::vector<ChipName> chips;  // that it was built for; empty: any
};
DURU_DECLARE_RECORD(Manifest)

struct Release {
  ReleaseName name;
  Manifest manifest;
  Digest digest;          // of the manifest's canonical JSON
  std::string signature;  // Ed25519 over those bytes, 128 hexadecimal digits
};
DURU_DECLARE_RECORD(Release)

// Nodes of the field by their labels. A node belongs to the first fleet, by name, whose selector it
// has.
struct Fleet {
  FleetName name;
  std::map<std::string, std::string> selector;  // every pair must be among the node's labels
  MilliCpu cpu;                                 // what the service takes of a node
  Bytes memory;
  std::optional<Milliseconds> heartbeat;     // between two reports of a node; not given: 60 s
  std::optional<Milliseconds> report_every;  // how often counters become a fact; not given: 1 h
};
DURU_DECLARE_RECORD(Fleet)

// One wave: a share of the fleet's nodes, or a count of them. The last wave takes all that are
// left.
struct Wave {
  std::int64_t share_ppm = 0;
  std::int32_t count = 0;
};
DURU_DECLARE_RECORD(Wave)

// A release on its way to a fleet. Waves are counted once, when the rollout starts, over the nodes
// of the fleet in the order of `order_label` and then of name.
struct Rollout {
  RolloutName name;
  FleetName fleet;
  ReleaseName release;
  std::vector<Wave> waves;                  // empty: one wave with all nodes
  std::string order_label;                  // "": by name alone
  std::optional<std::int64_t> success_ppm;  // of a wave's nodes must serve it; not given: all
  std::int64_t failure_ppm = 0;  // more than this part of a wave's nodes failing stops the rollout
  // A wave keeps its success for so long; not given: 10 min, at least kLostAfter + 1 heartbeats. A
  // shorter one may end before a node that fell silent is noticed.
  std::optional<Milliseconds> bake;
  // A wave that has no success by then, or none again after it lost it, pauses the rollout; 0: it
  // waits.
  Milliseconds wave_timeout;
  // Failure: give the nodes their former release back (the default), or only pause.
  bool pause_on_failure = false;
  // A node that has taken up the release and is lost for so long has failed; not given: silence is
  // no failure, it only proves nothing.
  std::optional<Milliseconds> silence_fails_after;
};
DURU_DECLARE_RECORD(Rollout)

enum class SteerAction { kPause, kResume, kStop };
DURU_DECLARE_ENUM(SteerAction)

// How a node stands to the revision that it was given.
enum class FieldPhase {
  kNone,      // nothing heard yet
  kFetching,  // the release comes down
  kStarting,  // it runs, its probe has not said yes yet
  kServing,   // its probe says yes
  kReturned,  // it failed here, and the former release serves
  kFailed,    // it failed here, and nothing serves
};
DURU_DECLARE_ENUM(FieldPhase)

// What a node counts over its whole life, never backwards.
struct FieldCounters {
  Milliseconds up;  // a workload of ours served
  std::int64_t inferences = 0;
  std::int64_t restarts = 0;        // of the workload, by the agent
  std::int64_t events_dropped = 0;  // because its disk was full
};
DURU_DECLARE_RECORD(FieldCounters)

// One line that a workload wrote. Field clocks are not trusted: `at` is our time, worked out at
// arrival from the event's age, and true to within `uncertainty`.
struct FieldEvent {
  std::int64_t number = 0;  // from 1, on the node's disk
  std::string body;         // one JSON object
  Timestamp at;
  Milliseconds uncertainty;
  std::int64_t dropped_before = 0;  // numbers right before it that never come
};
DURU_DECLARE_RECORD(FieldEvent)

}  // namespace duru
