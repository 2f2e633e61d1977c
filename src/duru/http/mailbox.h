// The way onto the server's one thread, from any thread, for as long as that thread lives.
//
// post() runs `work` there later, in the order of the calls; posts that arrive together cost one
// wake-up. After close() a post is dropped: whoever answers a request of a server that has stopped
// does no harm.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

namespace duru::http {

class Mailbox {
 public:
  // `wake` makes the thread call run_all() soon; it is called on any thread.
  explicit Mailbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  void post(std::function<void()> work);
  void run_all();
  void close();

 private:
  std::mutex mutex_;
  std::function<void()> wake_;
  std::vector<std::function<void()>> waiting_;
  bool open_ = true;
};

}  // namespace duru::http
