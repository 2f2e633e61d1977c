#include "duru/agent/sync_pace.h"

#include <algorithm>

namespace duru::agent {
namespace {

constexpr Milliseconds kNewsPause = seconds(1);  // between two syncs that news made
constexpr Milliseconds kPauseMax = minutes(5);   // between two tries, where the heartbeat is less
constexpr Milliseconds kStandstill = minutes(2);

}  // namespace

Milliseconds jittered(Milliseconds period, std::uint64_t chance) {
  const std::int64_t tenth = period.value / 10;
  const auto range = static_cast<std::uint64_t>(2 * tenth + 1);
  return Milliseconds(period.value - tenth + static_cast<std::int64_t>(chance % range));
}

void SyncPace::reported(std::int64_t now, bool is_news) {
  if (!reported_at_) {
    const auto range = static_cast<std::uint64_t>(std::min(heartbeat_, kPauseMax).value + 1);
    next_ = is_new_boot_ ? now + static_cast<std::int64_t>(chance_() % range) : now;
  }
  reported_at_ = now;
  report_is_news_ = report_is_news_ || is_news;
}

bool SyncPace::stands_still(std::int64_t now) const {
  return reported_at_ && now - *reported_at_ >= kStandstill.value;
}

bool SyncPace::has_news() const {
  switch (server_) {
    case Server::kNotAsked:
      return event_waits_;
    case Server::kThere:
      return event_waits_ || report_is_news_;
    case Server::kAway:
    case Server::kRefuses:
      break;
  }
  return false;
}

std::int64_t SyncPace::next_look(std::int64_t now) const {
  if (!reported_at_ || stands_still(now)) return now + kNewsPause.value;
  return has_news() ? std::min(next_, last_ + kNewsPause.value) : next_;
}

bool SyncPace::is_due(std::int64_t now) const { return next_look(now) <= now; }

void SyncPace::asked() {
  report_is_news_ = false;
  event_waits_ = false;
}

void SyncPace::answered(std::int64_t now, Milliseconds heartbeat) {
  heartbeat_ = heartbeat;
  ended(now, Server::kThere, heartbeat_);
}

void SyncPace::refused(std::int64_t now) { ended(now, Server::kRefuses, heartbeat_); }

void SyncPace::failed(std::int64_t now) {
  ended(now, Server::kAway, std::max(heartbeat_, std::min(kPauseMax, heartbeat_ + heartbeat_)));
}

void SyncPace::ended(std::int64_t now, Server server, Milliseconds pause) {
  server_ = server;
  last_ = now;
  next_ = now + jittered(pause, chance_()).value;
}

}  // namespace duru::agent
