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

constexpr std::int32_t kSnapshotVersion = 1;

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

// Everything that durable facts make, in one thread.
class Replica {
 public:
  void apply(const DurableCommit& commit, LedgerSink& sink);
  SnapshotBody snapshot() const;
  Status restore(const SnapshotBody& body);

  const State& state() const { return core_.state(); }
  std::int64_t last_seq() const { return last_seq_; }
  std::int64_t term() const { return term_; }
  Timestamp now() const { return now_; }

 private:
  CoreModule core_;
  Ledger ledger_;
  IdempotencyIndex answers_;
  std::int64_t last_seq_ = 0;
  std::int64_t term_ = 0;
  Timestamp now_;
};

}  // namespace duru
