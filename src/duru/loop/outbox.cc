#include "duru/loop/outbox.h"

#include <chrono>

namespace duru {

void Outbox::add_commit(std::shared_ptr<const DurableCommit> commit) {
  const std::lock_guard lock(mutex_);
  const std::int64_t seq = commit->record.last_seq();
  queue_.push_back({seq, std::move(commit), {}, {}});
}

void Outbox::add_action(std::int64_t needs_seq, std::function<void()> action) {
  const std::lock_guard lock(mutex_);
  queue_.push_back({needs_seq, nullptr, std::move(action), {}});
  if (ready()) changed_.notify_all();
}

void Outbox::add_mark(std::int64_t needs_seq, Timestamp mark) {
  const std::lock_guard lock(mutex_);
  queue_.push_back({needs_seq, nullptr, {}, mark});
  if (ready()) changed_.notify_all();
}

void Outbox::on_durable(std::int64_t seq) {
  const std::lock_guard lock(mutex_);
  if (seq > durable_seq_) durable_seq_ = seq;
  if (ready()) changed_.notify_all();
}

std::int64_t Outbox::durable_seq() const {
  const std::lock_guard lock(mutex_);
  return durable_seq_;
}

std::deque<Outgoing> Outbox::take() {
  const std::lock_guard lock(mutex_);
  std::deque<Outgoing> out;
  while (ready()) {
    out.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return out;
}

void Outbox::wait(Milliseconds at_most) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::milliseconds(at_most.value),
                    [&] { return ready() || closed_; });
}

void Outbox::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

bool Outbox::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

}  // namespace duru
