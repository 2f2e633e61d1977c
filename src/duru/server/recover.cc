#include "duru/server/recover.h"

#include "duru/base/wire.h"
#include "duru/journal/snapshot.h"

namespace duru {
namespace {

// True when the snapshot was taken; one whose body does not decode is passed over like any other
// damage.
bool restore(const Snapshot& snapshot, const RecoveryTargets& targets) {
  Result<SnapshotBody> decoded = decode<SnapshotBody>(snapshot.body);
  if (!decoded.ok()) return false;
  SnapshotBody& body = decoded.value();
  if (body.last_seq != snapshot.seq) return false;
  if (!restore_modules(body, targets.writer).ok()) return false;
  if (!restore_modules(body, targets.reader).ok()) return false;
  targets.restore_ledger(body.ledger);
  targets.loop.resume_at(body.last_seq, body.term, body.now, std::move(body.answers));
  targets.view.resume_at(body.last_seq, body.now);
  return true;
}

}  // namespace

Result<RecoveryReport> recover(const std::string& dir, JournalReader& journal,
                               const RecoveryTargets& targets) {
  RecoveryReport report;
  Result<std::optional<Snapshot>> snapshot = newest_snapshot(
      dir, static_cast<std::uint32_t>(kSnapshotVersion), journal, targets.snapshot_seq_max);
  if (!snapshot.ok()) return snapshot.error();
  const std::optional<Snapshot>& newest = snapshot.value();
  if (newest.has_value() && restore(*newest, targets)) {
    report.snapshot_seq = newest->seq;
  }
  DURU_TRY(journal.read(report.snapshot_seq + 1, [&](const Entry& entry) -> Status {
    Result<DurableCommit> commit = from_entry(entry);
    if (!commit.ok()) return commit.error();
    targets.loop.replay(commit.value());
    targets.view.apply(commit.value());
    ++report.replayed_commits;
    return ok_status();
  }));
  report.last_seq = targets.loop.last_seq();
  return report;
}

}  // namespace duru
