#include "duru/scenario/field_run.h"

#include "duru/scenario/script.h"

namespace duru {
namespace {

constexpr MilliCpu kCpu(4000);
constexpr Bytes kMemory(std::int64_t{4} << 30);

template <class E>
std::string text_of(E value) {
  for (const EnumName& entry : type_of<E>().enum_names) {
    if (entry.value == static_cast<std::int64_t>(value)) return std::string(entry.name);
  }
  return "?";
}

ScenarioRolloutState state_of(const RolloutRecord& rollout) {
  switch (rollout.outcome) {
    case RolloutOutcome::kCompleted:
      return ScenarioRolloutState::kCompleted;
    case RolloutOutcome::kReturned:
      return ScenarioRolloutState::kReturned;
    case RolloutOutcome::kStopped:
      return ScenarioRolloutState::kStopped;
    case RolloutOutcome::kNone:
      break;
  }
  return rollout.paused ? ScenarioRolloutState::kPaused : ScenarioRolloutState::kRunning;
}

}  // namespace

FieldTimes field_times(const ScenarioFieldTimes& times) {
  FieldTimes out;
  out.fetch = times.fetch.value_or(out.fetch);
  out.start = times.start.value_or(out.start);
  out.give_up = times.give_up.value_or(out.give_up);
  out.unwell = times.unwell.value_or(out.unwell);
  out.boot = times.boot.value_or(out.boot);
  return out;
}

ApplyField apply_of(const ScenarioApply& apply) {
  ApplyField command{apply.fleets, {}, apply.rollouts};
  for (const std::string& name : apply.releases) {
    command.releases.push_back(simulated_release(name));
  }
  return command;
}

Status FieldRun::enrol(const std::map<std::string, ScenarioAgent>& agents) {
  for (const auto& [name, agent] : agents) {
    EnrollingNode node{NodeName(name),
                       agent.labels,
                       {},
                       1,
                       agent.cpu.value_or(kCpu),
                       agent.memory.value_or(kMemory)};
    if (!agent.chip.empty()) {
      Result<Chip> chip = chip_named(agent.chip);
      if (!chip.ok()) return chip.error();
      node.chip = std::move(chip.value());
    }
    const Reply reply = world_.enrol(node);
    if (reply.kind != Reply::Kind::kAccepted) {
      return Error{ErrorCode::kInvalid, "node " + name + ": " + reply.rejection.detail, false,
                   false};
    }
  }
  return ok_status();
}

bool FieldRun::happens_to_nodes(const ScenarioInput& input) {
  return input.enrol || input.link || input.reboot || input.probe || input.slow || input.event ||
         input.syncs;
}

Result<NodeName> FieldRun::node(const std::string& name) const {
  if (world_.agents().has(NodeName(name))) return NodeName(name);
  return Error{ErrorCode::kNotFound, "there is no node " + name + " in the field", false, false};
}

Status FieldRun::take(const ScenarioInput& input) {
  if (input.enrol) return enrol(*input.enrol);
  SimulatedField& agents = world_.agents();
  if (input.probe) {
    agents.set_probe(input.probe->release, input.probe->ok);
    return ok_status();
  }
  if (input.syncs) {
    const ScenarioSyncs& syncs = *input.syncs;
    agents.set_sync_faults({syncs.lost, syncs.reply_lost, syncs.doubled, syncs.late});
    return ok_status();
  }
  const Result<NodeName> to = node(input.link     ? input.link->node
                                   : input.slow   ? input.slow->node
                                   : input.reboot ? *input.reboot
                                                  : *input.event);
  if (!to.ok()) return to.error();
  if (input.link) agents.set_link(to.value(), input.link->up);
  if (input.slow) agents.slow(to.value(), input.slow->by);
  if (input.reboot) agents.reboot(to.value());
  if (input.event) agents.raise(to.value(), R"({"alarm":true})");
  return ok_status();
}

void FieldRun::differ(const std::string& what, const std::string& wanted, const std::string& got) {
  if (wanted == got) return;
  differences_.push_back("at " + format_duration(since(world_.now(), started_at_)) + " " + what +
                         " is " + got + ", not " + wanted);
}

void FieldRun::compare(const ExpectedRollout& expected) {
  const RolloutRecord* rollout = world_.field().rollout(RolloutName(expected.rollout));
  const std::string what = "rollout " + expected.rollout;
  if (rollout == nullptr) return differ(what, "there", "not there");
  const std::string reason = rollout->paused ? rollout->pause_reason : rollout->reason;
  differ(what, text_of(expected.state), text_of(state_of(*rollout)));
  if (expected.waves) {
    differ(what + ": waves that began", std::to_string(*expected.waves),
           std::to_string(rollout->started));
  }
  if (expected.reason && reason.find(*expected.reason) == std::string::npos) {
    differ(what + ": reason", *expected.reason, reason);
  }
}

void FieldRun::compare(const ExpectedAgent& expected) {
  const FieldNodeRecord* node = world_.field().node(NodeName(expected.node));
  const std::string what = "node " + expected.node + ": ";
  if (node == nullptr) return differ(what, "enrolled", "not there");
  if (expected.serving) {
    differ(what + "what serves", *expected.serving, world_.agents().serving(node->name));
  }
  if (expected.known)
    differ(what + "what is known to serve", *expected.known, node->reported.serving);
  if (expected.phase) {
    differ(what + "phase", text_of(*expected.phase), text_of(node->reported.phase));
  }
  if (expected.lost) {
    const auto in_core = world_.state().nodes.find(node->name);
    const bool lost = in_core != world_.state().nodes.end() && in_core->second.down;
    differ(what + "lost", *expected.lost ? "true" : "false", lost ? "true" : "false");
  }
}

void FieldRun::compare(const std::map<std::string, std::int64_t>& events) {
  for (const auto& [name, count] : events) {
    const FieldNodeRecord* node = world_.field().node(NodeName(name));
    const std::int64_t recorded =
        node == nullptr ? 0 : node->reported.last_event - node->reported.events_skipped;
    differ("events of " + name, std::to_string(count), std::to_string(recorded));
  }
}

}  // namespace duru
