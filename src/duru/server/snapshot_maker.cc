#include "duru/server/snapshot_maker.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>

#include "duru/base/wire.h"
#include "duru/edge/edge_module.h"
#include "duru/journal/snapshot.h"
#include "duru/journal/sqlite/sqlite_journal.h"
#include "duru/loop/recovery.h"

extern char** environ;

namespace duru {
namespace {

// A snapshot needs no intervals and charges: what is closed is the history's.
class NoSink : public LedgerSink {
 public:
  void add(const Interval&) override {}
  void add(const Charge&) override {}
};

}  // namespace

Result<std::int64_t> make_snapshot(const std::string& dir) {
  Result<std::unique_ptr<JournalReader>> journal = SqliteJournal::open_readonly(dir);
  if (!journal.ok()) return journal.error();
  Replica replica(modules_beside_core());
  Result<std::optional<Snapshot>> last =
      newest_snapshot(dir, static_cast<std::uint32_t>(kSnapshotVersion), *journal.value());
  if (!last.ok()) return last.error();
  if (last.value().has_value()) {
    Result<SnapshotBody> body = decode<SnapshotBody>(last.value()->body);
    if (body.ok()) DURU_TRY(replica.restore(body.value()));
  }
  NoSink sink;
  DURU_TRY(journal.value()->read(replica.last_seq() + 1, [&](const Entry& entry) -> Status {
    Result<DurableCommit> commit = from_entry(entry);
    if (!commit.ok()) return commit.error();
    replica.apply(commit.value(), sink);
    return ok_status();
  }));
  if (replica.last_seq() == 0) {
    return Error{ErrorCode::kNotFound, "the journal is empty", false, false};
  }
  Result<Digest> chain = journal.value()->chain_at(replica.last_seq());
  if (!chain.ok()) return chain.error();
  DURU_TRY(write_snapshot(
      dir, {static_cast<std::uint32_t>(kSnapshotVersion), replica.last_seq(), chain.value()},
      encode(replica.snapshot())));
  return replica.last_seq();
}

SnapshotSpawner::~SnapshotSpawner() { reap(true); }

bool SnapshotSpawner::reap(bool wait) {
  if (running_ == 0) return true;
  int status = 0;
  pid_t ended = 0;
  do {
    ended = ::waitpid(running_, &status, wait ? 0 : WNOHANG);
  } while (ended < 0 && errno == EINTR);
  if (ended == 0) return false;
  if (status != 0 && options_.warn)
    options_.warn("the snapshot maker failed; recovery stays slower");
  running_ = 0;
  return true;
}

void SnapshotSpawner::on_commit(const State&, const DurableCommit& commit) {
  const std::int64_t seq = commit.record.last_seq();
  if (!begun_ || seq - last_seq_ < options_.every_facts || !reap(false)) return;
  std::string program = options_.program;
  std::string journal = "journal";
  std::string verb = "snapshot";
  std::string flag = "--data";
  char* argv[] = {program.data(), journal.data(),           verb.data(),
                  flag.data(),    options_.data_dir.data(), nullptr};
  last_seq_ = seq;
  // The server blocks signals for its own threads; its child takes them as usual.
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  // None of our connections is held open by it, should we die before it ends.
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  const int failed =
      ::posix_spawn(&running_, program.c_str(), &actions, &attributes, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) {
    running_ = 0;
    if (options_.warn) options_.warn("the snapshot maker could not be started");
  }
}

}  // namespace duru
