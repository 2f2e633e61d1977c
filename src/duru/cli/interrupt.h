// Ctrl-C while a job is followed: the first one calls `on_first` on a thread of its own, the second
// calls `on_second` and ends the program with exit code 130.
//
//   Interrupt interrupt([&] { cancel(); }, [&] { say("the job goes on"); });
//
// While one exists, SIGINT and SIGTERM are blocked in the thread that made it; make it before any
// other thread.
#pragma once

#include <csignal>
#include <functional>
#include <thread>

#include "duru/http/owned_fd.h"

namespace duru::cli {

class Interrupt {
 public:
  Interrupt(std::function<void()> on_first, std::function<void()> on_second);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

 private:
  void run();

  std::function<void()> on_first_;
  std::function<void()> on_second_;
  sigset_t before_{};
  http::OwnedFd signals_;
  http::OwnedFd end_;
  std::thread thread_;
};

}  // namespace duru::cli
