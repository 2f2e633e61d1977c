// For tests: a local engine over a temporary data folder, and what it reported.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "duru/artifact/folder_artifact_store.h"
#include "duru/engine/local/local_engine.h"
#include "duru/engine/local/run_files.h"
#include "duru/supervisor/run_folder.h"

namespace duru {

namespace fs = std::filesystem;

inline bool until(const std::function<bool()>& condition) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, 2);
  }
  return true;
}

inline std::string slurp(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

class LocalEngineTest : public testing::Test {
 protected:
  LocalEngineTest() {
    std::string pattern = fs::temp_directory_path() / "duru-engine-XXXXXX";
    data_ = ::mkdtemp(pattern.data());
    store_ = std::move(FolderArtifactStore::open(data_).value());
    boot_engine();
  }
  ~LocalEngineTest() override {
    engine_->reconcile({});
    auto names = [&] {
      std::vector<std::string> out;
      for (const auto& entry : fs::directory_iterator(data_ + "/runs")) out.push_back(entry.path());
      return out;
    };
    EXPECT_TRUE(until([&] {
      for (const std::string& name : names()) {
        if (!fs::exists(name + "/released")) return false;
      }
      return true;
    }));
    engine_->shutdown();
    fs::remove_all(data_);
  }

  void boot_engine() {
    LocalEngineOptions options;
    options.data_folder = data_;
    options.supervise_program = DURU_SUPERVISE_PROGRAM;
    options.installation = InstallationId("test" + std::to_string(::getpid() % 10000));
    options.alive_at = alive_at_;
    options.warn = [this](const std::string& warning) { warnings_.push_back(warning); };
    options_ = options;
    auto opened = LocalEngine::open(options, clock_, *store_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine_ = std::move(opened.value());
    ASSERT_TRUE(engine_->start([this](Message message) { observe(message); }).ok());
  }
  void shut_down() {
    engine_->shutdown();
    std::lock_guard lock(mutex_);
    seen_.clear();
  }
  void restart() {
    shut_down();
    boot_engine();
  }

  TaskRunSpec spec(const std::string& script) {
    TaskRunSpec spec;
    spec.workload = {"ownerownerown" + std::to_string(100 + ++count_), 0};
    spec.attempt = 1;
    spec.tasks = 1;
    spec.term = 1;
    spec.name = task_run_name(options_.installation, spec.workload, 1, 0);
    spec.job_name = "job";
    spec.grace = seconds(20);
    spec.command = {"/bin/sh", "-c", script};
    return spec;
  }
  std::string folder(const TaskRunSpec& spec) { return data_ + "/runs/" + spec.name.str(); }
  std::string work(const TaskRunSpec& spec, const std::string& file) {
    return folder(spec) + "/work/" + file;
  }

  void observe(const Message& message) {
    const auto* task = message.as<TaskObserved>();
    ASSERT_NE(task, nullptr);
    std::lock_guard lock(mutex_);
    ++reports_;
    Timestamp through = engine_ ? engine_->observed_through() : Timestamp();
    const TaskObserved& before = seen_[task->workload.owner];
    // New times only: none lies where everything was said already.
    if (task->end && !before.end) {
      EXPECT_GE(task->end->ended_at, through);
    }
    if (task->released_at && !before.released_at) {
      EXPECT_GE(*task->released_at, through);
    }
    if (task->released_at) {
      EXPECT_TRUE(task->end);
    }
    seen_[task->workload.owner] = *task;
  }
  TaskObserved seen(const TaskRunSpec& spec) {
    std::lock_guard lock(mutex_);
    return seen_[spec.workload.owner];
  }
  int reports() {
    std::lock_guard lock(mutex_);
    return reports_;
  }
  bool started(const TaskRunSpec& spec) {
    return until([&] { return seen(spec).started_at.has_value(); });
  }
  bool released(const TaskRunSpec& spec) {
    return until([&] { return seen(spec).released_at.has_value(); });
  }
  bool over(const TaskRunSpec& spec, OutputsPhase phase) {
    return until([&] { return seen(spec).outputs_phase == phase; }) && released(spec);
  }
  bool wrote(const TaskRunSpec& spec, const std::string& file, const std::string& text) {
    return until([&] { return slurp(work(spec, file)) == text; });
  }

  std::string data_;
  BoottimeClock clock_{Timestamp(wall_time().value - boottime_ms())};
  std::unique_ptr<ArtifactStore> store_;
  LocalEngineOptions options_;
  Timestamp alive_at_;  // of the server before
  std::vector<std::string> warnings_;
  std::mutex mutex_;
  std::map<std::string, TaskObserved> seen_;
  int reports_ = 0;
  int count_ = 0;
  std::unique_ptr<LocalEngine> engine_;
};

}  // namespace duru
