// Work that reads files and must not hold up the HTTP thread: one thread, first come, first done.
//
//   WorkQueue queue;
//   queue.add([=]() mutable { responder.send(read_it()); });
//
// stop(), and the destructor, finish what is being done and drop the rest: whoever waits for a
// dropped answer gets the responder's 500.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace duru {

class WorkQueue {
 public:
  WorkQueue();
  ~WorkQueue();
  void add(std::function<void()> work);
  void stop();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace duru
