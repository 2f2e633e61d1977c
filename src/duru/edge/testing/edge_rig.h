// EdgeRig: the module with a clock that the test sets and a stand-in for the core, which keeps what
// was handed over and refuses where a test says so. It asks after every fact whether all that must
// hold does (invariants.h), and lets no unproven release onto more nodes than the waves that began.
//
//   EdgeRig rig;
//   rig.fleet("ridge", 10);                        // cam-00 … cam-09, labelled fleet=ridge
//   rig.apply(ApplyField{{}, {release("smoke-2")}, {rollout("r", "ridge", "smoke-2")}});
//   rig.serve("cam-00");                           // it says: I serve what I was given
//   rig.run_until(rig.now() + minutes(10));
//   EXPECT_EQ(rig.problems(), "");
#pragma once

#include "duru/edge/edge_module.h"

namespace duru::testing {

// A release whose manifest is well; built for any chip.
Release release(const std::string& name);
// The same with another manifest: digest and name are made to fit.
Release release(Manifest manifest);
Rollout rollout(const std::string& name, const std::string& fleet, const std::string& release);
Wave share(std::int64_t percent);
Wave count(std::int32_t nodes);

class EdgeRig : public Decision {
 public:
  static constexpr Timestamp kStart = Timestamp(1'800'000'000'000);

  // --- time ---
  void advance(Milliseconds by) { now_ = now_ + by; }
  // Ticks at every deadline up to then, as a server would.
  void run_until(Timestamp then);
  // The server was last alive at `alive_at` and starts now, from a snapshot.
  void restart(Timestamp alive_at);
  // Takes over another rig's time and state, by way of a snapshot.
  void continue_from(const EdgeRig& other);

  // --- inputs ---
  // Decides; what came of it is in facts() and handed() until the next call.
  Outcome apply(const Message& input);
  // The same; a rejection is a problem.
  void take(const Message& input);
  // The rejection's type; "" when it was accepted.
  std::string rejection(const Message& input);

  // A code, made and used at once.
  void enrol(const std::string& node, const std::map<std::string, std::string>& labels,
             const std::string& chip = "dx-m1");
  EnrolNode enrolment(const std::string& node, const std::string& code) const;
  // A fleet that selects fleet=NAME, and so many nodes of it.
  void fleet(const std::string& name, int nodes);

  // What a node says of the revision that it was given.
  ReportField report(const std::string& node) const;
  void say(const std::string& node, FieldPhase phase, const std::string& serving,
           const std::string& detail = "");
  void serve(const std::string& node);    // what it was given
  void serve_all();                       // every node that has something
  void fail(const std::string& node);     // nothing serves
  void go_back(const std::string& node);  // returned to the previous release by itself
  void lose(const std::string& node);     // it is called lost
  void hear(const std::string& node);     // it is called back

  // --- what came of it ---
  const EdgeState& state() const { return edge_.state(); }
  const EdgeModule& module() const { return edge_; }
  const FieldNodeRecord& node(const std::string& name) const;
  const RolloutRecord& rollout(const std::string& name) const;
  // "smoke-2/smoke-1": what it is to run and its way back.
  std::string given(const std::string& node) const;
  const std::vector<Message>& facts() const { return facts_; }
  std::string fact_names() const;  // with spaces between
  std::string fact_texts() const;  // a line each
  const std::vector<Message>& handed() const { return handed_; }
  // What is handed over of that node is refused from now on: all of it, or its services alone.
  void refuse(const std::string& node) {
    refused_nodes_.insert(NodeName(node));
    refuse_services(node);
  }
  void refuse_services(const std::string& node) { refused_services_.insert(NodeName(node)); }
  void accept(const std::string& node) {
    refused_nodes_.erase(NodeName(node));
    refused_services_.erase(NodeName(node));
  }
  // What the core was told to run there: a release's name, "" for nothing.
  std::string running(const std::string& node) const;
  // Off: nothing is checked until it is on again, for fields of thousands.
  void check(bool on);
  // All that ever failed to hold, a line each; "" when nothing did.
  const std::string& problems() const { return problems_; }

  void emit(Message fact) override;
  Timestamp now() const override { return now_; }
  std::size_t fact_count() const override { return facts_.size(); }
  const std::string& principal() const override { return principal_; }
  Outcome hand_over(const Message& command) override;

 private:
  // Counted from the facts alone, apart from the module's own counts.
  struct Watched {
    std::string release;
    std::set<NodeName> allowed;  // of waves that began, and proven before
    std::vector<NodeName> nodes;
    std::vector<std::int32_t> sizes;
    std::size_t begun = 0;
  };
  void watch(const Message& fact);
  void problem(const std::string& what) { problems_ += what + "\n"; }

  EdgeModule edge_;
  Timestamp now_ = kStart;
  std::string principal_ = "operator";
  std::int64_t seq_ = 0;
  std::vector<Message> facts_;
  std::vector<Message> handed_;
  std::set<NodeName> refused_nodes_, refused_services_;
  std::map<std::string, std::string> services_;  // workload -> release
  std::map<std::string, NodeName> service_nodes_;
  std::map<std::string, std::int64_t> revisions_;  // by node, the last
  std::map<RolloutName, Watched> watched_;
  int codes_ = 0;
  bool checks_ = true;
  std::string problems_;
};

}  // namespace duru::testing
