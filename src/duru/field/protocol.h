// What a node of the field and the server say to each other. The node dials out; the server never
// calls. JSON over HTTP (beyond loopback: TLS), each body one record of this page:
//
//   POST /v1/field/enrol           EnrolRequest -> EnrolReply       with a one-time code, no token
//   POST /v1/field/sync            SyncRequest  -> SyncReply        Authorization: Bearer
//   CREDENTIAL GET  /v1/field/blobs/{digest}  a file or a manifest; Range: bytes=N- resumes; same
//   credential,
//                                  and only what the node's revision names
//
// Level-triggered both ways: a lost, doubled or late message changes nothing. A sync says all that
// the node has to say (how it stands, its counters, every event that is not acknowledged, up to
// kEventsPerSync); the reply says all that it should do. What the reply acknowledges is durable.
// Events beyond a rate (engine/agent/news_credit.h) are not acknowledged, and wait at the node.
//
// Answers: 401 with problem type "revoked" or "unauthorized": the node goes on serving what it
// serves and asks again at its heartbeat, because a mistake of ours must not end a camera. 429,
// 503: the same, later.
#pragma once

#include "duru/domain/field.h"
#include "duru/domain/service.h"

namespace duru {

constexpr std::size_t kEventsPerSync = 64;
constexpr std::size_t kEventBytesMax = 4096;  // of one event's JSON line
constexpr std::size_t kManifestBytesMax = std::size_t{1} << 20;
// Of a request's body; a sync with all its events is about half of it.
constexpr std::size_t kEnrolBytesMax = std::size_t{8} << 10;
constexpr std::size_t kSyncBytesMax = std::size_t{1} << 20;

struct EnrolRequest {
  std::string code;
  std::string node;  // a name that it would like; "" lets the server choose one
  // Drawn by the node (32 random bytes, hexadecimal) and kept on its disk before it is sent: a lost
  // answer is asked for again, and the server only ever knows the digest.
  std::string credential;
  ChipName chip;  // name or alias
  std::int32_t accelerators = 0;
  bool emulated = false;  // the chip is
  MilliCpu cpu;
  Bytes memory;
  std::string agent_version;
};
DURU_DECLARE_RECORD(EnrolRequest)

struct EnrolReply {
  std::string node;
  InstallationId installation;
  std::string release_key;  // Ed25519 public key that signs releases, 64 hexadecimal digits
  Milliseconds heartbeat;
};
DURU_DECLARE_RECORD(EnrolReply)

// An event as it lies on the node's disk.
struct EventReport {
  std::int64_t number = 0;
  std::string body;  // one JSON object, at most kEventBytesMax
  // Its age when this sync was sent, where it happened in this boot. Otherwise nobody knows it
  // exactly: `server_time` is the node's estimate from what the server last said in that boot, and
  // without one it is only older than this boot.
  std::optional<Milliseconds> age;
  std::optional<Timestamp> server_time;
  // How far off either may be, because no agent saw it happen.
  Milliseconds uncertainty{};
  // So many numbers right before it are not on the node's disk any more and never come. Said with
  // the event, so that a node whose own count of dropped events was lost is believed too.
  std::int64_t dropped_before = 0;
};
DURU_DECLARE_RECORD(EventReport)

struct SyncRequest {
  std::string boot_id;
  Milliseconds uptime;        // on the boot-time clock
  std::int64_t revision = 0;  // that phase, serving and detail are about; 0: none
  FieldPhase phase{};
  std::string serving;
  std::string detail;
  FieldCounters counters;
  std::vector<EventReport> events;  // ascending number; those missing between are dropped_before
  // It was started to end with the server's own end (`duru-agent run --ephemeral`).
  bool ephemeral = false;
  bool goodbye = false;  // the last sync before it ends
  std::string agent_version;
  // Its count of what it did over its life is lost: counters are 0 until the reply has told it
  // where to go on.
  bool counts_anew = false;
};
DURU_DECLARE_RECORD(SyncRequest)

struct SyncReply {
  Timestamp server_time;
  std::optional<Revision> revision;       // what to run; none: nothing
  std::int64_t events_through = 0;        // every event up to this number is durable here
  Milliseconds heartbeat;                 // until the next sync
  bool leave = false;                     // ephemeral nodes: stop the workload, say goodbye, end
  std::optional<FieldCounters> counters;  // as known here, to a node that counts anew
};
DURU_DECLARE_RECORD(SyncReply)

}  // namespace duru
