// Conductor: brings the node to the revision that the server gave it, and keeps it serving.
//
// Two slots. A new release is fetched, verified and unpacked into the slot that does not run; only
// then the old workload is stopped and the new one started. It is proven once its probe says yes. A
// release that does not get well in time, exits three times before it was ever well, becomes
// unwell, or may not run (its signature) makes the node go back to the revision's `previous` by
// itself. Without one it is started again and again, less and less often. A release that is found
// damaged on the disk comes anew; the revision's other one, where it was proven here, serves until
// then. That it was damaged when it failed excuses a release once in a revision, for it may have
// changed its files itself.
//
// Guarantees, whatever dies when: each step is on disk before the next is taken (fault_point.h
// lists them), so a new agent goes on where the old one was; at every moment the node runs one
// release or is about to start one from its own disk; nothing is started that the release key did
// not sign: before each start all of the release is read and compared, which takes as long as that.
// Nothing about the link changes what runs.
//
//   Conductor conductor(parts, identity);
//   conductor.turn();          // ten times a second; never waits for the network
#pragma once

#include <optional>
#include <set>

#include "duru/agent/counter_book.h"
#include "duru/agent/link.h"
#include "duru/agent/run_watch.h"
#include "duru/agent/slots.h"

namespace duru::agent {

struct Parts {
  const Folder& data;
  BlobStore& blobs;
  const Slots& slots;
  const Workload& workload;
  Spool& spool;
  Link& link;
  CounterBook& counters;
  Log& log;
};

class Conductor {
 public:
  Conductor(Parts parts, const Identity& identity);

  // True: a step was taken, and the next may be taken at once.
  bool turn();
  // From now on turn() only ends the workload.
  void leave() { leaving_ = true; }
  bool server_says_leave() const { return server_says_leave_; }
  // And all that it told is read.
  bool nothing_runs() const {
    return state_.active == SlotName::kNone && strays_.empty() && !last_words_;
  }

 private:
  enum class Bringing { kPreparing, kSwitching };

  void load_state();
  void load_desired();
  void adopt();
  void take_reply();
  bool strays_are_gone();
  void say_unproven(const Status& proof);
  void say_damage(std::int64_t run, const RunView& view);
  bool last_words_are_read();
  void decide();
  void begin_revision();
  const ReleaseRef* target() const;
  Result<Manifest> manifest_of(SlotName slot) const;
  // conductor_bring.cc
  Bringing bring(const ReleaseRef& target);
  void fill(SlotName place, const ReleaseRef& target, const Manifest& manifest);
  Bringing switch_to(SlotName slot);
  void stand_in();
  bool is_sound(SlotName slot, const Manifest& manifest);
  bool make_sound(SlotName slot, const Manifest& manifest);
  void lose(SlotName slot);
  void refuse(const std::string& why);
  void retain_files();
  // conductor_keep.cc
  void keep_running();
  void start_run();
  void after_end();
  void judge();
  bool can_go_back() const;
  void give_up(const std::string& why);
  bool begin_run(NodeState next, const Manifest& manifest);
  void end_workload();
  void watch(const Manifest& manifest, bool was_well);

  void count();
  void publish();
  FieldPhase phase() const;
  std::string detail() const;
  // Durable or not at all.
  bool commit(const NodeState& next);

  Slot& active() { return state_.slot(state_.active); }
  const Slot& active() const { return state_.slot(state_.active); }
  bool runs_current() const;

  Parts parts_;
  const std::string release_key_;
  Desired desired_;
  NodeState state_;
  std::set<std::int64_t> strays_;        // runs that nobody wants, and that may still live
  std::optional<EventTail> last_words_;  // of the newest run, where it is one of them
  std::optional<RunWatch> watch_;        // of state_.run, where a slot is active
  std::optional<SlotName> sound_;        // was verified; a start does it anew
  // In this revision what ran was found damaged once when it failed, which was not held against it.
  bool excused_ = false;
  std::string fetch_detail_;
  std::string start_detail_;  // why the workload cannot be started now
  Milliseconds pause_;        // before the next start, after it ended by itself
  std::int64_t start_at_ms_ = 0;
  std::int64_t fill_at_ms_ = 0;
  std::int64_t look_again_at_ms_ = 0;  // at what may have come back to the disk without the link
  std::int64_t next_count_ms_ = 0;
  bool restart_asked_ = false;  // it is stopped because it is unwell
  bool server_says_leave_ = false;
  bool leaving_ = false;
  bool stepped_ = false;  // in this turn
};

}  // namespace duru::agent
