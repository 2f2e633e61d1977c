#include "duru/http/stream.h"

#include <chrono>
#include <utility>

#include "duru/http/stream_core.h"

namespace duru::http {

bool StreamCore::write(std::string bytes) {
  bool still_read = true;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (dead_ || ended_ || dropped_) return false;
    if (bytes.empty()) return true;
    const std::size_t behind = waiting_.size() + being_sent_bytes_;
    // One write of any size is taken by an empty buffer: the reader has not fallen behind yet.
    dropped_ = behind > 0 && behind + bytes.size() > buffer_bytes_max_;
    if (dropped_) {
      waiting_.clear();
    } else if (waiting_.empty()) {
      waiting_ = std::move(bytes);
    } else {
      waiting_ += bytes;
    }
    if (dropped_) changed_.notify_all();
    // A drop wakes the connection even if it is busy sending: the send may be what is stuck.
    if (std::exchange(wake_pending_, true) && !dropped_) return true;
    still_read = !dropped_;
  }
  wake_();
  return still_read;
}

void StreamCore::end() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (dead_ || std::exchange(ended_, true)) return;
    on_closed_ = nullptr;
    if (std::exchange(wake_pending_, true)) return;
  }
  wake_();
}

void StreamCore::abandon() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (dead_ || ended_) return;
    ended_ = true;
    abandoned_ = true;
    if (std::exchange(wake_pending_, true)) return;
  }
  wake_();
}

StreamCore::Taken StreamCore::take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  wake_pending_ = false;
  Taken taken;
  taken.bytes = std::exchange(waiting_, {});
  taken.dropped = dropped_;
  taken.last = ended_ || dropped_;
  taken.complete = ended_ && !abandoned_ && !dropped_;
  being_sent_bytes_ = taken.bytes.size();
  return taken;
}

void StreamCore::taken_is_sent() {
  const std::lock_guard<std::mutex> lock(mutex_);
  being_sent_bytes_ = 0;
  changed_.notify_all();
}

void StreamCore::die() {
  std::function<void()> call;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (std::exchange(dead_, true)) return;
    waiting_ = {};
    being_sent_bytes_ = 0;
    call = std::exchange(on_closed_, nullptr);
    changed_.notify_all();
  }
  if (call) call();
}

bool StreamCore::closed() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return dead_ || dropped_;
}

std::size_t StreamCore::buffered_bytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return waiting_.size() + being_sent_bytes_;
}

bool StreamCore::wait_room(Milliseconds at_most) const {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto has_room = [this] {
    return waiting_.size() + being_sent_bytes_ <= buffer_bytes_max_ / 2;
  };
  changed_.wait_for(lock, std::chrono::milliseconds(at_most.value),
                    [&] { return dead_ || dropped_ || has_room(); });
  return !dead_ && !dropped_ && has_room();
}

void StreamCore::on_closed(std::function<void()> call) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!dead_) {
      on_closed_ = std::move(call);
      return;
    }
  }
  call();
}

// Shared by the copies of a Stream, so that the last one to go is noticed.
struct Stream::LastCopy {
  explicit LastCopy(std::shared_ptr<StreamCore> shared) : core(std::move(shared)) {}
  ~LastCopy() { core->abandon(); }
  LastCopy(const LastCopy&) = delete;
  LastCopy& operator=(const LastCopy&) = delete;
  const std::shared_ptr<StreamCore> core;
};

Stream::Stream(std::shared_ptr<StreamCore> core)
    : last_copy_(std::make_shared<LastCopy>(std::move(core))) {}

bool Stream::write(std::string bytes) { return last_copy_->core->write(std::move(bytes)); }
void Stream::close() { last_copy_->core->end(); }
bool Stream::closed() const { return last_copy_->core->closed(); }
std::size_t Stream::buffered_bytes() const { return last_copy_->core->buffered_bytes(); }
bool Stream::wait_room(Milliseconds at_most) const { return last_copy_->core->wait_room(at_most); }
void Stream::on_closed(std::function<void()> call) { last_copy_->core->on_closed(std::move(call)); }

}  // namespace duru::http
