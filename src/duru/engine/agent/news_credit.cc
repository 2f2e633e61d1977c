#include "duru/engine/agent/news_credit.h"

#include <algorithm>

namespace duru {

std::size_t NewsCredit::take_events(const SyncRequest& request, std::int64_t through,
                                    Timestamp now) {
  gain(now);
  std::size_t taken = 0;
  for (const EventReport& event : request.events) {
    if (event.number > through) {
      const std::int64_t cost = static_cast<std::int64_t>(event.body.size()) + kNewsCost;
      if (bytes_ - cost < kNewsReserve) break;
      bytes_ -= cost;
    }
    ++taken;
  }
  return taken;
}

bool NewsCredit::take_news(Timestamp now) {
  gain(now);
  if (bytes_ < kNewsCost) return false;
  bytes_ -= kNewsCost;
  return true;
}

// Whole seconds, so that nothing is lost to rounding.
void NewsCredit::gain(Timestamp now) {
  const std::int64_t seconds_since = std::max<std::int64_t>(since(now, at_).value, 0) / 1000;
  if (seconds_since >= kNewsBurst / kNewsPerSecond) {
    bytes_ = kNewsBurst;
    at_ = now;
    return;
  }
  bytes_ = std::min(kNewsBurst, bytes_ + seconds_since * kNewsPerSecond);
  at_ = at_ + seconds(seconds_since);
}

}  // namespace duru
