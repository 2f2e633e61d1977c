// LocalEngine: task runs as processes on this machine, each under a supervisor of its own
// (duru/supervisor), which goes on without us. What is true of a run lies in its folder
// DIR/runs/NAME; this engine only reads it, takes the next step, and reports. So a server may die
// at any moment: the next one reads the folders and goes on.
//
//   auto engine = LocalEngine::open(options, clock, artifacts);
//   DURU_TRY(engine.value()->start(sink));
//   engine.value()->run(spec);
//
// Guarantees beyond engine.h: a time that is reported never lies before observed_through() as it
// was then; a run whose supervisor was lost is reported as released only when its tree is proven
// empty. Threads: one that observes and reports, and a few for steps that may block.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "duru/artifact/artifact_store.h"
#include "duru/base/clock.h"
#include "duru/engine/engine.h"

namespace duru {

struct LocalEngineOptions {
  std::string data_folder;        // DIR; must exist. DIR/runs is made
  std::string supervise_program;  // absolute path of duru-supervise
  InstallationId installation;
  Bytes log_cap{64LL << 20};
  Milliseconds log_retention = hours(7 * 24);  // after forget()
  bool use_cgroup = true;
  // How many files a task may open unless it asks for more; not given: as many as this process.
  std::optional<std::uint64_t> open_files_of_work;
  // Of the server before, which said everything up to a little earlier: what a record that reached
  // the disk late says of the time before is reported as of then. 0: there was none.
  Timestamp alive_at;
  std::function<void(const std::string&)> warn;  // what was found that is not ours
};

class LocalEngine : public Engine {
 public:
  // `clock` and `artifacts` must outlive the engine.
  static Result<std::unique_ptr<LocalEngine>> open(LocalEngineOptions options, const Clock& clock,
                                                   ArtifactStore& artifacts);
  ~LocalEngine() override;

  std::string_view name() const override { return "local"; }
  EngineCapabilities capabilities() const override;
  Status start(Sink sink) override;
  void shutdown() override;
  void run(const TaskRunSpec& spec) override;
  void stop(const TaskRunName& name, Milliseconds grace) override;
  void forget(const TaskRunName& name) override;
  void reconcile(const std::vector<TaskRunName>& desired) override;
  Result<LogChunk> read_log(const TaskRunName& name, std::int64_t offset,
                            std::int64_t bytes_max) override;
  Timestamp observed_through() const override { return Timestamp(observed_through_.load()); }

 private:
  class Observer;

  LocalEngine(LocalEngineOptions options, const Clock& clock, ArtifactStore& artifacts);

  LocalEngineOptions options_;
  const Clock& clock_;
  ArtifactStore& artifacts_;
  std::atomic<std::int64_t> observed_through_{0};
  std::unique_ptr<Observer> observer_;
};

}  // namespace duru
