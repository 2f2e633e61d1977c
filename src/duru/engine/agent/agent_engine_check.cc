#include <chrono>

#include "duru/engine/agent/agent_engine.h"

// What came due: nodes that fell silent, stops that nobody will confirm.
namespace duru {
namespace {

// Effects name a run's node right after its stop (Effects::resend_step); later nobody will.
constexpr Milliseconds kEarlyStopMax = seconds(10);

}  // namespace

void AgentEngine::check() {
  std::vector<NodeName> stopping;
  {
    const std::lock_guard lock(mutex_);
    check_links(clock_.now());
    check_early_stops(clock_.now());
    for (const std::string& node : stops_) stopping.emplace_back(node);
  }
  std::erase_if(stopping, [&](const NodeName& node) {
    return !options_.is_revoked || !options_.is_revoked(node);
  });
  const std::lock_guard lock(mutex_);
  for (const NodeName& node : stopping) {
    Entry& entry = entry_of(node);
    entry.gone = true;
    if (stops_.erase(*entry.name) > 0) end(*entry.run, EndCause::kLost, clock_.now());
  }
}

void AgentEngine::check_links(Timestamp now) {
  while (!due_.empty() && due_.top().first < now) {
    Entry& entry = *due_.top().second;
    due_.pop();
    entry.in_queue = false;
    if (!missed(entry, now)) {
      watch(entry);
    } else if (entry.heard_at.has_value()) {
      say_down(entry, "not heard since " + format_timestamp(*entry.heard_at), now);
    } else {
      say_down(entry, "not heard since the server's start", now);
    }
  }
}

// Stopped, and no node was ever told to run it: it never will.
void AgentEngine::check_early_stops(Timestamp now) {
  std::erase_if(early_stops_, [&](const auto& stop) {
    if (since(now, stop.second) < kEarlyStopMax) return false;
    Run run;
    run.name = TaskRunName(stop.first);
    end(run, EndCause::kStopped, now);
    return true;
  });
}

void AgentEngine::run_checks() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, std::chrono::milliseconds(options_.check_every.value),
                            [&] { return stopping_; })) {
    lock.unlock();
    check();
    lock.lock();
  }
}

}  // namespace duru
