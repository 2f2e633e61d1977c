#include <gtest/gtest.h>

#include "duru/base/wire.h"
#include "duru/domain/commands.h"
#include "duru/domain/commit.h"
#include "duru/domain/facts.h"
#include "duru/domain/observations.h"

namespace duru {
namespace {

// A golden list: a number, once given, keeps its name for ever. A new kind is a new line.
TEST(Kinds, NumbersAndNamesOfFactsStayAsTheyWere) {
  std::string golden;
  for (const Kind* kind : all_kinds(Family::kFact)) {
    golden += std::to_string(kind->number) + " " + std::string(kind->name) + ":";
    for (const Field& field : kind->type().fields) {
      golden += " " + std::to_string(field.number) + "=" + std::string(field.name);
    }
    golden += "\n";
  }
  EXPECT_EQ(golden,
            "1 installation_created: 1=installation\n"
            "2 term_started: 1=term 2=duru_version\n"
            "3 resumed: 1=alive_at 2=boot_id 3=anchor\n"
            "4 loss_accepted: 1=first_seq_lost 2=last_seq_lost\n"
            "5 answer_kept: 1=idempotency_key\n"
            "10 chip_defined: 1=chip\n"
            "11 site_defined: 1=site\n"
            "12 node_defined: 1=node\n"
            "13 node_removed: 1=node\n"
            "14 node_cordoned: 1=node 2=reason\n"
            "15 node_uncordoned: 1=node\n"
            "16 node_draining: 1=node 2=stop_at 3=reason\n"
            "17 accelerator_marked: 1=accelerator 2=healthy 3=reason\n"
            "18 node_reported: 1=node 2=up 3=detail\n"
            "30 job_submitted: 1=job 2=project 3=spec 4=after 5=inputs 6=principal\n"
            "31 attempt_started: 1=workload 2=attempt 3=variant 4=allocations 5=inputs "
            "6=ends_pass\n"
            "32 task_started: 1=workload 2=attempt 3=task 4=started_at 5=detail\n"
            "33 task_ended: 1=workload 2=attempt 3=task 4=end\n"
            "34 task_released: 1=workload 2=attempt 3=task 4=released_at\n"
            "35 attempt_stopping: 1=workload 2=attempt 3=cause 4=grace\n"
            "36 attempt_ended: 1=workload 2=attempt 3=outcome 4=outputs 5=detail\n"
            "37 job_requeued: 1=job 2=not_before 3=counts 4=detail\n"
            "38 job_cancel_requested: 1=job 2=principal\n"
            "39 lease_extended: 1=job 2=by\n"
            "40 job_ended: 1=job 2=state 3=reason 4=exit_code 5=signal 6=lost 7=detail\n"
            "41 job_retired: 1=job\n"
            "42 outputs_reported: 1=workload 2=attempt 3=phase 4=outputs 5=detail\n"
            "50 service_defined: 1=workload 2=spec\n"
            "51 service_revised: 1=workload 2=revision\n"
            "52 service_ending: 1=workload\n"
            "53 service_removed: 1=workload\n"
            "100 fleet_defined: 1=fleet\n"
            "101 release_defined: 1=release\n"
            "102 rollout_defined: 1=rollout 2=nodes 3=wave_sizes\n"
            "103 enrolment_made: 1=code 2=labels 3=valid_until\n"
            "104 node_enrolled: 1=code 2=credential 3=service 4=node 5=chip 6=labels 7=amount "
            "8=cpu 9=memory 10=emulated\n"
            "105 node_revoked: 1=node 2=reason 3=removed\n"
            "106 wave_started: 1=rollout 2=wave\n"
            "107 wave_baking: 1=rollout 2=wave 3=until\n"
            "108 wave_unsettled: 1=rollout 2=wave\n"
            "109 rollout_paused: 1=rollout 2=reason\n"
            "110 rollout_resumed: 1=rollout\n"
            "111 rollout_ended: 1=rollout 2=outcome 3=reason\n"
            "112 node_revised: 1=node 2=revision\n"
            "113 node_phase_reported: 1=node 2=revision 3=phase 4=serving 5=detail 6=flapping\n"
            "114 node_counted: 1=node 2=counters\n"
            "115 event_recorded: 1=node 2=fleet 3=event\n"
            "116 node_silent: 1=node 2=detail 3=failed\n"
            "117 node_heard: 1=node\n"
            "118 release_removed: 1=release\n");
}

TEST(Kinds, ADefaultRecordTakesNoBytesSoDefaultsComeBackAsTheyWere) {
  for (Family family : {Family::kFact, Family::kCommand, Family::kObservation}) {
    for (const Kind* kind : all_kinds(family)) {
      std::string bytes;
      encode_into(kind->type(), kind->make().get(), bytes);
      EXPECT_EQ(bytes, "") << kind->name;
    }
  }
}

TEST(Kinds, AMessageComesBackFromItsStoredForm) {
  JobEnded ended;
  ended.state = JobState::kFailed;
  ended.exit_code = 3;
  const Result<Message> back = load(Family::kFact, store(Message(ended)));
  ASSERT_TRUE(back.ok());
  ASSERT_NE(back.value().as<JobEnded>(), nullptr);
  EXPECT_EQ(back.value().as<JobRetired>(), nullptr);
  EXPECT_EQ(to_text(back.value()),
            R"({"kind":"job_ended","body":{"state":"failed","exit_code":3}})");
}

TEST(Kinds, AnUnknownKindOrVersionIsNamed) {
  EXPECT_NE(load(Family::kFact, {999, 1, ""}).error().message.find("unknown kind 999"),
            std::string::npos);
  EXPECT_NE(load(Family::kFact, {40, 2, ""}).error().message.find("this build knows version 1"),
            std::string::npos);
}

TEST(Names, AcceleratorsAreNodeAndIndex) {
  AcceleratorId id;
  ASSERT_TRUE(parse_accelerator("rack-1/node/12", id));
  EXPECT_EQ(id.node.str(), "rack-1/node");
  EXPECT_EQ(id.index, 12);
  for (const char* bad : {"", "a", "a/", "/1", "a/-1", "a/1x"}) {
    EXPECT_FALSE(parse_accelerator(bad, id)) << bad;
  }
}

TEST(Names, ATaskRunsNameFitsWhatEnginesTake) {
  WorkloadId workload{"abcdefghijklmnop", 0};
  const std::string name = task_run_name(InstallationId("abcdefgh"), workload, 12345, 99999).str();
  EXPECT_EQ(name, "duru-abcdefgh-abcdefghijklmnop-0-12345-99999");
  EXPECT_LE(name.size(), 63U);
}

}  // namespace
}  // namespace duru
