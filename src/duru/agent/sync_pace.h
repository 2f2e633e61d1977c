// SyncPace: when the link asks the server. It knows no clock and draws no numbers: the time (ms on
// the boot-time clock) and chance are given to it.
//
//   SyncPace pace({seconds(60), is_new_boot}, draw);
//   pace.reported(now, true);                  // at each turn of the main loop
//   if (pace.is_due(now)) { pace.asked(); ...; pace.answered(now, reply.heartbeat); }
//
// Every pause is up to a tenth shorter or longer, so that nodes that began together do not stay
// together. In a new boot the first sync waits for up to one heartbeat, 5 min at most, unless an
// event waits: where power comes back, thousands boot in the same second.
//
// News, of which events are one kind, are told within a second, but not to a server that did not
// answer (it is asked every second heartbeat) or refused us (at each heartbeat).
//
// Nothing is said before the first report, nor while the main loop stands still: for 2 min, longer
// than its longest step, it has not reported. Then nobody knows how the node is.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "duru/base/units.h"

namespace duru::agent {

// Between nine and eleven tenths of `period`, by `chance`, which may be any number.
Milliseconds jittered(Milliseconds period, std::uint64_t chance);

class SyncPace {
 public:
  using Chance = std::function<std::uint64_t()>;

  struct Start {
    Milliseconds heartbeat;
    bool is_new_boot = false;  // of a node that the server heard before
  };

  SyncPace(Start start, Chance chance)
      : heartbeat_(start.heartbeat), is_new_boot_(start.is_new_boot), chance_(std::move(chance)) {}

  void reported(std::int64_t now, bool is_news);
  void event_waits() { event_waits_ = true; }

  bool is_due(std::int64_t now) const;
  // When to look again, if nothing is told until then.
  std::int64_t next_look(std::int64_t now) const;
  bool stands_still(std::int64_t now) const;

  // A sync is made: what is news from now on is for the next. One of three ends it.
  void asked();
  void answered(std::int64_t now, Milliseconds heartbeat);
  void refused(std::int64_t now);
  void failed(std::int64_t now);

  Milliseconds heartbeat() const { return heartbeat_; }

 private:
  enum class Server { kNotAsked, kThere, kAway, kRefuses };

  bool has_news() const;
  void ended(std::int64_t now, Server server, Milliseconds pause);

  Milliseconds heartbeat_;
  const bool is_new_boot_;
  const Chance chance_;
  Server server_ = Server::kNotAsked;
  bool report_is_news_ = false;
  bool event_waits_ = false;
  std::optional<std::int64_t> reported_at_;
  std::int64_t last_ = 0;
  std::int64_t next_ = 0;
};

}  // namespace duru::agent
