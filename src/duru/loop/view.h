// The view: a second state, fed by durable commits only. Everybody but the loop reads it: queries,
// watch streams, the ledger, the history, and the effects that go to the engines.
//
//   view.read([&](const ViewState& v) { …v.core->state()… });   // a bounded step under the view's
//   lock
//
// Projections are fed fact by fact, right after the modules evolved, so that they see the state of
// that very fact.
#pragma once

#include <mutex>

#include "duru/loop/core_module.h"
#include "duru/loop/outbox.h"

namespace duru {

class Projection {
 public:
  virtual ~Projection() = default;
  virtual void on_fact(const State& after, const Message& fact, const FactContext& context) = 0;
  // The commit is applied whole.
  virtual void on_commit(const State& /*after*/, const DurableCommit& /*commit*/) {}
};

class View {
 public:
  // Modules and projections outlive the view. The first module is the core.
  View(CoreModule& core, std::vector<Module*> others, std::vector<Projection*> projections);

  // Applies what the outbox lets go: commits, marks and, in their place between them, replies.
  // Returns whether there was anything. One caller at a time (a thread of its own, or the
  // simulator).
  bool drain(Outbox& outbox);
  void apply(const DurableCommit& commit);
  void resume_at(std::int64_t applied_seq, Timestamp mark);

  struct Reading {
    const State& state;
    std::int64_t applied_seq;
    // No fact older than this will come: an account never runs past it. Only marks move it; a
    // commit does not, since an engine may still report what happened before.
    Timestamp mark;
  };
  template <class Function>
  auto read(Function function) const {
    const std::lock_guard lock(mutex_);
    return function(Reading{core_.state(), applied_seq_, mark_});
  }

 private:
  CoreModule& core_;
  std::vector<Module*> others_;
  std::vector<Projection*> projections_;
  mutable std::mutex mutex_;
  std::int64_t applied_seq_ = 0;
  std::int64_t term_ = 0;
  Timestamp mark_;
};

}  // namespace duru
