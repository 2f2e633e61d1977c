// The watch hub: tells every open watch stream of what changed, once per commit, as the lists show
// it. It is a projection of the view, so nothing is told before it is durable.
//
//   WatchHub hub(edge);
//   View view(core, {&edge}, {&hub, …});
//   hub.start(view, link_of);
//   hub.subscribe(stream, {.kinds = {WatchKind::kJobs}, .last_event_id = as_of_of_the_list});
//
// A position is an opaque text: installation, term, sequence number. A list's `as_of` and an
// event's id are positions; so is what a heartbeat carries. Whoever resumes at one is sent every
// object that has changed since, merged (of the field's events each), then what changes live. A
// position that is unknown, too old or of another installation is answered by the event `gone`:
// list again.
//
// The writing never waits for a reader: one that falls too far behind is dropped by its stream.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "duru/api/render_field.h"
#include "duru/edge/edge_module.h"
#include "duru/http/stream.h"
#include "duru/loop/view.h"
#include "duru/server/api/changes.h"

namespace duru {

struct WatchRequest {
  std::set<WatchKind> kinds;
  std::string project;        // "": all
  std::string node;           // only its events; "": all
  std::string fleet;          // likewise
  std::string last_event_id;  // "": from now on
};

class WatchHub : public Projection {
 public:
  // `edge` is the view's.
  explicit WatchHub(const EdgeModule& edge, Milliseconds heartbeat_every = seconds(15));
  ~WatchHub() override;

  // Begins to serve; before that only changes are noted. The view outlives this.
  void start(const View& view, LinkOf link_of);
  void stop();  // ends every stream

  void on_fact(const State& after, const Message& fact, const FactContext& context) override;
  void on_commit(const State& after, const DurableCommit& commit) override;

  // The position of a list read at `seq`. Under the view's lock.
  std::string position(const State& state, std::int64_t seq) const;

  void subscribe(http::Stream stream, WatchRequest request);
  std::size_t subscriber_count() const;
  std::int64_t commit_count() const;  // applied since this process began

 private:
  struct Subscriber {
    http::Stream stream;
    WatchRequest request;
    std::int64_t seen_seq = 0;
    bool live = false;  // it has seen everything; on_commit sends
  };
  struct Event {
    ObjectKey key;
    std::string project;  // "": of no project
    std::string name;     // of the event
    std::string data;
    std::shared_ptr<const HistoryEvent> of_field;
  };

  // Nothing: it cannot be gone on from.
  std::optional<std::int64_t> parse_position(const State& state, std::int64_t applied_seq,
                                             const WatchRequest& request) const;
  std::optional<Event> event_of(const State& state, const ObjectKey& key,
                                const Change& change) const;
  // The events of one commit that the subscriber asked for; the last one carries the position.
  static void send(Subscriber& subscriber, const std::vector<Event>& events,
                   const std::string& position);
  // False when there is nothing more to catch up with.
  bool catch_up(Subscriber& subscriber);
  enum class Progress { kDone, kMoved, kWaitsForReaders };
  Progress catch_up_some();
  void run();
  void send_heartbeats();
  void drop_closed();

  const std::chrono::milliseconds heartbeat_every_;
  const EdgeModule& edge_;
  const View* view_ = nullptr;
  LinkOf link_of_;

  // Under the view's lock.
  ChangeIndex index_;
  std::vector<std::unique_ptr<Subscriber>> subscribers_;
  std::int64_t commit_count_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool behind_ = false;  // somebody new has to catch up
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace duru
