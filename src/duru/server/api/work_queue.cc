#include "duru/server/api/work_queue.h"

#include <utility>

namespace duru {

WorkQueue::WorkQueue() : thread_([this] { run(); }) {}

WorkQueue::~WorkQueue() { stop(); }

void WorkQueue::add(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  work_.push_back(std::move(work));
  changed_.notify_one();
}

bool WorkQueue::pause(std::chrono::milliseconds span) {
  std::unique_lock lock(mutex_);
  return !stopped_.wait_for(lock, span, [this] { return stopping_; });
}

void WorkQueue::stop() {
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(work_);
    changed_.notify_one();
    stopped_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void WorkQueue::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !work_.empty(); });
    if (stopping_) return;
    std::function<void()> work = std::move(work_.front());
    work_.pop_front();
    lock.unlock();
    work();
    work = nullptr;  // what it holds goes here, not under the lock
    lock.lock();
  }
}

}  // namespace duru
