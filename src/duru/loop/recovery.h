// Recovery: from the journal, and from a snapshot where one fits, back to the state that was.
//
//   Replica: modules, ledger and answers as of one sequence number, to be fed commits.
//   A snapshot holds a replica; it is a cache: one of another version, or whose chain value is not
//   the journal's, is not used, and everything is replayed.
//
// The snapshot maker (a process of its own: `duru journal snapshot`) and the server's start use the
// same code, so a snapshot plus its tail gives what a full replay gives; a test compares the
// digests.
#pragma once

#include "duru/core/ledger/ledger.h"
#include "duru/loop/core_module.h"
#include "duru/loop/durable_commit.h"
#include "duru/loop/idempotency.h"

namespace duru {

constexpr std::int32_t kSnapshotVersion = 2;

// The body of a snapshot file.
struct SnapshotBody {
  std::int64_t last_seq = 0;
  std::int64_t term = 0;
  Timestamp now;
  std::map<std::string, std::string> modules;  // name -> Module::snapshot()
  LedgerRecord ledger;
  std::vector<RememberedAnswer> answers;
};
DURU_DECLARE_RECORD(SnapshotBody)

// Every module's part of it; kDamaged names one that is missing or does not read, and then the
// modules are not to be used.
Status restore_modules(const SnapshotBody& body, const std::vector<Module*>& modules);

// Everything that durable facts make, in one thread.
class Replica {
 public:
  // The modules beside the core.
  explicit Replica(std::vector<std::unique_ptr<Module>> others = {});

  void apply(const DurableCommit& commit, LedgerSink& sink);
  SnapshotBody snapshot() const;
  Status restore(const SnapshotBody& body);

  const State& state() const { return core_.state(); }
  std::int64_t last_seq() const { return last_seq_; }
  std::int64_t term() const { return term_; }
  Timestamp now() const { return now_; }

 private:
  std::vector<Module*> modules();

  CoreModule core_;
  std::vector<std::unique_ptr<Module>> others_;
  Ledger ledger_;
  IdempotencyIndex answers_;
  std::int64_t last_seq_ = 0;
  std::int64_t term_ = 0;
  Timestamp now_;
};

}  // namespace duru
