// Observer: the local engine's own thread. It takes in what is wanted, looks at the run folders,
// hands the next step of each run to a worker, and reports what changed. Private to this folder.
//
// Each turn looks at every run that is not settled, at least four times a second; the wake-ups in
// between only make it sooner.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "duru/engine/local/launch.h"
#include "duru/engine/local/local_engine.h"
#include "duru/engine/local/run.h"
#include "duru/engine/local/wakeup.h"
#include "duru/engine/local/worker_pool.h"

namespace duru {

class LocalEngine::Observer {
 public:
  Observer(const LocalEngineOptions& options, const Clock& clock, ArtifactStore& artifacts,
           std::atomic<std::int64_t>& observed_through);
  ~Observer() { stop(); }

  // Reads what is there from before; the thread begins with reporting it.
  Status start(Engine::Sink sink);
  void stop();
  // To be done on the observer's thread. From any thread.
  void post(std::function<void()> wish);

  // On the observer's thread, by post().
  void want_run(const TaskRunSpec& spec);
  void want_stop(const TaskRunName& name, Milliseconds grace);
  void want_forget(const TaskRunName& name);
  void reconcile(const std::vector<TaskRunName>& desired);

  std::string folder_of(const TaskRunName& name) const { return runs_folder_ + "/" + name.str(); }

 private:
  using Run = local::Run;

  void observe();
  void take_wishes();
  void turn(Run& run);
  void look(Run& run);
  void take_step(Run& run);
  bool waits_for_devices(const Run& run) const;
  void report(Run& run);
  using After = std::function<void(Run&)>;
  // Runs `step` on a worker, and what it gives back on our thread, with the run idle again. It
  // gives nothing back when it failed: then the next try waits a little.
  void hand_over(Run& run, std::function<After()> step);
  Status adopt();
  Run* find_or_adopt(const TaskRunName& name);
  void read_own_files(Run& run, int folder_fd);
  void sweep_logs();

  const LocalEngineOptions& options_;
  const Clock& clock_;
  ArtifactStore& artifacts_;
  std::atomic<std::int64_t>& observed_through_;
  const std::string runs_folder_;

  Engine::Sink sink_;
  std::map<TaskRunName, Run> runs_;  // the thread's own
  std::int64_t term_seen_ = 0;
  Timestamp next_sweep_;

  std::mutex mutex_;
  std::vector<std::function<void()>> wishes_;
  std::atomic<bool> stopping_{false};
  local::Wakeup wakeup_;
  local::WorkerPool workers_;
  std::thread thread_;
};

}  // namespace duru
