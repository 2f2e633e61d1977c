// The outbox: everything that wants to leave the loop, in order, each held until what it depends on
// is durable.
//
//   commits   for the view
//   actions   replies; they run after the view has applied every fact emitted before them
//   marks     "no fact older than this will come"
//
// The journal calls on_durable(); whoever drives the view takes what may go with take() and waits
// with wait(). Thread safe. In-flight replies are told by their own rule: a key whose commit is not
// durable yet is in flight, so durable_seq() moves only here.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "duru/loop/durable_commit.h"

namespace duru {

struct Outgoing {
  std::int64_t needs_seq = 0;  // durable up to here
  std::shared_ptr<const DurableCommit> commit;
  std::function<void()> action;
  std::optional<Timestamp> mark;
};

class Outbox {
 public:
  void add_commit(std::shared_ptr<const DurableCommit> commit);
  void add_action(std::int64_t needs_seq, std::function<void()> action);
  void add_mark(std::int64_t needs_seq, Timestamp mark);

  void on_durable(std::int64_t seq);
  std::int64_t durable_seq() const;

  // What may go now, in order; empty when nothing may.
  std::deque<Outgoing> take();
  // Waits until something may go, close() was called, or `at_most` passed.
  void wait(Milliseconds at_most);
  void close();
  bool closed() const;

 private:
  bool ready() const { return !queue_.empty() && queue_.front().needs_seq <= durable_seq_; }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Outgoing> queue_;
  std::int64_t durable_seq_ = 0;
  bool closed_ = false;
};

}  // namespace duru
