// Who is connected to one server, and who gives way where places are short: the rule of server.h.
//
//   places.enter(connection);                        // admitted
//   places.keep(*connection, many_id, limits);       // its first request came
//   places.rest(*connection);  places.wake(*connection);
//   places.leave(*connection);                       // closed
//
// Owns the connections. Every call is O(1) but those that say otherwise, so that a hundred thousand
// nodes which sleep cost nothing until they speak. Inside this folder; on the server's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "duru/http/limits.h"

namespace duru::http {

class Connection;

class Places {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  enum class Kind { kOther, kOneOfMany, kKept };

  // Where a connection sits; a part of it, and only touched here.
  struct Seat {
    Kind kind = Kind::kOther;
    bool rests = false;
    std::uint64_t many_id = 0;  // where it is kept
    std::list<std::shared_ptr<Connection>>::iterator at;
  };

  void enter(std::shared_ptr<Connection> connection);  // as one of the others
  void pass_as_one_of_many(Connection& connection);
  // In a place that is kept for this one of the many, if there is one for it; where there is none
  // it may take that of another connection of its own, which rests and may well be dead.
  bool keep(Connection& connection, std::uint64_t many_id, const HttpLimits& limits);
  // Of a kept place: it waits for a request, or does no longer.
  void rest(Connection& connection);
  void wake(Connection& connection);
  void leave(Connection& connection);

  std::size_t passing() const { return others_.size() + many_.size(); }  // in no kept place
  std::size_t many() const { return many_.size(); }
  std::size_t kept() const { return kept_.size() + resting_.size(); }
  bool empty() const { return passing() + kept() == 0; }

  // The one of those in no kept place that may lose it and waits longest, or nullptr; callers that
  // are one of many first, or (`of_many`) nobody else. O(passing).
  Connection* idlest(TimePoint now, bool of_many) const;
  // All whose deadline may have passed. O(awake + returned).
  std::vector<std::shared_ptr<Connection>> due(TimePoint now) const;
  std::vector<std::shared_ptr<Connection>> all() const;  // O(n)

 private:
  using List = std::list<std::shared_ptr<Connection>>;
  List& list_of(const Seat& seat);
  void move(Connection& connection, const Seat& to);

  List others_;
  List many_;
  List kept_;
  std::unordered_map<std::uint64_t, std::vector<Connection*>> kept_by_;  // by many_id, by age
  List resting_;  // in kept places; who rests longest, and is due first, is in front
};

}  // namespace duru::http
