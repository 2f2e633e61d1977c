// What nothing refers to is swept from the artifact store 24 hours after it was last put: uploads
// that no job took, outputs of attempts that were decided against. Everything that a job of the
// state or of the history, or a release, names is kept.
//
//   ArtifactSweeper sweeper(view, edge, history, artifacts, log_warn);
//   sweeper.begin();       // an hourly thread
//   sweeper.sweep(now);    // or at once
//
// Cost: O(jobs of the history) an hour, in pages, beside everything else. A job that names an old,
// unreferenced digest in the very moment of its sweep finds it gone at launch; upload it again.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "duru/artifact/artifact_store.h"
#include "duru/edge/edge_module.h"
#include "duru/history/history.h"
#include "duru/loop/view.h"

namespace duru {

// What the jobs of the state name: files, inputs, outputs of theirs.
std::set<Digest> referenced_artifacts(const State& state);
// The manifests of all releases, and their files.
std::set<Digest> referenced_artifacts(const EdgeState& state);

class ArtifactSweeper {
 public:
  static constexpr Milliseconds kKeep = hours(24);

  // `edge` is the view's.
  ArtifactSweeper(const View& view, const EdgeModule& edge, History& history,
                  ArtifactStore& artifacts, std::function<void(const std::string&)> warn);
  ~ArtifactSweeper();

  void begin();  // starts the thread
  // Removes what was put before `now` - kKeep, by the wall clock, and is not referred to; gives how
  // many went.
  Result<std::size_t> sweep(Timestamp now);

 private:
  void run();

  const View& view_;
  const EdgeModule& edge_;
  History& history_;
  ArtifactStore& artifacts_;
  std::function<void(const std::string&)> warn_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace duru
