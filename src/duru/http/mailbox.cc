#include "duru/http/mailbox.h"

#include <utility>

namespace duru::http {

void Mailbox::post(std::function<void()> work) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!open_) return;
  waiting_.push_back(std::move(work));
  // Under the lock, so that close() cannot pull the thread away between the check and the wake.
  if (waiting_.size() == 1) wake_();
}

void Mailbox::run_all() {
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    work.swap(waiting_);
  }
  for (const auto& item : work) item();
}

void Mailbox::close() {
  std::vector<std::function<void()>> dropped;
  const std::lock_guard<std::mutex> lock(mutex_);
  open_ = false;
  dropped.swap(waiting_);
}

}  // namespace duru::http
