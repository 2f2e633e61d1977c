#include "duru/core/fleet/fleet.h"

#include <gtest/gtest.h>

#include "duru/core/testing/rig.h"

namespace duru::testing {
namespace {

class Fleet : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(rig.problems(), ""); }
  const NodeRecord& at(const char* name) const { return rig.state().nodes.at(NodeName(name)); }
  std::string marks(const char* name) const {
    std::string text;
    for (const UnhealthyMark& mark : at(name).unhealthy) {
      text += std::to_string(mark.index) + " " + mark.reason + ";";
    }
    return text;
  }
  static Node real(Node node) {
    for (Accelerator& accelerator : node.accelerators) {
      accelerator.emulated = false;
      accelerator.pci_address = "0000:0" + std::to_string(accelerator.index) + ":00.0";
    }
    return node;
  }
  Rig rig{{node("a", kH100, 4), node("b", kAries, 2)}};
};

TEST_F(Fleet, OnlyWhatDiffersBecomesFacts) {
  rig.fleet({node("a", kH100, 4), node("b", kAries, 2)});
  EXPECT_EQ(rig.fact_names(), "");
  rig.fleet({node("a", kH100, 5)});
  EXPECT_EQ(rig.fact_names(), "node_defined");
  EXPECT_EQ(at("b").node.accelerators.size(), 2U) << "what is not named stays";
}

TEST_F(Fleet, ANodeKeepsWhenItJoined) {
  rig.advance(hours(1));
  rig.fleet({node("a", kH100, 5), node("c", kH100, 1)});
  EXPECT_EQ(at("a").joined_at, Rig::kStart);
  EXPECT_EQ(at("c").joined_at, rig.now());
}

TEST_F(Fleet, AnEmulatedAcceleratorThatIsNotListedIsGoneUnlessItIsHeld) {
  const JobId id = rig.submit(gpu_job("j", 2));
  rig.fleet({node("a", kH100, 1)});
  EXPECT_EQ(at("a").node.accelerators.size(), 2U) << "number 1 is held";
  EXPECT_EQ(marks("a"), "1 not found at the start;");
  rig.finish(id, 0);
  rig.fleet({node("a", kH100, 1)});
  EXPECT_EQ(at("a").node.accelerators.size(), 1U);
  EXPECT_EQ(marks("a"), "");
}

TEST_F(Fleet, ARealAcceleratorThatIsNotFoundIsUnhealthyUntilItIsFoundAgain) {
  rig.fleet({real(node("r", kA100, 2))});
  rig.fleet({real(node("r", kA100, 1))});
  EXPECT_EQ(marks("r"), "1 not found at the start;");
  EXPECT_EQ(at("r").node.accelerators.size(), 2U);
  rig.fleet({real(node("r", kA100, 1))});
  EXPECT_EQ(rig.fact_names(), "");
  rig.fleet({real(node("r", kA100, 2))});
  EXPECT_EQ(marks("r"), "");
}

TEST_F(Fleet, AMarkThatAPersonMadeStaysOverAStart) {
  rig.fleet({real(node("r", kA100, 2))});
  rig.apply(MarkAccelerator{{NodeName("r"), 0}, false, "hot"});
  rig.fleet({real(node("r", kA100, 2))});
  EXPECT_EQ(marks("r"), "0 hot;");
}

TEST_F(Fleet, NodesAreCordonedAndUncordoned) {
  EXPECT_TRUE(rig.rejection(CordonNode{NodeName("a"), "cleaning"}).empty());
  EXPECT_EQ(at("a").cordon_reason, "cleaning");
  EXPECT_EQ(rig.job(rig.submit(gpu_job("j"))).state, JobState::kQueued);
  rig.apply(CordonNode{NodeName("a"), "again"});
  EXPECT_EQ(rig.fact_names(), "");
  rig.apply(UncordonNode{NodeName("a")});
  EXPECT_EQ(rig.fact_names(), "node_uncordoned attempt_started");
  rig.apply(UncordonNode{NodeName("a")});
  EXPECT_EQ(rig.fact_names(), "");
}

TEST_F(Fleet, ADrainMayBeMadeShorterAndIsTakenBackByUncordon) {
  rig.apply(DrainNode{NodeName("a"), hours(1), "disks"});
  EXPECT_TRUE(at("a").draining && at("a").cordoned);
  rig.apply(DrainNode{NodeName("a"), hours(2), "disks"});
  EXPECT_EQ(rig.fact_names(), "");
  rig.apply(DrainNode{NodeName("a"), minutes(1), "fire"});
  EXPECT_EQ(at("a").stop_at, rig.now() + minutes(1));
  rig.apply(UncordonNode{NodeName("a")});
  EXPECT_FALSE(at("a").draining || at("a").cordoned);
  EXPECT_EQ(at("a").stop_at, Timestamp());
}

TEST_F(Fleet, ADrainsGraceIsBounded) {
  EXPECT_EQ(rig.rejection(DrainNode{NodeName("a"), seconds(-1), ""}).pointer, "/grace");
  EXPECT_EQ(rig.rejection(DrainNode{NodeName("a"), Milliseconds(INT64_MAX), ""}).pointer, "/grace");
}

TEST_F(Fleet, AnUnknownNodeOrAcceleratorIsRejectedWithThoseThatAre) {
  const NodeName unknown("x");
  for (const Message& command :
       {Message(CordonNode{unknown, ""}), Message(UncordonNode{unknown}),
        Message(DrainNode{unknown, seconds(1), ""}), Message(RemoveNode{unknown})}) {
    const Rejection rejection = rig.rejection(command);
    EXPECT_EQ(rejection.type, "not-found");
    EXPECT_EQ(rejection.help, "nodes are: a, b");
  }
  for (const AcceleratorId& id : {AcceleratorId{unknown, 0}, AcceleratorId{NodeName("a"), 4}}) {
    EXPECT_EQ(rig.rejection(MarkAccelerator{id, true, ""}).type, "not-found");
  }
}

TEST_F(Fleet, ANodeWithWorkIsNotRemoved) {
  const JobId id = rig.submit(gpu_job("j"));
  EXPECT_EQ(rig.rejection(RemoveNode{NodeName("a")}).type, "node-in-use");
  rig.finish(id, 0);
  EXPECT_TRUE(rig.rejection(RemoveNode{NodeName("a")}).empty());
  EXPECT_EQ(rig.state().nodes.count(NodeName("a")), 0U);
  EXPECT_EQ(rig.rejection(gpu_job("k")).type, "infeasible");
}

TEST_F(Fleet, ANodeWhoseGangStillRunsElsewhereIsNotRemoved) {
  rig.fleet({node("c", kH100, 4)});
  const JobId id = rig.submit(gpu_job("gang", 4, 2));
  rig.end(id, rig.exited(0), 0);
  rig.release(id, 0);
  EXPECT_EQ(rig.rejection(RemoveNode{NodeName("a")}).type, "node-in-use");
  rig.end(id, rig.exited(0), 1);
  rig.release(id, 1);
  EXPECT_EQ(rig.job(id).state, JobState::kSucceeded);
  EXPECT_TRUE(rig.rejection(RemoveNode{NodeName("a")}).empty());
}

TEST_F(Fleet, AnUnhealthyAcceleratorKeepsItsWorkAndTakesNone) {
  const JobId id = rig.submit(gpu_job("j"));
  const AcceleratorId held{NodeName("a"), 0};
  EXPECT_EQ(rig.rejection(MarkAccelerator{held, false, ""}).pointer, "/reason");
  rig.apply(MarkAccelerator{held, false, "hot"});
  rig.apply(MarkAccelerator{held, false, "hotter"});
  EXPECT_EQ(rig.fact_names(), "");
  EXPECT_EQ(rig.job(id).state, JobState::kStarting);
  rig.finish(id, 0);
  EXPECT_EQ(rig.job(rig.submit(gpu_job("k", 4))).state, JobState::kQueued);
  rig.apply(MarkAccelerator{held, true, "cooled"});
  EXPECT_EQ(rig.fact_names(), "accelerator_marked attempt_started");
}

TEST_F(Fleet, ANodeThatIsDownTakesNoWorkAndKeepsItsOwn) {
  const JobId id = rig.submit(gpu_job("j"));
  rig.apply(NodeObserved{NodeName("a"), false, "no answer"});
  EXPECT_EQ(rig.fact_names(), "node_reported");
  rig.apply(NodeObserved{NodeName("a"), false, "no answer"});
  EXPECT_EQ(rig.fact_names(), "");
  EXPECT_EQ(rig.job(id).state, JobState::kStarting);
  const JobId waiting = rig.submit(gpu_job("k"));
  EXPECT_EQ(rig.job(waiting).state, JobState::kQueued);
  rig.apply(NodeObserved{NodeName("a"), true, ""});
  EXPECT_EQ(rig.job(waiting).state, JobState::kStarting);
  rig.apply(NodeObserved{NodeName("x"), false, ""});
  EXPECT_EQ(rig.fact_names(), "");
}

TEST_F(Fleet, AChipsPriceMayChange) {
  std::vector<Chip> dearer = chips();
  dearer[0].price = MicroCredits(9'000'000);
  rig.apply(DefineFleet{dearer, {}, {}});
  EXPECT_EQ(rig.fact_names(), "chip_defined");
  EXPECT_EQ(rig.state().chips.at(ChipName(std::string(kH100))).price, MicroCredits(9'000'000));
}

TEST_F(Fleet, ANodeOfThatNameAtAnotherSiteIsRefusedAndStaysWhereItIs) {
  Site other = site();
  other.name = SiteName("field");
  Node moved = node("a", kH100, 4);
  moved.site = other.name;
  const Rejection rejection = rig.rejection(DefineFleet{chips(), {other}, {moved}, false});
  EXPECT_EQ(rejection.type, "name-taken");
  EXPECT_EQ(rejection.pointer, "/nodes/0/name");
  EXPECT_EQ(at("a").node.site, site().name);
}

TEST_F(Fleet, AnAcceleratorsIndexIsNotNegativeAndStandsOnceAsANodeDoes) {
  const auto refused = [&](const Node& found, const std::vector<Node>& more = {}) {
    std::vector<Node> nodes = {found};
    nodes.insert(nodes.end(), more.begin(), more.end());
    const Rejection rejection = rig.rejection(DefineFleet{chips(), {site()}, nodes, false});
    EXPECT_EQ(rejection.type, "invalid");
    return rejection.pointer;
  };
  Node twice = node("n", kH100, 2);
  twice.accelerators[1].index = 0;
  EXPECT_EQ(refused(twice), "/nodes/0/accelerators/1/index");
  Node negative = node("n", kH100, 1);
  negative.accelerators[0].index = -1;
  EXPECT_EQ(refused(negative), "/nodes/0/accelerators/0/index");
  EXPECT_EQ(refused(node("n", kH100, 1), {node("n", kH100, 1)}), "/nodes/1/name");
  EXPECT_EQ(rig.state().nodes.count(NodeName("n")), 0U);
}

TEST_F(Fleet, ANodeThatHasLeftIsRemovedWhenItHoldsNothingAndElseCordonedUntilItIsBack) {
  const auto found = [&](const std::vector<Node>& nodes) {
    rig.apply(DefineFleet{chips(), {site()}, nodes, true});
  };
  const JobId id = rig.submit(gpu_job("j"));
  found({node("c", kH100, 1)});
  EXPECT_EQ(rig.state().nodes.count(NodeName("b")), 0U);
  EXPECT_TRUE(at("a").cordoned);
  EXPECT_EQ(at("a").cordon_reason, "no longer in the fleet");
  EXPECT_EQ(rig.job(id).state, JobState::kStarting) << "its work goes on";
  found({node("a", kH100, 4), node("c", kH100, 1)});
  EXPECT_FALSE(at("a").cordoned);
  found({node("c", kH100, 1)});
  rig.finish(id, 0);
  found({node("c", kH100, 1)});
  EXPECT_EQ(rig.state().nodes.count(NodeName("a")), 0U);
}

TEST_F(Fleet, ARealNodeThatHasLeftIsNotForgottenAndAPersonsCordonStays) {
  Node machine = real(node("machine", kH100, 1));
  machine.emulated = false;
  rig.fleet({machine});
  rig.apply(CordonNode{NodeName("machine"), "cleaning"});
  rig.apply(DefineFleet{chips(), {site()}, {}, true});
  EXPECT_EQ(at("machine").cordon_reason, "cleaning");
  rig.fleet({machine});
  EXPECT_TRUE(at("machine").cordoned);
}

TEST_F(Fleet, ADrainStaysOverAStart) {
  rig.apply(DrainNode{NodeName("a"), minutes(1), "disks"});
  rig.advance(minutes(2));
  rig.restart(rig.now());
  rig.apply(DefineFleet{chips(), {site()}, {node("a", kH100, 4), node("b", kAries, 2)}, true});
  EXPECT_TRUE(at("a").draining && at("a").cordoned);
  EXPECT_EQ(at("a").cordon_reason, "disks");
}

TEST_F(Fleet, ACordonTakesNothingFromADrainAndADrainThatSaysNothingKeepsTheReason) {
  rig.apply(CordonNode{NodeName("a"), "noisy"});
  rig.apply(DrainNode{NodeName("a"), hours(1), ""});
  EXPECT_EQ(at("a").cordon_reason, "noisy");
  rig.apply(DrainNode{NodeName("a"), minutes(1), "disks"});
  const Timestamp stop_at = at("a").stop_at;
  rig.apply(CordonNode{NodeName("a"), "later"});
  EXPECT_TRUE(at("a").draining);
  EXPECT_EQ(at("a").cordon_reason, "disks");
  EXPECT_EQ(at("a").stop_at, stop_at);
}

TEST_F(Fleet, AReasonIsBounded) {
  const std::string endless(257, 'x');
  const NodeName name("a");
  for (const Message& command :
       {Message(CordonNode{name, endless}), Message(DrainNode{name, seconds(1), endless}),
        Message(MarkAccelerator{{name, 0}, false, endless}), Message(EndAllWork{endless})}) {
    EXPECT_EQ(rig.rejection(command).pointer, "/reason");
  }
}

}  // namespace
}  // namespace duru::testing
