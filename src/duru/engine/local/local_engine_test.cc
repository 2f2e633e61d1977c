#include "duru/engine/local/local_engine.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "duru/artifact/folder_artifact_store.h"
#include "duru/engine/local/run_files.h"
#include "duru/supervisor/run_folder.h"

namespace duru {
namespace {

namespace fs = std::filesystem;

bool until(const std::function<bool()>& condition) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, 2);
  }
  return true;
}

std::string slurp(const std::string& path) {
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
  std::mutex mutex_;
  std::map<std::string, TaskObserved> seen_;
  int reports_ = 0;
  int count_ = 0;
  std::unique_ptr<LocalEngine> engine_;
};

TEST_F(LocalEngineTest, RunsACommandAndReportsItsWholeLife) {
  Timestamp before = clock_.now();
  TaskRunSpec task = spec("echo hello");
  engine_->run(task);
  ASSERT_TRUE(over(task, OutputsPhase::kStored));
  TaskObserved seen_now = seen(task);
  EXPECT_EQ(seen_now.end->cause, EndCause::kExited);
  EXPECT_EQ(seen_now.end->exit_code, 0);
  EXPECT_FALSE(seen_now.end->signal);
  EXPECT_LE(before, *seen_now.started_at);
  EXPECT_LE(*seen_now.started_at, seen_now.end->ended_at);
  EXPECT_LE(seen_now.end->ended_at, *seen_now.released_at);
  EXPECT_TRUE(seen_now.outputs.empty());
}

TEST_F(LocalEngineTest, GivesFilesInputsAndEnvironmentAndStoresOutputs) {
  Artifact script = store_
                        ->put_bytes(
                            "#!/bin/sh\ncat $DURU_INPUTS/model > $DURU_OUTPUTS/copy\n"
                            "echo $DURU_JOB $DURU_ATTEMPT $DURU_TASK/$DURU_TASKS"
                            " $DURU_CHIP $DURU_TRACK [$DURU_DEVICES] $DURU_EMULATED $A\n")
                        .value();
  Artifact model = store_->put_bytes("weights").value();
  TaskRunSpec task = spec("");
  task.command = {"bin/tool"};
  task.command[0] = "./bin/tool";
  task.files = {{"bin/tool", script.digest, script.size, true}};
  task.inputs = {{"model", model.digest}};
  task.outputs = {"copy"};
  task.env = {{"A", "a b"}, {"DURU_JOB", "forged"}};
  task.allocation.chip = ChipName("h100");
  task.allocation.devices = {0, 2};
  task.track = Track::kGpu;
  task.emulated = true;
  engine_->run(task);
  ASSERT_TRUE(over(task, OutputsPhase::kStored));
  EXPECT_EQ(seen(task).outputs.at("copy").digest, model.digest);
  EXPECT_EQ(seen(task).outputs.at("copy").size, Bytes(7));
  auto log = engine_->read_log(task.name, 0, 4096);
  ASSERT_TRUE(log.ok());
  EXPECT_EQ(log.value().bytes,
            "duru: h100 is emulated: this runs on the machine's CPU, and its times are the CPU's\n"
            "job 1 0/1 h100 gpu [0,2] 1 a b\n");
  EXPECT_TRUE(log.value().complete);
}

TEST_F(LocalEngineTest, NamesAnOutputThatIsMissing) {
  TaskRunSpec task = spec("echo x > $DURU_OUTPUTS/one");
  task.outputs = {"one", "two"};
  engine_->run(task);
  ASSERT_TRUE(over(task, OutputsPhase::kMissing));
  EXPECT_EQ(seen(task).detail, "output `two` was not written");
  TaskRunSpec odd = spec("mkdir $DURU_OUTPUTS/one");
  odd.outputs = {"one"};
  engine_->run(odd);
  ASSERT_TRUE(over(odd, OutputsPhase::kMissing));
  EXPECT_EQ(seen(odd).detail, "output `one` is not a plain file");
}

TEST_F(LocalEngineTest, StoresNoOutputsOfACommandThatFailed) {
  TaskRunSpec task = spec("echo x > $DURU_OUTPUTS/one; exit 3");
  task.outputs = {"one"};
  engine_->run(task);
  ASSERT_TRUE(released(task));
  EXPECT_EQ(seen(task).end->exit_code, 3);
  EXPECT_EQ(seen(task).outputs_phase, OutputsPhase::kPending);
  EXPECT_TRUE(store_->list().value().empty());
}

TEST_F(LocalEngineTest, RunsANameOnceAndReportsItsStateAgain) {
  TaskRunSpec task = spec("echo ran >> ../ran");
  for (int i = 0; i < 3; ++i) engine_->run(task);
  ASSERT_TRUE(over(task, OutputsPhase::kStored));
  int before = reports();
  engine_->run(task);
  EXPECT_TRUE(until([&] { return reports() == before + 1; }));
  EXPECT_EQ(slurp(folder(task) + "/ran"), "ran\n");
}

TEST_F(LocalEngineTest, StopsARun) {
  TaskRunSpec task = spec("echo up > up; trap '' TERM; while :; do sleep 100; done");
  engine_->run(task);
  ASSERT_TRUE(wrote(task, "up", "up\n"));
  engine_->stop(task.name, hours(1));
  engine_->stop(task.name, Milliseconds(50));
  ASSERT_TRUE(released(task));
  EXPECT_EQ(seen(task).end->cause, EndCause::kStopped);
  EXPECT_EQ(seen(task).end->signal, SIGKILL);
}

TEST_F(LocalEngineTest, AStopOfANameNeverHeardOfMakesItNeverStart) {
  TaskRunSpec task = spec("echo ran > ../ran");
  engine_->stop(task.name, seconds(1));
  ASSERT_TRUE(released(task));
  EXPECT_EQ(seen(task).end->cause, EndCause::kStopped);
  EXPECT_FALSE(seen(task).started_at);
  int before = reports();
  engine_->run(task);
  EXPECT_TRUE(until([&] { return reports() > before; }));
  restart();
  engine_->run(task);
  ASSERT_TRUE(released(task));
  EXPECT_EQ(seen(task).end->cause, EndCause::kStopped);
  EXPECT_FALSE(fs::exists(folder(task) + "/ran"));
}

TEST_F(LocalEngineTest, AStopRightBehindTheLaunchEndsItWhereverItIs) {
  for (int i = 0; i < 5; ++i) {
    TaskRunSpec task = spec("sleep 1000");
    engine_->run(task);
    engine_->stop(task.name, seconds(20));
    ASSERT_TRUE(released(task));
    EXPECT_EQ(seen(task).end->cause, EndCause::kStopped);
  }
}

TEST_F(LocalEngineTest, SaysWhyACommandCouldNotStart) {
  TaskRunSpec task = spec("");
  task.command = {"no-such-command"};
  engine_->run(task);
  ASSERT_TRUE(released(task));
  EXPECT_EQ(seen(task).end->cause, EndCause::kFailedToStart);
  EXPECT_EQ(seen(task).end->detail, "cannot run no-such-command: No such file or directory");
}

TEST_F(LocalEngineTest, RefusesAnImageAndAFileOutsideItsFolder) {
  TaskRunSpec image = spec("true");
  image.image = "registry/image";
  engine_->run(image);
  TaskRunSpec outside = spec("true");
  Artifact file = store_->put_bytes("x").value();
  outside.files = {{"../../escaped", file.digest, file.size, false}};
  engine_->run(outside);
  ASSERT_TRUE(released(image));
  ASSERT_TRUE(released(outside));
  EXPECT_EQ(seen(image).end->cause, EndCause::kFailedToStart);
  EXPECT_EQ(seen(outside).end->cause, EndCause::kFailedToStart);
  EXPECT_FALSE(seen(outside).started_at);
  restart();
  ASSERT_TRUE(released(image));
  EXPECT_EQ(seen(image).end->detail, "this engine runs no images");
}

TEST_F(LocalEngineTest, AnInputThatTheStoreLostIsOurFaultAndNotTheJobs) {
  TaskRunSpec task = spec("true");
  task.inputs = {{"model", sha256("nowhere")}};
  engine_->run(task);
  ASSERT_TRUE(released(task));
  EXPECT_EQ(seen(task).end->cause, EndCause::kLost);
  EXPECT_FALSE(seen(task).started_at);
}

TEST_F(LocalEngineTest, WorkGoesOnWithoutAServerAndIsAdoptedByTheNext) {
  TaskRunSpec task =
      spec("mkfifo gate; echo up > up; read line < gate; echo $line > $DURU_OUTPUTS/o; exit 0");
  TaskRunSpec meanwhile = spec("mkfifo gate; echo up > up; read line < gate; exit 4");
  TaskRunSpec limited = spec("echo up > up; sleep 1000");
  task.outputs = {"o"};
  limited.time_limit = Milliseconds(500);
  for (const TaskRunSpec& run : {task, meanwhile, limited}) {
    engine_->run(run);
    ASSERT_TRUE(wrote(run, "up", "up\n"));
  }
  ASSERT_TRUE(started(task));
  Timestamp start = *seen(task).started_at;
  shut_down();
  std::ofstream(work(meanwhile, "gate")) << "go\n";
  for (const TaskRunSpec& run : {meanwhile, limited}) {
    ASSERT_TRUE(until([&] { return fs::exists(folder(run) + "/released"); }));
  }
  boot_engine();
  ASSERT_TRUE(released(meanwhile));
  EXPECT_EQ(seen(meanwhile).end->exit_code, 4);
  ASSERT_TRUE(released(limited));
  EXPECT_EQ(seen(limited).end->cause, EndCause::kTimeLimit);
  ASSERT_TRUE(started(task));
  EXPECT_EQ(*seen(task).started_at, start);
  EXPECT_FALSE(seen(task).end);
  std::ofstream(work(task, "gate")) << "go\n";
  ASSERT_TRUE(over(task, OutputsPhase::kStored));
  EXPECT_EQ(seen(task).outputs.at("o").digest, sha256("go\n"));
}

TEST_F(LocalEngineTest, ALostSupervisorIsReportedAndTheTreeProvenEmptyBeforeTheRelease) {
  TaskRunSpec task = spec(
      "exec 9>proof; flock 9; trap '' TERM; (setsid sleep 1000 &) ;"
      "echo up > up; while :; do sleep 100; done");
  engine_->run(task);
  ASSERT_TRUE(wrote(task, "up", "up\n"));
  auto run = supervisor::RunFolder::open(folder(task));
  ::kill(static_cast<pid_t>(run.value().state().value().supervisor->identity.pid), SIGKILL);
  ASSERT_TRUE(released(task));
  EXPECT_EQ(seen(task).end->cause, EndCause::kLost);
  EXPECT_EQ(std::system(("flock -n " + work(task, "proof") + " true").c_str()), 0);
}

TEST_F(LocalEngineTest, ALaunchThatACrashCutShortIsTakenUpAgain) {
  TaskRunSpec task = spec("echo ran >> ../ran; exit 7");
  shut_down();
  fs::create_directories(folder(task) + "/work/left-over");
  auto run = supervisor::RunFolder::create(folder(task));
  supervisor::RunSpec half;
  half.name = task.name.str();
  half.argv = {"false"};
  half.working_folder = "/";
  ASSERT_TRUE(run.value().write_spec(half).ok());
  boot_engine();
  engine_->run(task);
  ASSERT_TRUE(released(task));
  EXPECT_EQ(seen(task).end->exit_code, 7);
  EXPECT_EQ(slurp(folder(task) + "/ran"), "ran\n");
  EXPECT_FALSE(fs::exists(work(task, "left-over")));
}

TEST_F(LocalEngineTest, StopsAndForgetsWhatNobodyWants) {
  TaskRunSpec orphan = spec("echo up > up; exec sleep 1000");
  TaskRunSpec wanted = spec("echo up > up; exec sleep 1000");
  engine_->run(orphan);
  engine_->run(wanted);
  ASSERT_TRUE(wrote(orphan, "up", "up\n"));
  ASSERT_TRUE(wrote(wanted, "up", "up\n"));
  restart();
  engine_->reconcile({wanted.name});
  ASSERT_TRUE(released(orphan));
  EXPECT_EQ(seen(orphan).end->cause, EndCause::kStopped);
  EXPECT_TRUE(until([&] { return !fs::exists(folder(orphan) + "/work"); }));
  EXPECT_FALSE(seen(wanted).end);
}

TEST_F(LocalEngineTest, ForgetsARunButKeepsItsLogAndItsName) {
  TaskRunSpec task = spec("echo hello; echo ran >> ../ran");
  engine_->run(task);
  ASSERT_TRUE(over(task, OutputsPhase::kStored));
  engine_->forget(task.name);
  ASSERT_TRUE(until([&] {
    return fs::exists(folder(task) + "/forgotten") && !fs::exists(folder(task) + "/outputs");
  }));
  EXPECT_EQ(engine_->read_log(task.name, 0, 100).value().bytes, "hello\n");
  restart();
  EXPECT_FALSE(seen(task).end);
  engine_->run(task);
  ASSERT_TRUE(released(task));
  EXPECT_EQ(slurp(folder(task) + "/ran"), "ran\n");
}

TEST_F(LocalEngineTest, RefusesALaunchOfALowerTerm) {
  TaskRunSpec newer = spec("true");
  newer.term = 5;
  TaskRunSpec older = spec("echo ran > ../ran");
  older.term = 4;
  engine_->run(newer);
  ASSERT_TRUE(released(newer));
  restart();
  engine_->run(older);
  TaskRunSpec last = spec("true");
  last.term = 5;
  engine_->run(last);
  ASSERT_TRUE(released(last));
  EXPECT_FALSE(fs::exists(folder(older)));
}

TEST_F(LocalEngineTest, ReadsALogInPartsWhileItGrows) {
  TaskRunSpec task = spec("mkfifo gate; echo one; read line < gate; echo two");
  engine_->run(task);
  std::string text;
  std::int64_t offset = 0;
  auto read = [&] {
    auto chunk = engine_->read_log(task.name, offset, 3);
    if (!chunk.ok()) return false;
    text += chunk.value().bytes;
    offset = chunk.value().next_offset;
    return chunk.value().complete;
  };
  ASSERT_TRUE(until([&] { return !read() && text == "one\n"; }));
  std::ofstream(work(task, "gate")) << "go\n";
  ASSERT_TRUE(until([&] { return read(); }));
  EXPECT_EQ(text, "one\ntwo\n");
  EXPECT_EQ(static_cast<std::size_t>(offset), text.size());
  EXPECT_EQ(engine_->read_log(TaskRunName("../../etc"), 0, 10).error().code, ErrorCode::kNotFound);
}

TEST_F(LocalEngineTest, AFullDiskFailsTheOutputsAsAnInfrastructureFailure) {
  TaskRunSpec task = spec("head -c 300000 /dev/zero > $DURU_OUTPUTS/big");
  task.outputs = {"big"};
  ASSERT_TRUE(fs::create_directories(data_ + "/artifacts/tmp") || true);
  if (::mount("none", (data_ + "/artifacts/tmp").c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "this user may mount nothing";
  }
  engine_->run(task);
  bool failed = over(task, OutputsPhase::kFailed);
  ::umount((data_ + "/artifacts/tmp").c_str());
  EXPECT_TRUE(failed) << seen(task).detail;
  EXPECT_NE(seen(task).detail.find("No space left"), std::string::npos) << seen(task).detail;
}

TEST_F(LocalEngineTest, ItsTimeMarkGoesOn) {
  Timestamp first = engine_->observed_through();
  EXPECT_TRUE(until([&] { return engine_->observed_through() > first; }));
  EXPECT_LE(engine_->observed_through(), clock_.now());
}

TEST(RunName, IsReadBackAndNothingElseIs) {
  InstallationId here("abcdefgh");
  local::RunIdentity identity;
  TaskRunName name = task_run_name(here, {"abcdefghijklmnop", 2}, 3, 4);
  ASSERT_TRUE(local::parse_run_name(name, here, identity));
  EXPECT_EQ(identity.workload.owner, "abcdefghijklmnop");
  EXPECT_EQ(identity.workload.ordinal, 2);
  EXPECT_EQ(identity.attempt, 3);
  EXPECT_EQ(identity.task, 4);
  for (const char* wrong :
       {"duru-other123-abc-0-1-0", "duru-abcdefgh-a-1-0", "duru-abcdefgh-a-0-01-0",
        "duru-abcdefgh-a-0-1-", "duru-abcdefgh-../x-0-1-0", "", "duru-abcdefgh"}) {
    EXPECT_FALSE(local::parse_run_name(TaskRunName(wrong), here, identity)) << wrong;
  }
}

}  // namespace
}  // namespace duru
