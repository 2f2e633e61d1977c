#include "duru/http/places.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "duru/http/connection.h"

namespace duru::http {

Places::List& Places::list_of(const Seat& seat) {
  switch (seat.kind) {
    case Kind::kOther:
      return others_;
    case Kind::kOneOfMany:
      return many_;
    case Kind::kKept:
      break;
  }
  return seat.rests ? resting_ : kept_;
}

void Places::enter(std::shared_ptr<Connection> connection) {
  Seat& seat = connection->seat();
  seat = {.at = others_.insert(others_.end(), std::move(connection))};
}

void Places::move(Connection& connection, const Seat& to) {
  List& list = list_of(to);
  list.splice(list.end(), list_of(connection.seat()), connection.seat().at);
  connection.seat() = to;
}

void Places::pass_as_one_of_many(Connection& connection) {
  move(connection, {.kind = Kind::kOneOfMany, .at = connection.seat().at});
}

bool Places::keep(Connection& connection, std::uint64_t many_id, const HttpLimits& limits) {
  const auto found = kept_by_.find(many_id);
  const std::size_t mine = found == kept_by_.end() ? 0 : found->second.size();
  if (kept() >= limits.kept_max || mine >= limits.kept_each_max) {
    if (mine == 0) return false;
    const auto rests = [](Connection* one) { return one->seat().rests; };
    const auto oldest = std::find_if(found->second.begin(), found->second.end(), rests);
    if (oldest == found->second.end()) return false;
    (*oldest)->close();
  }
  kept_by_[many_id].push_back(&connection);
  move(connection, {.kind = Kind::kKept, .many_id = many_id, .at = connection.seat().at});
  return true;
}

void Places::rest(Connection& connection) {
  Seat seat = connection.seat();
  if (seat.kind != Kind::kKept) return;
  seat.rests = true;
  move(connection, seat);
}

void Places::wake(Connection& connection) {
  Seat seat = connection.seat();
  if (!seat.rests) return;
  seat.rests = false;
  move(connection, seat);
}

void Places::leave(Connection& connection) {
  const Seat seat = connection.seat();
  if (seat.kind == Kind::kKept) {
    const auto mine = kept_by_.find(seat.many_id);
    std::erase(mine->second, &connection);
    if (mine->second.empty()) kept_by_.erase(mine);
  }
  list_of(seat).erase(seat.at);  // may be its end
}

Connection* Places::idlest(TimePoint now, bool of_many) const {
  Connection* found = nullptr;
  TimePoint longest{};
  const auto look = [&](const List& list) {
    for (const auto& connection : list) {
      const auto since = connection->idle_since(now);
      if (!since || (found != nullptr && longest <= *since)) continue;
      found = connection.get();
      longest = *since;
    }
  };
  look(many_);
  if (found == nullptr && !of_many) look(others_);
  return found;
}

std::vector<std::shared_ptr<Connection>> Places::due(TimePoint now) const {
  std::vector<std::shared_ptr<Connection>> list;
  for (const List* awake : {&others_, &many_, &kept_}) {
    list.insert(list.end(), awake->begin(), awake->end());
  }
  for (const auto& connection : resting_) {
    if (now < connection->deadline()) break;
    list.push_back(connection);
  }
  return list;
}

std::vector<std::shared_ptr<Connection>> Places::all() const {
  std::vector<std::shared_ptr<Connection>> list;
  list.reserve(passing() + kept());
  for (const List* some : {&others_, &many_, &kept_, &resting_}) {
    list.insert(list.end(), some->begin(), some->end());
  }
  return list;
}

}  // namespace duru::http
