#include <gtest/gtest.h>

#include "duru/core/testing/fleets.h"
#include "duru/domain/facts.h"

// The canonical text of one fact of every kind. It is what tests keep of an old journal (by name,
// defaults left out), so that a new field does not change it: lines here are added, never changed.
namespace duru::testing {
namespace {

const JobId kJob = make_id<JobId>(1'800'000'000'000, 1);
const WorkloadId kWorkload{kJob.str(), 0};
const NodeName kNode("a");
const Timestamp kTime(1'800'000'000'123);
const Digest kDigest = sha256("");

JobSpec full_spec() {
  JobSpec spec;
  spec.name = "train";
  spec.kind = JobKind::kTrain;
  spec.track = Track::kGpu;
  spec.amount = MilliDevices(2500);
  spec.variants = {{ChipName("h100"), MilliDevices(1000), {"x"}, "image", {{"A", "1"}}}};
  spec.tasks = 2;
  spec.cpu = MilliCpu(1500);
  spec.memory = Bytes(1024);
  spec.command = {"python3", "train.py"};
  spec.image = "image";
  spec.env = {{"B", "\"2\"\n"}};
  spec.files = {{"train.py", kDigest, Bytes(3), true}};
  spec.inputs = {{"data", "prepare/data"}};
  spec.outputs = {"model"};
  spec.after = {"prepare"};
  spec.time_limit = minutes(90);
  spec.priority = -3;
  spec.retries = {2, {75, 1}};
  spec.grace = seconds(5);
  return spec;
}

TaskEnd full_end() {
  TaskEnd end{EndCause::kExited, 3, {}, kTime, "why"};
  end.signal = 9;
  return end;
}

Chip full_chip() {
  Chip chip = chips().front();
  chip.memory = Bytes(80);
  chip.watts_source = "datasheet";
  chip.price_source = "list";
  chip.catalogue_digest = "00";
  return chip;
}

Node full_node() {
  Node found = node("a", "h100", 1);
  found.accelerators[0].pci_address = "0000:01:00.0";
  found.labels = {{"rack", "7"}};
  return found;
}

std::vector<Message> one_of_each() {
  const std::map<std::string, StoredOutput> outputs = {{"model", {kDigest, Bytes(5)}}};
  return {
      InstallationCreated{InstallationId("abcdefgh")},
      TermStarted{2, "0.1.0"},
      Resumed{kTime, "boot", kTime + seconds(1)},
      LossAccepted{50, 100},
      AnswerKept{"key"},
      ChipDefined{full_chip()},
      SiteDefined{{SiteName("here"), "owner", "local", {true, true, true, true, true, true, true}}},
      NodeDefined{full_node()},
      NodeRemoved{kNode},
      NodeCordoned{kNode, "cleaning"},
      NodeUncordoned{kNode},
      NodeDraining{kNode, kTime, "disks"},
      AcceleratorMarked{{kNode, 3}, true, "cooled"},
      NodeReported{kNode, true, "answers"},
      JobSubmitted{kJob,
                   ProjectName("default"),
                   full_spec(),
                   {kJob},
                   {{"data", kJob, "data", kDigest}},
                   "operator"},
      AttemptStarted{kWorkload,
                     1,
                     -1,
                     {{kNode,
                       ChipName("h100"),
                       MilliDevices(2000),
                       {0, 1},
                       MilliCpu(1500),
                       Bytes(1024),
                       true}},
                     {{"data", kDigest}}},
      TaskStarted{kWorkload, 1, 1, kTime, "memory is not limited"},
      TaskEnded{kWorkload, 1, 1, full_end()},
      TaskReleased{kWorkload, 1, 1, kTime},
      AttemptStopping{kWorkload, 1, StopCause::kDrained, seconds(10)},
      AttemptEnded{kWorkload, 1, AttemptOutcome::kSucceeded, outputs, "detail"},
      JobRequeued{kJob, kTime, true, "why"},
      JobCancelRequested{kJob, "operator"},
      LeaseExtended{kJob, hours(1)},
      JobEnded{kJob, JobState::kFailed, "exit_code", 3, 9, true, "why"},
      JobRetired{kJob},
      OutputsReported{kWorkload, 1, OutputsPhase::kStored, outputs, "detail"},
  };
}

constexpr const char*
    kGolden[] =
        {
            R"({"kind":"installation_created","body":{"installation":"abcdefgh"}})",
            R"({"kind":"term_started","body":{"term":2,"duru_version":"0.1.0"}})",
            R"({"kind":"resumed","body":{"alive_at":"2027-01-15T08:00:00.123Z","boot_id":"boot","anchor":"2027-01-15T08:00:01.123Z"}})",
            R"({"kind":"loss_accepted","body":{"first_seq_lost":50,"last_seq_lost":100}})",
            R"({"kind":"answer_kept","body":{"idempotency_key":"key"}})",
            R"({"kind":"chip_defined","body":{"chip":{"name":"h100-sxm5-80gb","aliases":["h100"],"vendor":"vendor of h100","origin":"US","track":"gpu","memory":80,"watts":"350","watts_kind":"published","watts_source":"datasheet","price":"2.5","price_kind":"assumed","price_source":"list","catalogue_digest":"00"}}})",
            R"({"kind":"site_defined","body":{"site":{"name":"here","owner":"owner","engine":"local","capabilities":{"gang":true,"binds_devices":true,"partitions":true,"images":true,"logs":true,"adopt":true,"enforces_memory":true}}}})",
            R"({"kind":"node_defined","body":{"node":{"name":"a","site":"here","cpu":"64","memory":274877906944,"accelerators":[{"chip":"h100","emulated":true,"pci_address":"0000:01:00.0"}],"emulated":true,"labels":{"rack":"7"}}}})",
            R"({"kind":"node_removed","body":{"node":"a"}})",
            R"({"kind":"node_cordoned","body":{"node":"a","reason":"cleaning"}})",
            R"({"kind":"node_uncordoned","body":{"node":"a"}})",
            R"({"kind":"node_draining","body":{"node":"a","stop_at":"2027-01-15T08:00:00.123Z","reason":"disks"}})",
            R"({"kind":"accelerator_marked","body":{"accelerator":{"node":"a","index":3},"healthy":true,"reason":"cooled"}})",
            R"({"kind":"node_reported","body":{"node":"a","up":true,"detail":"answers"}})",
            R"({"kind":"job_submitted","body":{"job":"2allkr4k22222223","project":"default","spec":{"name":"train","kind":"train","track":"gpu","amount":"2.5","variants":[{"chip":"h100","amount":"1","command":["x"],"image":"image","env":{"A":"1"}}],"tasks":2,"cpu":"1.5","memory":1024,"command":["python3","train.py"],"image":"image","env":{"B":"\"2\"\n"},"files":[{"path":"train.py","digest":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":3,"executable":true}],"inputs":{"data":"prepare/data"},"outputs":["model"],"after":["prepare"],"time_limit":"1h30m","priority":-3,"retries":{"limit":2,"exit_codes":[75,1]},"grace":"5s"},"after":["2allkr4k22222223"],"inputs":[{"name":"data","producer":"2allkr4k22222223","output":"data","digest":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}],"principal":"operator"}})",
            R"({"kind":"attempt_started","body":{"workload":{"owner":"2allkr4k22222223"},"attempt":1,"variant":-1,"allocations":[{"node":"a","chip":"h100","amount":"2","devices":[0,1],"cpu":"1.5","memory":1024,"emulated":true}],"inputs":{"data":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}})",
            R"({"kind":"task_started","body":{"workload":{"owner":"2allkr4k22222223"},"attempt":1,"task":1,"started_at":"2027-01-15T08:00:00.123Z","detail":"memory is not limited"}})",
            R"({"kind":"task_ended","body":{"workload":{"owner":"2allkr4k22222223"},"attempt":1,"task":1,"end":{"cause":"exited","exit_code":3,"signal":9,"ended_at":"2027-01-15T08:00:00.123Z","detail":"why"}}})",
            R"({"kind":"task_released","body":{"workload":{"owner":"2allkr4k22222223"},"attempt":1,"task":1,"released_at":"2027-01-15T08:00:00.123Z"}})",
            R"({"kind":"attempt_stopping","body":{"workload":{"owner":"2allkr4k22222223"},"attempt":1,"cause":"drained","grace":"10s"}})",
            R"({"kind":"attempt_ended","body":{"workload":{"owner":"2allkr4k22222223"},"attempt":1,"outcome":"succeeded","outputs":{"model":{"digest":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":5}},"detail":"detail"}})",
            R"({"kind":"job_requeued","body":{"job":"2allkr4k22222223","not_before":"2027-01-15T08:00:00.123Z","counts":true,"detail":"why"}})",
            R"({"kind":"job_cancel_requested","body":{"job":"2allkr4k22222223","principal":"operator"}})",
            R"({"kind":"lease_extended","body":{"job":"2allkr4k22222223","by":"1h"}})",
            R"({"kind":"job_ended","body":{"job":"2allkr4k22222223","state":"failed","reason":"exit_code","exit_code":3,"signal":9,"lost":true,"detail":"why"}})",
            R"({"kind":"job_retired","body":{"job":"2allkr4k22222223"}})",
            R"({"kind":"outputs_reported","body":{"workload":{"owner":"2allkr4k22222223"},"attempt":1,"phase":"stored","outputs":{"model":{"digest":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":5}},"detail":"detail"}})",
};

TEST(CanonicalText, OfOneFactOfEveryKindStaysAsItWas) {
  const std::vector<Message> facts = one_of_each();
  ASSERT_EQ(facts.size(), std::size(kGolden));
  for (std::size_t i = 0; i < facts.size(); ++i) EXPECT_EQ(to_text(facts[i]), kGolden[i]);
}

TEST(CanonicalText, IsPinnedForEveryKindOfFact) {
  const std::vector<Message> facts = one_of_each();
  std::vector<const Kind*> kinds = all_kinds(Family::kFact);
  // Those of services and of the field: canonical_text_field_test.cc.
  std::erase_if(kinds, [](const Kind* kind) { return kind->number >= 50; });
  ASSERT_EQ(facts.size(), kinds.size());
  for (std::size_t i = 0; i < kinds.size(); ++i) EXPECT_EQ(&facts[i].kind(), kinds[i]);
}

TEST(CanonicalText, LeavesDefaultsOut) {
  EXPECT_EQ(to_text(JobRequeued()), R"({"kind":"job_requeued","body":{}})");
}

}  // namespace
}  // namespace duru::testing
