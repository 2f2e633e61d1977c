// What one node may make durable: a credential that was stolen, or a workload gone mad, must not
// fill the server's disk. A bucket of kNewsBurst bytes that gains kNewsPerSecond; each event costs
// its body and kNewsCost, every other news kNewsCost. Events leave kNewsReserve for those.
//
//   NewsCredit credit;
//   std::size_t events = credit.take_events(request, known.events_through, now);
//   if (!credit.take_news(now)) …                   // what is not taken is said again
#pragma once

#include "duru/base/units.h"
#include "duru/field/protocol.h"

namespace duru {

constexpr std::int64_t kNewsBurst = 1 << 20;
constexpr std::int64_t kNewsPerSecond = 16 << 10;
constexpr std::int64_t kNewsCost = 256;
constexpr std::int64_t kNewsReserve = 64 << 10;

class NewsCredit {
 public:
  // How many of the request's events, the first ones, are paid for now. Those up to `through` are
  // durable already and cost nothing.
  std::size_t take_events(const SyncRequest& request, std::int64_t through, Timestamp now);
  bool take_news(Timestamp now);

 private:
  void gain(Timestamp now);

  std::int64_t bytes_ = kNewsBurst;
  Timestamp at_;
};

}  // namespace duru
