// AgentEngine: services on nodes that dial out. The server never calls a node: run() and stop()
// note what a node should run, the node's next sync is answered with it, and what the sync says
// becomes observations.
//
//   AgentEngine engine({installation, is_revoked}, clock);
//   engine.start(sink);
//   engine.expect(node, heartbeat);                          // every node that is enrolled
//   auto news = engine.on_sync(node, request, known);        // of the HTTP thread
//   …submit *news, wait until it is durable; engine.took(*news)…
//   SyncReply reply = engine.reply_to(node, known);
//
// Guarantees beyond engine.h:
//  - Last-heard times live here alone and are no facts. A node is online within 2 heartbeats of its
//    last sync, late within 4, then lost: NodeObserved{up=false}, once, and up=true when it is
//    heard again; where it stands otherwise than before, only once that was accepted. A start of
//    the server counts as a sync of every node, so that an outage of ours makes nobody late. A
//    goodbye says so at once, but up=false is said at most once in 4 heartbeats: a node that says
//    goodbye more often is lost when it is not heard, like any other.
//  - A run has started when the node first says that a release of ours serves, and has ended when
//    the node says that nothing runs and it knows of no revision (then its tree is empty), or when
//    it says goodbye like that. One whose node was revoked is given up: nobody will ever say it.
//  - A sync that arrives after a later one of the same boot brings its events and nothing else; one
//    of a boot that was replaced within the last hour brings nothing: the node says it again. A
//    boot that came back after that hour is the current one, and no longer a replaced one.
//  - A changed detail alone is news once in report_every, the first of a phase at once; the phase
//  of a node that flaps only when
//    it has said the same for kSteadyFor, as heard since this server started.
//  - Nobody is told to run nothing because we do not know better: ready() only once reconcile() has
//    brought the full set.
//  - A sync is O(1) on average, a check O(log n) for each node that is due, about once in two
//    heartbeats. About 300 bytes a node; nodes of one release share its reference.
#pragma once

#include <array>
#include <condition_variable>
#include <mutex>
#include <queue>
#include <set>
#include <thread>
#include <unordered_map>

#include "duru/base/clock.h"
#include "duru/engine/agent/news_credit.h"
#include "duru/engine/agent/sync_news.h"
#include "duru/engine/engine.h"

namespace duru {

struct AgentEngineOptions {
  InstallationId installation;
  // A node whose credential is worth nothing any more. Called without a lock of ours.
  std::function<bool(const NodeName&)> is_revoked;
  Milliseconds check_every = seconds(1);  // 0: only who calls check() does
};

enum class LinkState { kUnknown, kOnline, kLate, kLost };
std::string_view link_name(LinkState state);  // "unknown", "online", "late", "lost"

// kUnknown: enrolled, and not heard since this server started, which is not long ago.
struct NodeLink {
  LinkState state{};
  std::optional<Timestamp> heard_at;  // since this server started
};

class AgentEngine : public Engine {
 public:
  // `clock` outlives the engine.
  AgentEngine(AgentEngineOptions options, const Clock& clock);
  ~AgentEngine() override;

  std::string_view name() const override { return "agent"; }
  EngineCapabilities capabilities() const override;
  Status start(Sink sink) override;
  void shutdown() override;
  void run(const TaskRunSpec& spec) override;
  void stop(const TaskRunName& name, Milliseconds grace) override;
  void forget(const TaskRunName& name) override;
  void reconcile(const std::vector<TaskRunName>& desired) override;
  // kUnsupported: what a workload writes stays on its node.
  Result<LogChunk> read_log(const TaskRunName& name, std::int64_t offset,
                            std::int64_t bytes_max) override;
  Timestamp observed_through() const override;

  bool ready() const;
  // An enrolled node: from now on it is late, then lost, unless it syncs.
  void expect(const NodeName& node, Milliseconds heartbeat);
  // What is to become durable before the sync is answered; nothing for a mere heartbeat, and no
  // more than the node's credit pays for.
  std::optional<ReportField> on_sync(const NodeName& node, const SyncRequest& request,
                                     const FieldKnown& known);
  // A report was accepted: the same again is no news, even if the module made nothing of it.
  void took(const ReportField& report);
  SyncReply reply_to(const NodeName& node, const FieldKnown& known);
  NodeLink link(const NodeName& node) const;

  // Every ephemeral node is asked to leave at its next sync.
  void ask_to_leave();
  // Ephemeral nodes that have not said goodbye and are not lost. O(nodes).
  std::size_t ephemeral_count() const;
  // The other nodes that are not lost: they go on without this server. O(nodes).
  std::size_t staying_count() const;

  // What came due by now: who is lost, which runs nobody will end.
  void check();

 private:
  using ReleasePtr = std::shared_ptr<const ReleaseRef>;
  struct Run {
    TaskRunName name;
    std::int64_t revision = 0;
    ReleasePtr current;
    ReleasePtr previous;
    std::optional<Timestamp> started_at;
    std::optional<Timestamp> ended_at;
    EndCause end_cause{};
    bool stopping = false;
  };
  struct Entry {
    const std::string* name = nullptr;  // the key of its own
    Timestamp expected_at;              // heard, or the start of the waiting
    std::optional<Timestamp> heard_at;
    Timestamp counted_at;
    Milliseconds heartbeat;
    std::size_t boot = 0;           // hash of the boot id
    std::int64_t least_offset = 0;  // of this boot: arrival - uptime, ms
    Milliseconds uptime;            // the latest of this boot
    std::array<std::size_t, 3> former_boots{};
    Timestamp boot_changed_at;
    std::size_t says = 0;  // hash of the standing that it says
    Timestamp says_since;
    std::size_t took = 0;  // hash of the standing that was accepted last
    bool in_queue = false;
    bool told_down = false;
    std::optional<Timestamp> told_down_at;  // last
    bool owes_up = false;                   // it is back, once what it says is accepted
    bool ephemeral = false;
    bool gone = false;  // it said goodbye
    NewsCredit credit;
    std::unique_ptr<Run> run;
  };
  using Due = std::pair<Timestamp, Entry*>;

  Entry& entry_of(const NodeName& node);
  Entry* entry_of_run(const TaskRunName& name);
  ReleasePtr share(const ReleaseRef& release);
  LinkState state_of(const Entry& entry, Timestamp now) const;
  bool is_of_former_boot(const Entry& entry, const SyncRequest& request, Timestamp now) const;
  std::size_t count_present(bool ephemeral) const;
  Arrival arrival_of(Entry& entry, const SyncRequest& request, Timestamp now) const;
  std::optional<ReportField> take_sync(Entry& entry, const SyncRequest& request,
                                       const FieldKnown& known);
  void watch(Entry& entry);
  void hear(Entry& entry, const SyncRequest& request, Timestamp now);
  bool missed(const Entry& entry, Timestamp now) const;
  void say_down(Entry& entry, const std::string& why, Timestamp now);
  void say_up(Entry& entry);
  void follow_run(Entry& entry, const SyncRequest& request, Timestamp now);
  void report(const Run& run);
  void end(Run& run, EndCause cause, Timestamp now);
  void begin_stop(Entry& entry);
  void forget_run(Entry& entry);
  void check_links(Timestamp now);
  void check_early_stops(Timestamp now);
  void run_checks();

  const AgentEngineOptions options_;
  const Clock& clock_;

  mutable std::mutex mutex_;  // of everything below; the sink is called under it
  Sink sink_;
  bool ready_ = false;
  bool leaving_ = false;
  std::int64_t term_ = 0;
  std::unordered_map<std::string, Entry> entries_;  // by node; never erased
  std::unordered_map<std::string, Entry*> runs_;    // by task run
  std::set<std::string> stops_;                     // nodes that were told to stop, not ended
  // Stops of runs that nobody has named a node for, since when.
  std::unordered_map<std::string, Timestamp> early_stops_;
  std::unordered_map<std::string, std::weak_ptr<const ReleaseRef>> releases_;  // by content
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;

  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace duru
