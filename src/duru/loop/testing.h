// For tests of the loop: a loop with its view over a journal of the test's, an engine that only
// writes down what it is told, a projection that writes down the facts as a watch stream would see
// them.
//
//   MemoryJournal journal(MemoryJournal::Durability::kHeld);
//   LoopRig rig(journal);
//   const std::size_t reply = rig.submit(DefineFleet{…});
//   rig.drain();                         // nothing: rig.replies[reply] is empty
//   journal.release_all();
//   rig.drain();
#pragma once

#include <deque>

#include "duru/loop/effects.h"
#include "duru/loop/loop.h"
#include "duru/loop/view.h"

namespace duru::testing {

class RecordingEngine : public Engine {
 public:
  std::string_view name() const override { return "recording"; }
  EngineCapabilities capabilities() const override { return {}; }
  Status start(Sink) override { return ok_status(); }
  void shutdown() override {}
  void run(const TaskRunSpec& spec) override { calls.push_back("run " + spec.name.str()); }
  void stop(const TaskRunName& run, Milliseconds grace) override {
    calls.push_back("stop " + run.str() + " " + format_duration(grace));
  }
  void forget(const TaskRunName& run) override { calls.push_back("forget " + run.str()); }
  void reconcile(const std::vector<TaskRunName>& desired) override {
    std::string call = "reconcile";
    for (const TaskRunName& run : desired) call += " " + run.str();
    calls.push_back(call);
  }
  Result<LogChunk> read_log(const TaskRunName&, std::int64_t, std::int64_t) override {
    return Error{ErrorCode::kNotFound, "there are no logs"};
  }
  Timestamp observed_through() const override { return {}; }

  std::vector<std::string> calls;
};

class WatchStream : public Projection {
 public:
  void on_fact(const State&, const Message& fact, const FactContext&) override {
    events.push_back(std::string(fact.kind().name));
  }
  std::vector<std::string> events;
};

struct LoopRig {
  explicit LoopRig(Journal& the_journal) : journal(the_journal) {
    journal.set_listener([this](std::int64_t seq) { outbox.on_durable(seq); },
                         [this](const Error& error) { failure = error; });
    effects.begin({{SiteName("here"), &engine}}, reader.state());
    engine.calls.clear();
  }

  // The place of its reply.
  std::size_t submit(Message command, std::string key = "", const Digest& request = {},
                     std::string principal = "operator") {
    const std::size_t place = replies.size();
    replies.emplace_back();
    CommandRequest asked{std::move(command), std::move(principal), std::move(key), request, {}, {}};
    asked.answer = [](const Accepted& accepted) {
      return accepted.jobs.empty() ? "done" : accepted.jobs.front().str();
    };
    asked.reply = [this, place](const Reply& reply) {
      replies[place] = reply;
      seq_at_reply[place] = view.read([](const View::Reading& v) { return v.applied_seq; });
    };
    loop.submit(std::move(asked), now);
    return place;
  }
  void drain() {
    while (view.drain(outbox)) {
    }
  }
  std::int64_t applied_seq() const {
    return view.read([](const View::Reading& v) { return v.applied_seq; });
  }

  Journal& journal;
  Outbox outbox;
  CoreModule writer;
  CoreModule reader;
  RecordingEngine engine;
  Effects effects;
  WatchStream watch;
  View view{reader, {}, {&effects, &watch}};
  Loop loop{{&writer}, journal, outbox};
  Timestamp now{1'800'000'000'000};
  std::deque<std::optional<Reply>> replies;
  std::map<std::size_t, std::int64_t> seq_at_reply;  // how far the view was then
  std::optional<Error> failure;
};

}  // namespace duru::testing
