// Link: the agent's only way out, on a thread of its own, so that nothing that runs here ever waits
// for the network. It syncs at every heartbeat, and within a second of news, as sync_pace.h says;
// it fetches releases, and goes on syncing between two pieces of a download.
//
//   Link link(options, spool, blobs, log, [&] { wake_main_loop(); });
//   link.report(report);                       // how we stand
//   if (auto reply = link.take_reply()) ...    // what the server wants
//   link.order(release);  link.fetch_status();
//
// While the server cannot be reached it is asked every second heartbeat, so that one which comes
// back hears from us before it calls us lost. The connection is kept from one sync to the next, for
// a handshake costs both sides more than a sync, where the heartbeat is at most 5 minutes and the
// server has a place for it; none is held after a download. A kept one that is dead, because the
// link was cut or somebody on the way forgot it, is known after 5 s, and the sync goes out again.
//
// What is said is of the last two minutes, or nothing: the first report says what an earlier agent
// left running, and a main loop that stands still is not spoken for.
// All calls return at once, from any thread, except the last.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "duru/agent/fetcher.h"
#include "duru/agent/spool.h"
#include "duru/agent/sync_pace.h"
#include "duru/http/client.h"

namespace duru::agent {

struct LinkOptions {
  http::Address server;
  http::TlsTrust trust;
  std::string credential;
  std::string release_key;
  Milliseconds heartbeat;                        // until the server says another
  std::optional<Milliseconds> heartbeat_always;  // whatever the server says
  bool ephemeral = false;
};

// Of a SyncRequest, what the main loop knows. events_dropped is the spool's to say.
struct Report {
  std::int64_t revision = 0;
  FieldPhase phase{};
  std::string serving;
  std::string detail;
  FieldCounters counters;
  bool counts_anew = false;
};

struct FetchStatus {
  enum class State { kNone, kWorking, kReady, kRefused };
  State state = State::kNone;
  std::string detail;
};

class Link {
 public:
  Link(LinkOptions options, Spool& spool, BlobStore& blobs, Log& log, std::function<void()> wake);
  ~Link();

  void report(const Report& report);
  void news();  // there are new events
  std::optional<SyncReply> take_reply();

  // Fetches this release (and no other any more) until it is there or refused.
  void order(const ReleaseRef& release);
  void cancel_order();
  // Of the order; kReady is taken back by the next order.
  FetchStatus fetch_status() const;

  // Sends all events that wait, then the last sync. Each of the two has `patience`, which begins
  // anew whenever the server has got further.
  void say_goodbye(Milliseconds patience);

 private:
  using Lock = std::unique_lock<std::mutex>;

  void work();
  std::int64_t next_turn_ms(std::int64_t now) const;
  bool sync_is_due() const;
  bool sends_rest() const;
  void look_at_main_loop();
  void sync();
  SyncRequest request() const;
  void take_answer(const http::ClientResponse& answer, Milliseconds asked_at,
                   const SyncRequest& said);
  void back_off(const std::string& problem);
  void fetch();

  const LinkOptions options_;
  Spool& spool_;
  Log& log_;
  const std::function<void()> wake_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Report> report_;  // nothing is said before it is there
  std::optional<SyncReply> reply_;
  std::optional<ReleaseRef> order_;
  FetchStatus fetch_status_;
  SyncPace pace_;
  std::optional<std::int64_t> server_has_;  // events through this one, as it said last
  bool ends_ = false;                       // events that wait are sent at once
  std::int64_t next_rest_ms_ = 0;           // and when
  bool goodbye_ = false;
  bool goodbye_said_ = false;
  bool stopping_ = false;
  std::int64_t next_fetch_ms_ = 0;
  Milliseconds fetch_pause_;

  // The thread's own.
  http::HttpClient client_;
  Fetcher fetcher_;
  std::thread thread_;
};

}  // namespace duru::agent
