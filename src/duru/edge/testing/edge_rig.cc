#include "duru/edge/testing/edge_rig.h"

#include "duru/base/json.h"
#include "duru/domain/commands.h"
#include "duru/domain/facts.h"
#include "duru/domain/observations.h"
#include "duru/edge/invariants.h"

namespace duru::testing {

Release release(Manifest manifest) {
  Release made;
  made.name = ReleaseName(manifest.release);
  made.digest = sha256(to_json(manifest, JsonForm::kSparse));
  made.signature = std::string(128, 'a');
  made.manifest = std::move(manifest);
  return made;
}

Release release(const std::string& name) {
  Manifest manifest;
  manifest.format = 1;
  manifest.release = name;
  manifest.command = {"./serve"};
  manifest.probe.command = {"./well"};
  return release(std::move(manifest));
}

Rollout rollout(const std::string& name, const std::string& fleet, const std::string& release) {
  Rollout made;
  made.name = RolloutName(name);
  made.fleet = FleetName(fleet);
  made.release = ReleaseName(release);
  return made;
}

Wave share(std::int64_t percent) { return {percent * 10'000, 0}; }
Wave count(std::int32_t nodes) { return {0, nodes}; }

void EdgeRig::run_until(Timestamp then) {
  while (true) {
    const std::optional<Timestamp> next = edge_.next_deadline(now_);
    if (!next.has_value() || *next > then) break;
    now_ = std::max(now_, *next);
    apply(Tick{});
    if (facts_.empty()) {
      problem("a deadline that stays due");
      break;
    }
  }
  now_ = then;
}

void EdgeRig::restart(Timestamp alive_at) {
  const std::string bytes = edge_.snapshot();
  edge_ = EdgeModule();
  if (!edge_.restore(bytes).ok() || edge_.snapshot() != bytes) problem("a snapshot is not whole");
  facts_.clear();
  emit(Resumed{alive_at, "boot-2", now_});
}

void EdgeRig::continue_from(const EdgeRig& other) {
  const std::string bytes = other.edge_.snapshot();
  *this = other;
  edge_ = EdgeModule();
  if (!edge_.restore(bytes).ok()) problem("a snapshot is not whole");
}

Outcome EdgeRig::apply(const Message& input) {
  facts_.clear();
  handed_.clear();
  const std::string before = checks_ ? edge_.snapshot() : "";
  Outcome outcome = edge_.decide(input, *this);
  if (checks_ && facts_.empty() && edge_.snapshot() != before)
    problem("the state changed without a fact");
  if (std::holds_alternative<Rejection>(outcome) && !facts_.empty()) {
    problem("a rejection left facts");
  }
  return outcome;
}

void EdgeRig::take(const Message& input) {
  const std::string type = rejection(input);
  if (!type.empty()) problem(std::string(input.kind().name) + " was rejected: " + type);
}

std::string EdgeRig::rejection(const Message& input) {
  const Outcome outcome = apply(input);
  const auto* rejection = std::get_if<Rejection>(&outcome);
  return rejection == nullptr ? "" : rejection->type;
}

EnrolNode EdgeRig::enrolment(const std::string& node, const std::string& code) const {
  EnrolNode command;
  command.code = sha256(code);
  command.credential = sha256("credential of " + node + code);
  command.service = make_id<JobId>(now_.value, static_cast<std::uint32_t>(codes_));
  command.node.name = NodeName(node);
  command.node.cpu = MilliCpu(4000);
  command.node.memory = Bytes(1 << 30);
  command.node.accelerators = {{0, ChipName("dx-m1"), true, ""}};
  Chip chip;
  chip.name = ChipName("dx-m1");
  command.chips = {chip};
  return command;
}

void EdgeRig::enrol(const std::string& node, const std::map<std::string, std::string>& labels,
                    const std::string& chip) {
  const std::string code = "code-" + std::to_string(++codes_);
  apply(MakeEnrolment{sha256(code), labels, hours(1)});
  EnrolNode command = enrolment(node, code);
  command.node.accelerators.front().chip = ChipName(chip);
  command.chips.front().name = ChipName(chip);
  take(command);
}

void EdgeRig::fleet(const std::string& name, int nodes) {
  Fleet fleet;
  fleet.name = FleetName(name);
  fleet.selector = {{"fleet", name}};
  fleet.cpu = MilliCpu(500);
  fleet.memory = Bytes(1 << 20);
  apply(ApplyField{{fleet}, {}, {}});
  for (int i = 0; i < nodes; ++i) {
    enrol("cam-" + std::to_string(i / 10) + std::to_string(i % 10), {{"fleet", name}});
  }
}

ReportField EdgeRig::report(const std::string& name) const {
  ReportField report;
  report.node = NodeName(name);
  report.boot_id = "boot";
  report.revision = node(name).given.revision;
  report.phase = node(name).reported.phase;
  report.serving = node(name).reported.serving;
  report.detail = node(name).reported.detail;
  report.counters = node(name).reported.counters;
  return report;
}

void EdgeRig::say(const std::string& name, FieldPhase phase, const std::string& serving,
                  const std::string& detail) {
  ReportField said = report(name);
  said.phase = phase;
  said.serving = serving;
  said.detail = detail;
  take(said);
}

void EdgeRig::serve(const std::string& name) {
  say(name, FieldPhase::kServing, node(name).given.current.str());
}

void EdgeRig::serve_all() {
  std::vector<std::string> names;
  for (const auto& [name, record] : state().nodes) {
    if (!record.given.current.empty()) names.push_back(name.str());
  }
  for (const std::string& name : names) serve(name);
}

void EdgeRig::fail(const std::string& name) {
  say(name, FieldPhase::kFailed, "", "the probe says no");
}

void EdgeRig::go_back(const std::string& name) {
  say(name, FieldPhase::kReturned, node(name).given.previous.str(), "the probe says no");
}

void EdgeRig::lose(const std::string& name) {
  take(NodeObserved{NodeName(name), false, "not heard for long"});
}

void EdgeRig::hear(const std::string& name) { take(NodeObserved{NodeName(name), true, ""}); }

const FieldNodeRecord& EdgeRig::node(const std::string& name) const {
  return state().nodes.at(NodeName(name));
}

const RolloutRecord& EdgeRig::rollout(const std::string& name) const {
  return state().rollouts.at(RolloutName(name));
}

std::string EdgeRig::given(const std::string& name) const {
  const FieldGiven& given = node(name).given;
  return given.current.str() + "/" + given.previous.str();
}

std::string EdgeRig::fact_names() const {
  std::string names;
  for (const Message& fact : facts_) {
    names += (names.empty() ? "" : " ") + std::string(fact.kind().name);
  }
  return names;
}

std::string EdgeRig::fact_texts() const {
  std::string texts;
  for (const Message& fact : facts_) texts += to_text(fact) + "\n";
  return texts;
}

std::string EdgeRig::running(const std::string& name) const {
  std::string release;
  for (const auto& [workload, node] : service_nodes_) {
    if (node.str() != name || services_.at(workload).empty()) continue;
    if (!release.empty()) return "two services";
    release = services_.at(workload);
  }
  return release;
}

Outcome EdgeRig::hand_over(const Message& command) {
  handed_.push_back(command);
  if (const auto* set = command.as<SetService>()) {
    if (refused_services_.count(set->spec.node) > 0) {
      return Rejection{"invalid-service", "there is no such node", "", ""};
    }
    services_[set->workload.str()] = set->revision.current.name;
    service_nodes_[set->workload.str()] = set->spec.node;
  } else if (const auto* end = command.as<EndService>()) {
    services_[end->workload.str()] = "";
  } else if (const auto* removed = command.as<RemoveNode>()) {
    for (const auto& [workload, node] : service_nodes_) {
      if (node == removed->node) services_[workload] = "";
    }
  } else if (const auto* fleet = command.as<DefineFleet>()) {
    for (const Node& node : fleet->nodes) {
      if (refused_nodes_.count(node.name) > 0) return Rejection{"name-taken", "elsewhere", "", ""};
    }
  }
  return Accepted{};
}

void EdgeRig::check(bool on) {
  checks_ = on;
  if (!on) return;
  for (const std::string& what : violations(edge_.state())) problem(what);
}

void EdgeRig::emit(Message fact) {
  edge_.evolve(fact, {++seq_, 1, now_});
  if (checks_) {
    for (const std::string& what : violations(edge_.state())) {
      problem("after " + to_text(fact) + ": " + what);
    }
  }
  watch(fact);
  facts_.push_back(std::move(fact));
}

void EdgeRig::watch(const Message& fact) {
  if (const auto* defined = fact.as<RolloutDefined>()) {
    Watched watched{defined->rollout.release.str(), {}, defined->nodes, defined->wave_sizes, 0};
    watched_.emplace(defined->rollout.name, std::move(watched));
  } else if (const auto* started = fact.as<WaveStarted>()) {
    Watched& watched = watched_.at(started->rollout);
    auto next = watched.nodes.begin() + static_cast<std::ptrdiff_t>(watched.allowed.size());
    const std::int32_t size = watched.sizes.at(watched.begun++);
    watched.allowed.insert(next, next + size);
  } else if (const auto* ended = fact.as<RolloutEnded>()) {
    watched_.erase(ended->rollout);
  } else if (const auto* revised = fact.as<NodeRevised>()) {
    std::int64_t& last = revisions_[revised->node.str()];
    if (revised->revision.number != last + 1) problem(revised->node.str() + " skips a revision");
    last = revised->revision.number;
    const FieldNodeRecord& node = state().nodes.at(revised->node);
    if (node.fleet.empty()) return;
    const FleetRecord& fleet = state().fleets.at(node.fleet);
    const auto watched = watched_.find(fleet.rollout);
    const std::string& release = revised->revision.current.name;
    if (watched == watched_.end() || watched->second.release != release) return;
    if (release == fleet.current.str() || watched->second.allowed.count(revised->node) > 0) return;
    problem(revised->node.str() + " has " + release + " before its wave");
  } else if (const auto* revoked = fact.as<NodeRevoked>()) {
    if (revoked->removed) revisions_.erase(revoked->node.str());
  }
}

}  // namespace duru::testing
