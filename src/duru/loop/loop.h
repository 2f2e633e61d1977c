// The loop: the one writer. It takes inputs one after the other, lets the modules decide, and makes
// commits of the facts. It is deterministic and has no thread of its own: LiveLoop (live_loop.h)
// drives it in a server, the simulator in a world of its own.
//
//   Loop loop({&core}, journal, outbox);
//   loop.replay(commit); …                       // what the journal holds
//   loop.submit({command, "operator", …, reply}, clock.now());
//   loop.observe(observation, clock.now());
//   loop.tick(clock.now());
//
// Durable before visible. Nothing leaves before it is durable: facts go to the view, and replies
// (also rejections and answers that change nothing) to their callers, through the Outbox, which
// holds each until every fact emitted before it is durable and the view has applied it.
#pragma once

#include "duru/journal/journal.h"
#include "duru/loop/idempotency.h"
#include "duru/loop/module.h"
#include "duru/loop/outbox.h"

namespace duru {

// What a caller is told, once it is true.
struct Reply {
  enum class Kind { kAccepted, kRejected, kKeyReused, kInFlight };
  Kind kind = Kind::kAccepted;
  std::string answer;  // of an accepted command, also when it is a replay
  Rejection rejection;
  bool replayed = false;
};

struct CommandRequest {
  Message command;
  std::string principal;
  std::string idempotency_key;  // "" for none
  Digest request_digest;
  // The answer's body, made from the writer's state right after the decision; kept in the commit
  // for a replay.
  std::function<std::string(const Accepted&)> answer;
  std::function<void(Reply)> reply;
};

class Loop {
 public:
  Loop(std::vector<Module*> modules, Journal& journal, Outbox& outbox);

  // Recovery: a commit that is durable already.
  void replay(const DurableCommit& commit);
  // Recovery from a snapshot: where the modules that were restored stand.
  void resume_at(std::int64_t last_seq, std::int64_t term, Timestamp now,
                 std::vector<RememberedAnswer> answers);

  void submit(CommandRequest request, Timestamp now);
  void observe(const Message& observation, Timestamp now);
  void tick(Timestamp now);
  // Tells the view that no fact older than `mark` will come.
  void mark_time(Timestamp mark);

  // When a tick has something to do next: what came due since the last decision is in the past.
  std::optional<Timestamp> next_deadline() const;
  std::int64_t last_seq() const { return last_seq_; }
  std::int64_t term() const { return term_; }
  Timestamp last_now() const { return last_now_; }
  const IdempotencyIndex& answers() const { return answers_; }

 private:
  class OpenDecision;

  // Decides and, when facts came of it, commits. The cause is journaled whole.
  // `answer` is set when a command was accepted.
  Outcome decide(const Message& input, const CommandRequest* request, Timestamp now,
                 std::string* answer = nullptr);
  Outcome route(const Message& input, Decision& decision);
  void evolve(const Message& fact, const FactContext& context);

  std::vector<Module*> modules_;
  Journal& journal_;
  Outbox& outbox_;
  IdempotencyIndex answers_;
  std::int64_t last_seq_ = 0;
  std::int64_t term_ = 0;
  Timestamp last_now_;
  Timestamp decided_at_;  // timers that were due by then have acted
};

}  // namespace duru
