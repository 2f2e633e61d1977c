#include "duru/edge/nodes.h"

#include <algorithm>

#include "duru/domain/commands.h"
#include "duru/edge/check.h"
#include "duru/edge/give.h"
#include "duru/edge/rollouts.h"

namespace duru {
namespace {

constexpr Milliseconds kCodeValidMax = hours(24 * 30);

Site site() {
  Site site;
  site.name = SiteName(kFieldSite);
  site.engine = "agent";
  site.capabilities.binds_devices = true;
  site.capabilities.adopt = true;
  site.capabilities.pinned_services_only = true;
  return site;
}

Rejection bad_code(const std::string& detail) {
  return {"enrolment-invalid", detail, "duru enrol prints a new code", "/code"};
}

Rejection check_node(const EdgeState& state, const EnrolNode& command) {
  const Node& node = command.node;
  if (!is_valid_name(node.name.str())) {
    return invalid("/node/name", "\"" + node.name.str() + "\" is no name",
                   "give 1 to 63 of A-Z a-z 0-9 . _ -, a letter or digit first");
  }
  if (state.nodes.count(node.name) > 0) {
    return {"name-taken", "there is a node " + node.name.str() + " already",
            "give another name, or duru revoke node " + node.name.str() + " --remove",
            "/node/name"};
  }
  if (command.service.empty()) return invalid("/service", "it is empty", "draw an id");
  if (node.cpu.value < 0 || node.memory.value < 0) {
    return invalid("/node", "its cpu or memory is negative", "give what it has");
  }
  for (const Accelerator& accelerator : node.accelerators) {
    if (accelerator.chip == node.accelerators.front().chip) continue;
    return invalid("/node/accelerators", "they are of several chips",
                   "enrol the node with the accelerators of one chip");
  }
  const bool has_chip =
      node.accelerators.empty() ||
      std::any_of(command.chips.begin(), command.chips.end(),
                  [&](const Chip& chip) { return chip.name == node.accelerators.front().chip; });
  if (!has_chip) return invalid("/chips", "the node's chip is not there", "name a known chip");
  return {};
}

}  // namespace

Rejection check_code(const EdgeState& state, const Digest& code, const Digest& credential,
                     Timestamp now) {
  if (const FieldNodeRecord* known = state.node_by(credential)) {
    if (known->code != code) return bad_code("the credential is another node's");
    if (!known->revoked) return {};
    return {"revoked", "node " + known->name.str() + " was revoked", "duru enrol prints a new code",
            "/code"};
  }
  const auto made = state.enrolments.find(code);
  if (made == state.enrolments.end()) return bad_code("the code is unknown, or was used");
  if (made->second.valid_until > now) return {};
  return {"enrolment-expired",
          "the code was valid until " + format_timestamp(made->second.valid_until),
          "duru enrol prints a new code", "/code"};
}

Outcome decide_make_enrolment(EdgeTx& tx, const MakeEnrolment& command) {
  if (std::string fault = fault_in_labels(command.labels); !fault.empty()) {
    return invalid("/labels", fault, "give --label site=ridge");
  }
  if (command.valid_for.value <= 0 || command.valid_for > kCodeValidMax) {
    return invalid("/valid_for", "is not above 0 and at most 30d", "give a span like 1h");
  }
  if (tx.state().enrolments.count(command.code) > 0) {
    return invalid("/code", "the code was made already", "draw another");
  }
  tx.emit(EnrolmentMade{command.code, command.labels, tx.now() + command.valid_for});
  return Accepted{};
}

Outcome decide_enrol(EdgeTx& tx, const EnrolNode& command) {
  const EdgeState& state = tx.state();
  Rejection bad = check_code(state, command.code, command.credential, tx.now());
  if (!bad.empty()) return bad;
  if (state.node_by(command.credential) != nullptr) return Accepted{};
  if (Rejection rejection = check_node(state, command); !rejection.empty()) return rejection;

  Node node = command.node;
  node.site = SiteName(kFieldSite);
  node.labels = state.enrolments.at(command.code).labels;
  const Rejection refused = tx.hand_over(DefineFleet{command.chips, {site()}, {node}});
  if (!refused.empty()) return refused;
  NodeEnrolled fact;
  fact.code = command.code;
  fact.credential = command.credential;
  fact.service = command.service;
  fact.node = node.name;
  if (!node.accelerators.empty()) {
    fact.chip = node.accelerators.front().chip;
    fact.emulated = node.accelerators.front().emulated;
  }
  fact.labels = node.labels;
  fact.amount = MilliDevices(static_cast<std::int64_t>(node.accelerators.size()) * 1000);
  fact.cpu = node.cpu;
  fact.memory = node.memory;
  tx.emit(std::move(fact));
  catch_up(tx, node.name);
  return Accepted{};
}

Outcome decide_revoke(EdgeTx& tx, const RevokeNode& command) {
  const FieldNodeRecord* node = tx.state().node(command.node);
  if (node == nullptr) {
    return Rejection{"not-found", "there is no node " + command.node.str() + " in the field",
                     "duru get nodes lists them", "/node"};
  }
  if (node->revoked && !command.remove) return Accepted{};
  const RolloutRecord* in = tx.state().rollout_of(*node);
  const RolloutName rollout = in == nullptr ? RolloutName() : in->rollout.name;
  if (command.remove) {
    // What runs there ends with it. Somebody may have removed it from the core already.
    const Rejection refused = tx.hand_over(RemoveNode{command.node});
    if (!refused.empty() && refused.type != "not-found") return refused;
  } else if (!node->given.current.empty()) {
    take_away(tx, command.node);
  }
  tx.emit(NodeRevoked{command.node, command.reason, command.remove});
  if (!rollout.empty()) advance(tx, rollout);
  return Accepted{};
}

}  // namespace duru
