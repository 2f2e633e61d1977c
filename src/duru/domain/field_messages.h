// The messages of module `edge`: what is asked of it, and what it decides or is told
// (domain/field.h has the values).
#pragma once

#include "duru/domain/field.h"
#include "duru/domain/service.h"

namespace duru {

// --- commands

// `duru apply`: all of it is accepted or none. A thing of the same name and content changes
// nothing; a fleet may change all but its selector, a release and a rollout never change.
struct ApplyField {
  std::vector<Fleet> fleets;
  std::vector<Release> releases;
  std::vector<Rollout> rollouts;
};
DURU_DECLARE_KIND(ApplyField)

// Refused while a fleet, an unfinished rollout or a node has use for it.
struct RemoveRelease {
  ReleaseName release;
};
DURU_DECLARE_KIND(RemoveRelease)

struct SteerRollout {
  RolloutName rollout;
  SteerAction action{};
};
DURU_DECLARE_KIND(SteerRollout)

// A one-time code for one node; only its digest is kept.
struct MakeEnrolment {
  Digest code;  // SHA-256 of the code
  std::map<std::string, std::string> labels;
  Milliseconds valid_for;
};
DURU_DECLARE_KIND(MakeEnrolment)

// A node uses its code. The server drew the credential and the id, and took the chip from the
// catalogue. Doing it again with the same code and the same credential changes nothing.
struct EnrolNode {
  Digest code;
  Digest credential;  // SHA-256 of the credential
  JobId service;      // owner id of the node's service
  Node node;          // site, labels and name are filled in by the server
  std::vector<Chip> chips;
};
DURU_DECLARE_KIND(EnrolNode)

// Its credential is worth nothing from now on, its service ends; with `remove` the node goes too.
struct RevokeNode {
  NodeName node;
  std::string reason;
  bool remove = false;
};
DURU_DECLARE_KIND(RevokeNode)

// How a node says that it stands, with what it has to tell. Whole: a lost, doubled or late one
// changes nothing. Only what is new becomes facts; heartbeats do not come here at all.
struct ReportField {
  NodeName node;
  std::string boot_id;
  std::int64_t revision = 0;  // that the rest is about
  FieldPhase phase{};
  std::string serving;  // name of the release that serves, "" for none
  std::string detail;   // why not, in words
  FieldCounters counters;
  std::vector<FieldEvent> events;  // ascending number; those missing between are dropped_before
  // Of a node that flaps: how long it has said revision, phase and serving without a break.
  Milliseconds steady_for;
};
DURU_DECLARE_KIND(ReportField)

// --- facts

struct FleetDefined {
  Fleet fleet;
};
DURU_DECLARE_KIND(FleetDefined)

struct ReleaseDefined {
  Release release;
};
DURU_DECLARE_KIND(ReleaseDefined)

// Its name may come again; its files go when nothing else names them.
struct ReleaseRemoved {
  ReleaseName release;
};
DURU_DECLARE_KIND(ReleaseRemoved)

// The rollout and, once and for all, who is in which wave.
struct RolloutDefined {
  Rollout rollout;
  std::vector<NodeName> nodes;           // in their order
  std::vector<std::int32_t> wave_sizes;  // sums to the number of nodes
};
DURU_DECLARE_KIND(RolloutDefined)

struct EnrolmentMade {
  Digest code;
  std::map<std::string, std::string> labels;
  Timestamp valid_until;
};
DURU_DECLARE_KIND(EnrolmentMade)

struct NodeEnrolled {
  Digest code;
  Digest credential;
  JobId service;
  NodeName node;
  ChipName chip;  // empty: it has no accelerator
  std::map<std::string, std::string> labels;
  MilliDevices amount;  // of the chip
  MilliCpu cpu;
  Bytes memory;
  bool emulated = false;  // the chip
};
DURU_DECLARE_KIND(NodeEnrolled)

struct NodeRevoked {
  NodeName node;
  std::string reason;
  bool removed = false;
};
DURU_DECLARE_KIND(NodeRevoked)

// Wave `wave` (from 0) begins: its nodes get the release.
struct WaveStarted {
  RolloutName rollout;
  std::int32_t wave = 0;
};
DURU_DECLARE_KIND(WaveStarted)

// Enough of the wave's nodes serve: the bake time runs until then.
struct WaveBaking {
  RolloutName rollout;
  std::int32_t wave = 0;
  Timestamp until;
};
DURU_DECLARE_KIND(WaveBaking)

// The bake time kept what it needs no longer: it begins anew when enough serve again.
struct WaveUnsettled {
  RolloutName rollout;
  std::int32_t wave = 0;
};
DURU_DECLARE_KIND(WaveUnsettled)

struct RolloutPaused {
  RolloutName rollout;
  std::string reason;
};
DURU_DECLARE_KIND(RolloutPaused)

struct RolloutResumed {
  RolloutName rollout;
};
DURU_DECLARE_KIND(RolloutResumed)

enum class RolloutOutcome { kNone, kCompleted, kReturned, kStopped };
DURU_DECLARE_ENUM(RolloutOutcome)

// kReturned: every node that had got the release has its former one back. kStopped: by a person;
// nodes keep what they have.
struct RolloutEnded {
  RolloutName rollout;
  RolloutOutcome outcome{};
  std::string reason;
};
DURU_DECLARE_KIND(RolloutEnded)

// What a node is to run from now on; the core was handed the same. A current release without a name
// is none: its service ends.
struct NodeRevised {
  NodeName node;
  Revision revision;
};
DURU_DECLARE_KIND(NodeRevised)

struct NodePhaseReported {
  NodeName node;
  std::int64_t revision = 0;
  FieldPhase phase{};
  std::string serving;
  std::string detail;
  bool flapping = false;  // held as failed from now on (kFlapsMax)
};
DURU_DECLARE_KIND(NodePhaseReported)

struct NodeCounted {
  NodeName node;
  FieldCounters counters;
};
DURU_DECLARE_KIND(NodeCounted)

struct EventRecorded {
  NodeName node;
  FleetName fleet;
  FieldEvent event;
};
DURU_DECLARE_KIND(EventRecorded)

// It is lost: what it last said proves nothing until it is heard again.
struct NodeSilent {
  NodeName node;
  std::string detail;
  bool failed = false;  // for so long that it counts as a failure (Rollout::silence_fails_after)
};
DURU_DECLARE_KIND(NodeSilent)

struct NodeHeard {
  NodeName node;
};
DURU_DECLARE_KIND(NodeHeard)

}  // namespace duru
