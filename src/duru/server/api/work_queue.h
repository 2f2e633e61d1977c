// Work that reads files and must not hold up the HTTP thread: one thread, first come, first done.
//
//   WorkQueue queue;
//   queue.add([=]() mutable { responder.send(read_it()); });
//
// stop(), and the destructor, finish what is being done and drop the rest: whoever waits for a
// dropped answer gets the responder's 500.
#pragma once

#include <chrono>
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
  // For work that waits for something: lets so much time pass; false, at once, when it is to stop.
  bool pause(std::chrono::milliseconds span);
  void stop();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;  // there is work, or it is to stop
  std::condition_variable stopped_;
  std::deque<std::function<void()>> work_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace duru
