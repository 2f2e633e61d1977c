// What the agent keeps on its disk, as records; disk.h says where each lies.
#pragma once

#include "duru/field/protocol.h"

namespace duru::agent {

// Written before the server is asked, so that a lost answer can be asked for again with the same
// credential; `reply` is there once it answered.
struct Identity {
  std::string server;  // http[s]://HOST:PORT
  EnrolRequest request;
  std::optional<EnrolReply> reply;
  std::string ca_pem;  // of an https server: the one CA that is believed from then on
};

// What the server last said.
inline constexpr char kDesired[] = "desired";  // its name in the data folder
struct Desired {
  std::optional<Revision> revision;
  Milliseconds heartbeat;  // 0: that of the enrolment
};

// One of the two places for an unpacked release.
struct Slot {
  ReleaseRef release;       // meaningful when `ready`
  bool ready = false;       // unpacked whole
  bool proven = false;      // its probe said yes here, and it has not failed since
  std::int32_t starts = 0;  // of its workload, since it was last put there or proven
};

enum class SlotName { kNone, kA, kB };

struct NodeState {
  std::optional<Revision> revision;  // that the rest is about
  bool gave_up = false;  // its `current` failed here or may not run: `previous` is the target
  bool stuck = false;    // `previous` may not run either: what runs stays
  bool failed = false;   // what runs is not getting well, and there is nothing to go back to
  std::string why;       // of either
  Slot a;
  Slot b;
  SlotName active{};     // whose workload runs, or should
  std::int64_t run = 0;  // number of the newest run, over the node's life
  std::string damaged;   // the release whose slot was found damaged, until it is unpacked again
  // As last reported; for `duru-agent status`.
  FieldPhase phase{};
  std::string serving;
  std::string detail;

  Slot& slot(SlotName name) { return name == SlotName::kB ? b : a; }
  const Slot& slot(SlotName name) const { return name == SlotName::kB ? b : a; }
};

// inferences = inferences_before + run_inferences: a workload counts from 0 in each run.
struct CounterRecord {
  Milliseconds up;
  std::int64_t inferences_before = 0;
  std::int64_t run = 0;
  std::int64_t run_inferences = 0;
  std::int64_t restarts = 0;
  // As of; a workload that served then and still runs has served in between.
  std::string boot_id;
  Milliseconds at;
  bool serving = false;
  Milliseconds read_at;  // the run's events were read to their end
  // It was begun anew, and the server has not said yet what it knows from before.
  bool unsettled = false;
  // Was under way when the book was begun: what it had counted by then is the server's to know.
  std::int64_t joined_run = 0;  // 0 once that is taken off
};

}  // namespace duru::agent

namespace duru {
DURU_DECLARE_RECORD(agent::Identity)
DURU_DECLARE_RECORD(agent::Desired)
DURU_DECLARE_RECORD(agent::Slot)
DURU_DECLARE_ENUM(agent::SlotName)
DURU_DECLARE_RECORD(agent::NodeState)
DURU_DECLARE_RECORD(agent::CounterRecord)
}  // namespace duru
