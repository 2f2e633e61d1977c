// Snapshots are made by a process of their own, so that neither loop nor view stalls: it takes the
// last snapshot, applies the journal's tail, and writes the next one. SnapshotSpawner starts that
// process when enough facts have come.
#pragma once

#include <sys/types.h>

#include <functional>

#include "duru/loop/view.h"

namespace duru {

// What `duru journal snapshot` does; returns the sequence number. Works beside a running server.
Result<std::int64_t> make_snapshot(const std::string& dir);

struct SnapshotSpawnerOptions {
  std::string program;  // duru
  std::string data_dir;
  std::int64_t every_facts = 50'000;
  std::function<void(const std::string&)> warn;
};

class SnapshotSpawner : public Projection {
 public:
  SnapshotSpawner(SnapshotSpawnerOptions options, std::int64_t last_snapshot_seq)
      : options_(std::move(options)), last_seq_(last_snapshot_seq) {}
  ~SnapshotSpawner() override;

  void on_fact(const State&, const Message&, const FactContext&) override {}
  void on_commit(const State& after, const DurableCommit& commit) override;
  // Nothing is started before; recovery is no reason for a snapshot of its own.
  void begin() { begun_ = true; }

 private:
  bool reap(bool wait);

  SnapshotSpawnerOptions options_;
  std::int64_t last_seq_;
  pid_t running_ = 0;
  bool begun_ = false;
};

}  // namespace duru
