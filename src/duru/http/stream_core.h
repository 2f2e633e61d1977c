// The buffer between the threads that write a Stream and the connection that sends it.
//
// Writers call write(), end() and abandon(); the connection's thread calls attach(), take(),
// taken_is_sent() and die(). One mutex guards all; `wake` (posts to the connection) is called
// without it, at most once between two take()s.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>

#include "duru/base/units.h"

namespace duru::http {

class StreamCore {
 public:
  StreamCore(std::size_t buffer_bytes_max, std::function<void()> wake)
      : buffer_bytes_max_(buffer_bytes_max), wake_(std::move(wake)) {}

  bool write(std::string bytes);
  void end();      // the writer is done: send the rest, end the body
  void abandon();  // the writer went without end(): the body stays incomplete

  struct Taken {
    std::string bytes;
    bool last = false;      // nothing comes after these bytes
    bool complete = false;  // with `last`: the body ended properly
    bool dropped = false;   // the reader was too slow
  };
  Taken take();
  void taken_is_sent();
  void die();  // nobody reads any more

  bool closed() const;
  std::size_t buffered_bytes() const;
  bool wait_room(Milliseconds at_most) const;
  void on_closed(std::function<void()> call);

 private:
  const std::size_t buffer_bytes_max_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::string waiting_;
  std::size_t being_sent_bytes_ = 0;
  bool wake_pending_ = false;
  bool ended_ = false;
  bool abandoned_ = false;
  bool dropped_ = false;
  bool dead_ = false;
  std::function<void()> on_closed_;
};

}  // namespace duru::http
