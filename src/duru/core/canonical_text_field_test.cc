#include <gtest/gtest.h>

#include "duru/core/testing/fleets.h"
#include "duru/domain/field_messages.h"

// The canonical text of one fact of every kind of services and of the field (canonical_text_test.cc
// has the others): lines here are added, never changed.
namespace duru::testing {
namespace {

const JobId kService = make_id<JobId>(1'800'000'000'000, 2);
const WorkloadId kWorkload{kService.str(), 0};
const NodeName kNode("cam-1");
const Timestamp kTime(1'800'000'000'123);
const Digest kDigest = sha256("");

Revision full_revision() { return {3, {"v2", kDigest, "ab"}, ReleaseRef{"v1", kDigest, "cd"}}; }

Release full_release() {
  Release release{ReleaseName("v2"), {}, kDigest, "ab"};
  release.manifest.format = 1;
  release.manifest.release = "v2";
  release.manifest.files = {{"run.py", kDigest, Bytes(3), true}};
  release.manifest.command = {"python3", "run.py"};
  release.manifest.env = {{"A", "1"}};
  release.manifest.probe = {{"sh", "probe.sh"}, seconds(1), seconds(2), 3, seconds(60)};
  release.manifest.chips = {ChipName("dx-m1")};
  return release;
}

Rollout full_rollout() {
  Rollout rollout{RolloutName("r"),
                  FleetName("cams"),
                  ReleaseName("v2"),
                  {{100'000, 0}, {0, 3}},
                  "site",
                  900'000,
                  100'000,
                  minutes(1),
                  hours(1),
                  true,
                  {}};
  return rollout;
}

std::vector<Message> one_of_each() {
  return {
      ServiceDefined{kWorkload,
                     {"cams", ProjectName("default"), kNode, ChipName("dx-m1"), MilliDevices(1000),
                      MilliCpu(1000), Bytes(64)}},
      ServiceRevised{kWorkload, full_revision()},
      ServiceEnding{kWorkload},
      ServiceRemoved{kWorkload},
      FleetDefined{{FleetName("cams"),
                    {{"kind", "camera"}},
                    MilliCpu(500),
                    Bytes(64),
                    seconds(1),
                    hours(1)}},
      ReleaseDefined{full_release()},
      RolloutDefined{full_rollout(), {kNode}, {1}},
      EnrolmentMade{kDigest, {{"kind", "camera"}}, kTime},
      NodeEnrolled{kDigest,
                   kDigest,
                   kService,
                   kNode,
                   ChipName("dx-m1"),
                   {{"kind", "camera"}},
                   MilliDevices(1000),
                   MilliCpu(4000),
                   Bytes(64),
                   true},
      NodeRevoked{kNode, "stolen", true},
      WaveStarted{RolloutName("r"), 1},
      WaveBaking{RolloutName("r"), 1, kTime},
      WaveUnsettled{RolloutName("r"), 1},
      RolloutPaused{RolloutName("r"), "by a person"},
      RolloutResumed{RolloutName("r")},
      RolloutEnded{RolloutName("r"), RolloutOutcome::kReturned, "2 of 3 failed"},
      NodeRevised{kNode, full_revision()},
      NodePhaseReported{kNode, 3, FieldPhase::kReturned, "v1", "probe failed", false},
      NodeCounted{kNode, {seconds(5), 7, 1, 2}},
      EventRecorded{kNode, FleetName("cams"), {4, R"({"kind":"alarm"})", kTime, seconds(1), 3}},
      NodeSilent{kNode, "not heard", true},
      NodeHeard{kNode},
      ReleaseRemoved{ReleaseName("v1")},
  };
}

constexpr const char* kGolden[] = {
    R"({"kind":"service_defined","body":{"workload":{"owner":"2allkr4k22222224"},"spec":{"name":"cams","project":"default","node":"cam-1","chip":"dx-m1","amount":"1","cpu":"1","memory":64}}})",
    R"({"kind":"service_revised","body":{"workload":{"owner":"2allkr4k22222224"},"revision":{"number":3,"current":{"name":"v2","digest":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","signature":"ab"},"previous":{"name":"v1","digest":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","signature":"cd"}}}})",
    R"({"kind":"service_ending","body":{"workload":{"owner":"2allkr4k22222224"}}})",
    R"({"kind":"service_removed","body":{"workload":{"owner":"2allkr4k22222224"}}})",
    R"({"kind":"fleet_defined","body":{"fleet":{"name":"cams","selector":{"kind":"camera"},"cpu":"0.5","memory":64,"heartbeat":"1s","report_every":"1h"}}})",
    R"({"kind":"release_defined","body":{"release":{"name":"v2","manifest":{"format":1,"release":"v2","files":[{"path":"run.py","digest":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":3,"executable":true}],"command":["python3","run.py"],"env":{"A":"1"},"probe":{"command":["sh","probe.sh"],"every":"1s","timeout":"2s","failures":3,"ready_within":"1m"},"chips":["dx-m1"]},"digest":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","signature":"ab"}}})",
    R"({"kind":"rollout_defined","body":{"rollout":{"name":"r","fleet":"cams","release":"v2","waves":[{"share_ppm":100000},{"count":3}],"order_label":"site","success_ppm":900000,"failure_ppm":100000,"bake":"1m","wave_timeout":"1h","pause_on_failure":true},"nodes":["cam-1"],"wave_sizes":[1]}})",
    R"({"kind":"enrolment_made","body":{"code":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","labels":{"kind":"camera"},"valid_until":"2027-01-15T08:00:00.123Z"}})",
    R"({"kind":"node_enrolled","body":{"code":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","credential":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","service":"2allkr4k22222224","node":"cam-1","chip":"dx-m1","labels":{"kind":"camera"},"amount":"1","cpu":"4","memory":64,"emulated":true}})",
    R"({"kind":"node_revoked","body":{"node":"cam-1","reason":"stolen","removed":true}})",
    R"({"kind":"wave_started","body":{"rollout":"r","wave":1}})",
    R"({"kind":"wave_baking","body":{"rollout":"r","wave":1,"until":"2027-01-15T08:00:00.123Z"}})",
    R"({"kind":"wave_unsettled","body":{"rollout":"r","wave":1}})",
    R"({"kind":"rollout_paused","body":{"rollout":"r","reason":"by a person"}})",
    R"({"kind":"rollout_resumed","body":{"rollout":"r"}})",
    R"({"kind":"rollout_ended","body":{"rollout":"r","outcome":"returned","reason":"2 of 3 failed"}})",
    R"({"kind":"node_revised","body":{"node":"cam-1","revision":{"number":3,"current":{"name":"v2","digest":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","signature":"ab"},"previous":{"name":"v1","digest":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","signature":"cd"}}}})",
    R"({"kind":"node_phase_reported","body":{"node":"cam-1","revision":3,"phase":"returned","serving":"v1","detail":"probe failed"}})",
    R"({"kind":"node_counted","body":{"node":"cam-1","counters":{"up":"5s","inferences":7,"restarts":1,"events_dropped":2}}})",
    R"({"kind":"event_recorded","body":{"node":"cam-1","fleet":"cams","event":{"number":4,"body":"{\"kind\":\"alarm\"}","at":"2027-01-15T08:00:00.123Z","uncertainty":"1s","dropped_before":3}}})",
    R"({"kind":"node_silent","body":{"node":"cam-1","detail":"not heard","failed":true}})",
    R"({"kind":"node_heard","body":{"node":"cam-1"}})",
    R"({"kind":"release_removed","body":{"release":"v1"}})",
};

TEST(CanonicalTextOfTheField, OfOneFactOfEveryKindStaysAsItWas) {
  const std::vector<Message> facts = one_of_each();
  ASSERT_EQ(facts.size(), std::size(kGolden));
  for (std::size_t i = 0; i < facts.size(); ++i) EXPECT_EQ(to_text(facts[i]), kGolden[i]);
}

TEST(CanonicalTextOfTheField, IsPinnedForEveryKindOfFact) {
  std::vector<const Kind*> kinds = all_kinds(Family::kFact);
  std::erase_if(kinds, [](const Kind* kind) { return kind->number < 50; });
  const std::vector<Message> facts = one_of_each();
  ASSERT_EQ(facts.size(), kinds.size());
  for (std::size_t i = 0; i < kinds.size(); ++i) EXPECT_EQ(&facts[i].kind(), kinds[i]);
}

}  // namespace
}  // namespace duru::testing
