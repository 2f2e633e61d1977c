#include <gtest/gtest.h>

#include "duru/domain/commands.h"
#include "duru/edge/testing/edge_rig.h"

namespace duru::testing {
namespace {

struct Codes : EdgeRig {
  void make(const std::string& code, const std::map<std::string, std::string>& labels = {}) {
    EXPECT_EQ(rejection(MakeEnrolment{sha256(code), labels, hours(1)}), "");
  }
};

TEST(Nodes, ACodeIsForOneNodeAndForItsTime) {
  Codes rig;
  EXPECT_EQ(rig.rejection(rig.enrolment("cam", "one")), "enrolment-invalid");
  rig.make("one");
  rig.make("two");
  const EnrolNode first = rig.enrolment("cam", "one");
  EXPECT_EQ(rig.rejection(first), "");
  EnrolNode other = rig.enrolment("cam-2", "one");
  EXPECT_EQ(rig.rejection(other), "enrolment-invalid");
  other = rig.enrolment("cam-2", "two");
  other.credential = first.credential;
  EXPECT_EQ(rig.rejection(other), "enrolment-invalid");
  rig.advance(hours(1));
  EXPECT_EQ(rig.rejection(rig.enrolment("cam-2", "two")), "enrolment-expired");
  EXPECT_EQ(rig.state().enrolments.size(), 1U);
  rig.make("three");
  EXPECT_EQ(rig.state().enrolments.size(), 1U);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Nodes, EnrollingAgainWithTheSameCodeAndCredentialChangesNothing) {
  Codes rig;
  rig.make("one");
  const EnrolNode command = rig.enrolment("cam", "one");
  EXPECT_EQ(rig.rejection(command), "");
  EXPECT_EQ(rig.fact_names(), "node_enrolled");
  rig.advance(hours(2));
  EXPECT_EQ(rig.rejection(command), "");
  EXPECT_EQ(rig.fact_names(), "");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Nodes, TheCoreLearnsOfTheNodeInTheSameCommitWithTheCodesLabels) {
  Codes rig;
  rig.make("one", {{"site", "ridge"}});
  EnrolNode command = rig.enrolment("cam", "one");
  command.node.labels = {{"site", "elsewhere"}};
  rig.apply(command);
  ASSERT_EQ(rig.handed().size(), 1U);
  const auto* fleet = rig.handed().front().as<DefineFleet>();
  ASSERT_NE(fleet, nullptr);
  EXPECT_EQ(fleet->sites.front().engine, "agent");
  EXPECT_TRUE(fleet->sites.front().capabilities.pinned_services_only);
  EXPECT_EQ(fleet->nodes.front().site.str(), "field");
  EXPECT_EQ(fleet->nodes.front().labels.at("site"), "ridge");
  EXPECT_EQ(rig.node("cam").amount, MilliDevices(1000));
}

TEST(Nodes, ANodeThatTheCoreRefusesIsNotEnrolledAndItsCodeStays) {
  Codes rig;
  rig.make("one");
  rig.refuse("cam");
  EXPECT_EQ(rig.rejection(rig.enrolment("cam", "one")), "name-taken");
  EXPECT_EQ(rig.rejection(rig.enrolment("cam-2", "one")), "");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Nodes, WhatCannotBeANodeIsRefused) {
  Codes rig;
  rig.make("one");
  rig.make("two");
  EnrolNode command = rig.enrolment("a b", "one");
  EXPECT_EQ(rig.rejection(command), "invalid");
  command = rig.enrolment("cam", "one");
  command.chips.clear();
  EXPECT_EQ(rig.rejection(command), "invalid");
  command = rig.enrolment("cam", "one");
  command.node.accelerators.push_back({1, ChipName("aries"), true, ""});
  EXPECT_EQ(rig.rejection(command), "invalid");
  command = rig.enrolment("cam", "one");
  command.node.cpu = MilliCpu(-1);
  EXPECT_EQ(rig.rejection(command), "invalid");
  command = rig.enrolment("cam", "one");
  command.service = JobId();
  EXPECT_EQ(rig.rejection(command), "invalid");
  EXPECT_EQ(rig.rejection(rig.enrolment("cam", "one")), "");
  EXPECT_EQ(rig.rejection(rig.enrolment("cam", "two")), "name-taken");
  EXPECT_EQ(rig.rejection(MakeEnrolment{sha256("x"), {}, hours(0)}), "invalid");
  EXPECT_EQ(rig.rejection(MakeEnrolment{sha256("x"), {{"a b", ""}}, hours(1)}), "invalid");
  EXPECT_EQ(rig.rejection(MakeEnrolment{sha256("two"), {}, hours(1)}), "invalid");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Nodes, ANodeBelongsToTheFirstFleetByNameThatSelectsItAndStays) {
  EdgeRig rig;
  const auto define = [&](const std::string& name, const std::string& site) {
    Fleet fleet;
    fleet.name = FleetName(name);
    fleet.selector = {{"site", site}};
    return fleet;
  };
  rig.enrol("early", {{"site", "ridge"}, {"kind", "camera"}});
  EXPECT_TRUE(rig.node("early").fleet.empty());
  rig.apply(ApplyField{{define("m", "ridge"), define("b", "ridge")}, {}, {}});
  EXPECT_EQ(rig.node("early").fleet.str(), "b");
  rig.apply(ApplyField{{define("a", "ridge"), define("c", "shore")}, {}, {}});
  EXPECT_EQ(rig.node("early").fleet.str(), "b");
  rig.enrol("late", {{"site", "ridge"}});
  EXPECT_EQ(rig.node("late").fleet.str(), "a");
  rig.enrol("none", {{"site", "desert"}});
  EXPECT_TRUE(rig.node("none").fleet.empty());
  EXPECT_EQ(rig.problems(), "");
}

TEST(Nodes, ANodeWhoseChipTheCurrentReleaseWasNotBuiltForGetsNothing) {
  EdgeRig rig;
  rig.fleet("ridge", 0);
  Manifest manifest = release("smoke-1").manifest;
  manifest.chips = {ChipName("dx-m1")};
  rig.apply(ApplyField{{}, {release(manifest)}, {rollout("r", "ridge", "smoke-1")}});
  rig.enrol("a", {{"fleet", "ridge"}}, "dx-m1");
  rig.enrol("b", {{"fleet", "ridge"}}, "aries");
  EXPECT_EQ(rig.given("a"), "smoke-1/");
  EXPECT_EQ(rig.given("b"), "/");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Nodes, ARevokedNodeIsWorthNothingAndItsNameIsFreeOnceItIsRemoved) {
  Codes rig;
  rig.fleet("ridge", 1);
  rig.apply(ApplyField{{}, {release("smoke-1")}, {rollout("r", "ridge", "smoke-1")}});
  EXPECT_EQ(rig.running("cam-00"), "smoke-1");
  EXPECT_EQ(rig.rejection(RevokeNode{NodeName("cam-00"), "stolen", false}), "");
  EXPECT_EQ(rig.running("cam-00"), "");
  EXPECT_EQ(rig.rejection(rig.report("cam-00")), "revoked");
  EXPECT_NE(rig.state().node_by(rig.node("cam-00").credential), nullptr);
  EXPECT_FALSE(rig.state().revision(rig.node("cam-00")).has_value());
  rig.make("again");
  EXPECT_EQ(rig.rejection(rig.enrolment("cam-00", "again")), "name-taken");
  EXPECT_EQ(rig.rejection(RevokeNode{NodeName("cam-00"), "", false}), "");
  EXPECT_EQ(rig.fact_names(), "");
  EXPECT_EQ(rig.rejection(RevokeNode{NodeName("cam-00"), "", true}), "");
  ASSERT_EQ(rig.handed().size(), 1U);
  EXPECT_NE(rig.handed().front().as<RemoveNode>(), nullptr);
  EXPECT_EQ(rig.rejection(RevokeNode{NodeName("cam-00"), "", true}), "not-found");
  EXPECT_EQ(rig.rejection(rig.enrolment("cam-00", "again")), "");
  EXPECT_EQ(rig.problems(), "");
}

TEST(Nodes, WhatRemovedNodesCountedStaysWithTheirFleetByChip) {
  EdgeRig rig;
  rig.fleet("ridge", 3);
  rig.enrol("other", {{"fleet", "ridge"}}, "aries");
  rig.enrol("nowhere", {{"fleet", "none"}});
  for (const char* name : {"cam-00", "cam-01", "cam-02", "other", "nowhere"}) {
    ReportField said = rig.report(name);
    said.counters = {seconds(90), 30, 2, 1};
    rig.apply(said);
  }
  for (const char* name : {"cam-00", "cam-01", "other", "nowhere"}) {
    rig.apply(RevokeNode{NodeName(name), "sold", true});
  }
  const auto& removed = rig.state().fleets.at(FleetName("ridge")).removed;
  ASSERT_EQ(removed.size(), 2U);
  EXPECT_EQ(removed[0].chip.str(), "dx-m1");
  EXPECT_TRUE(removed[0].emulated);
  EXPECT_EQ(removed[0].counters.up, seconds(180));
  EXPECT_EQ(removed[0].counters.inferences, 60);
  EXPECT_EQ(removed[0].counters.restarts, 4);
  EXPECT_EQ(removed[0].counters.events_dropped, 2);
  EXPECT_EQ(removed[1].chip.str(), "aries");
  EXPECT_EQ(removed[1].counters.inferences, 30);
  rig.restart(rig.now());
  EXPECT_EQ(rig.state().fleets.at(FleetName("ridge")).removed.size(), 2U);
  EXPECT_EQ(rig.problems(), "");
}

TEST(Nodes, ARevokedNodeDoesNotComeBackWithItsOldCode) {
  Codes rig;
  rig.make("one");
  const EnrolNode command = rig.enrolment("cam", "one");
  rig.apply(command);
  rig.apply(RevokeNode{NodeName("cam"), "stolen", false});
  EXPECT_EQ(rig.rejection(command), "revoked");
  rig.apply(RevokeNode{NodeName("cam"), "stolen", true});
  EXPECT_EQ(rig.rejection(command), "enrolment-invalid");
  EXPECT_EQ(rig.problems(), "");
}

}  // namespace
}  // namespace duru::testing
