// LiveLoop: the loop on a thread of its own, and the view on another. Inputs come from any thread.
//
//   LiveLoop live(loop, view, outbox, clock, options);
//   live.start();
//   live.submit(request);        // the reply comes from the view's thread
//   live.stop();                 // what was accepted before is durable and answered
#pragma once

#include <atomic>
#include <thread>

#include "duru/base/clock.h"
#include "duru/loop/loop.h"
#include "duru/loop/view.h"

namespace duru {

struct LiveLoopOptions {
  // The time up to which the engines have reported everything; marks never run past it.
  std::function<Timestamp()> observed_through;
  // What went wrong without harm to what is durable: the head file could not be written.
  std::function<void(const Error&)> warn;
  // Every minute, under the view's lock, until it answers true: the engines get a part of the full
  // set again (Effects::resend_step).
  std::function<bool(const State&)> resend_step;
};

class LiveLoop {
 public:
  LiveLoop(Loop& loop, View& view, Outbox& outbox, Journal& journal, const Clock& clock,
           LiveLoopOptions options);
  ~LiveLoop();

  void start();
  void submit(CommandRequest request);
  void observe(Message observation);
  // No input is taken any more; returns when both threads have ended.
  void stop();

 private:
  struct Input {
    std::optional<CommandRequest> request;
    Message observation;
  };

  void run_loop();
  void run_view();
  void take(std::deque<Input>& batch);
  void wait_for_input();
  void record_alive(Timestamp now);

  Loop& loop_;
  View& view_;
  Outbox& outbox_;
  Journal& journal_;
  const Clock& clock_;
  LiveLoopOptions options_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Input> inputs_;
  bool stopping_ = false;
  bool recorded_alive_ = true;  // the last time; so one trouble is one warning
  std::thread loop_thread_;
  std::thread view_thread_;
};

}  // namespace duru
