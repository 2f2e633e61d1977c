#include "duru/engine/local/testing.h"

namespace duru {
namespace {

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

}  // namespace
}  // namespace duru
