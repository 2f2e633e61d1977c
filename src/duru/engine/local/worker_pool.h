// WorkerPool: a few threads for what may block on the disk (launches, proofs, hashing), so that the
// engine's own thread always keeps observing.
//
//   WorkerPool pool(4);
//   pool.post([=] { ... });
//   pool.stop();   // finishes what runs, drops what waits: the next start decides it anew
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace duru::local {

class WorkerPool {
 public:
  explicit WorkerPool(int threads);
  ~WorkerPool() { stop(); }

  void post(std::function<void()> work);
  void stop();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace duru::local
