// What a server finds when it comes back, and what nobody wants any more.
#include "duru/engine/local/run_files.h"
#include "duru/engine/local/testing.h"

namespace duru {
namespace {

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

TEST_F(LocalEngineTest, ARunWhoseFolderWasDeletedIsLostAndProvenEmptyToo) {
  TaskRunSpec task = spec(
      "exec 9>$HOME/proof; flock 9; trap '' TERM; echo up > up;"
      "while :; do sleep 100; done");
  task.env["HOME"] = data_;
  task.grace = Milliseconds(50);
  engine_->run(task);
  ASSERT_TRUE(wrote(task, "up", "up\n"));
  ASSERT_TRUE(started(task));
  ASSERT_TRUE(until([&] {
    std::error_code error;
    return fs::remove_all(folder(task), error) > 0 && !error;
  }));
  ASSERT_TRUE(released(task));
  EXPECT_EQ(seen(task).end->cause, EndCause::kLost);
  EXPECT_TRUE(seen(task).started_at);
  EXPECT_EQ(std::system(("flock -n " + data_ + "/proof true").c_str()), 0);
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

TEST_F(LocalEngineTest, ADeviceOfAnOrphanIsNotGivenToAnotherBeforeItsTreeIsEmpty) {
  TaskRunSpec orphan = spec("trap '' TERM; echo up > up; while :; do sleep 0.01; done");
  orphan.grace = Milliseconds(500);
  TaskRunSpec next = spec("true"), elsewhere = spec("true");
  orphan.allocation.node = NodeName("here");
  orphan.allocation.devices = {3};
  next.allocation = elsewhere.allocation = orphan.allocation;
  elsewhere.allocation.node = NodeName("there");
  engine_->run(orphan);
  ASSERT_TRUE(wrote(orphan, "up", "up\n"));
  restart();
  engine_->reconcile({next.name, elsewhere.name});
  engine_->run(next);
  engine_->run(elsewhere);
  ASSERT_TRUE(released(elsewhere));
  ASSERT_TRUE(released(next));
  ASSERT_TRUE(released(orphan));
  EXPECT_GE(*seen(next).started_at, *seen(orphan).released_at);
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

TEST_F(LocalEngineTest, AForgettingThatACrashCutShortIsDoneAgain) {
  TaskRunSpec task = spec("true");
  engine_->run(task);
  ASSERT_TRUE(over(task, OutputsPhase::kStored));
  fs::create_directory(folder(task) + "/forgotten");  // in the way: the record is never written
  engine_->forget(task.name);
  ASSERT_TRUE(until([&] { return !fs::exists(folder(task) + "/work"); }));
  shut_down();
  fs::remove(folder(task) + "/forgotten");
  fs::create_directory(folder(task) + "/outputs");
  boot_engine();
  engine_->reconcile({});
  EXPECT_TRUE(until([&] {
    return fs::exists(folder(task) + "/forgotten") && !fs::exists(folder(task) + "/outputs");
  }));
}

TEST_F(LocalEngineTest, FoldersOfAnotherInstallationAreNamedOnceAndLeftAlone) {
  shut_down();
  const std::string foreign = data_ + "/runs/duru-another1-abcdefghijklmnop-0-1-0";
  fs::create_directory(foreign);
  boot_engine();
  engine_->reconcile({});
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_NE(warnings_[0].find("duru-another1-"), std::string::npos);
  shut_down();
  EXPECT_TRUE(fs::remove(foreign));
  boot_engine();
  EXPECT_EQ(warnings_.size(), 1U);
}

TEST_F(LocalEngineTest, ARecordThatComesLateIsOfNoTimeThatTheServerBeforeHadTold) {
  TaskRunSpec task = spec("exit 3");
  engine_->run(task);
  ASSERT_TRUE(released(task));
  shut_down();
  alive_at_ = clock_.now() + seconds(10);
  boot_engine();
  ASSERT_TRUE(released(task));
  EXPECT_GE(seen(task).end->ended_at, alive_at_ - Milliseconds(200));
  EXPECT_LE(seen(task).end->ended_at, alive_at_);
  EXPECT_EQ(seen(task).end->exit_code, 3);
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

TEST(RunName, IsReadBackAndNothingElseIs) {
  InstallationId here("abcdefgh");
  RunIdentity identity;
  TaskRunName name = task_run_name(here, {"abcdefghijklmnop", 2}, 3, 4);
  ASSERT_TRUE(parse_run_name(name, here, identity));
  EXPECT_EQ(identity.workload.owner, "abcdefghijklmnop");
  EXPECT_EQ(identity.workload.ordinal, 2);
  EXPECT_EQ(identity.attempt, 3);
  EXPECT_EQ(identity.task, 4);
  for (const char* wrong :
       {"duru-other123-abc-0-1-0", "duru-abcdefgh-a-1-0", "duru-abcdefgh-a-0-01-0",
        "duru-abcdefgh-a-0-1-", "duru-abcdefgh-../x-0-1-0", "", "duru-abcdefgh"}) {
    EXPECT_FALSE(parse_run_name(TaskRunName(wrong), here, identity)) << wrong;
  }
}

}  // namespace
}  // namespace duru
