#include "duru/edge/edge_module.h"

#include "duru/base/wire.h"
#include "duru/domain/observations.h"
#include "duru/edge/apply.h"
#include "duru/edge/evolve.h"
#include "duru/edge/nodes.h"
#include "duru/edge/report.h"
#include "duru/edge/rollouts.h"
#include "duru/edge/silence.h"

namespace duru {

Outcome EdgeModule::decide(const Message& input, Decision& decision) {
  EdgeTx tx(state_, decision);
  if (const auto* c = input.as<ReportField>()) return decide_report(tx, *c);
  if (const auto* c = input.as<ApplyField>()) return decide_apply(tx, *c);
  if (const auto* c = input.as<RemoveRelease>()) return decide_remove_release(tx, *c);
  if (const auto* c = input.as<SteerRollout>()) return decide_steer(tx, *c);
  if (const auto* c = input.as<MakeEnrolment>()) return decide_make_enrolment(tx, *c);
  if (const auto* c = input.as<EnrolNode>()) return decide_enrol(tx, *c);
  if (const auto* c = input.as<RevokeNode>()) return decide_revoke(tx, *c);
  if (const auto* o = input.as<NodeObserved>()) decide_node_observed(tx, *o);
  if (input.as<Tick>() != nullptr) decide_tick(tx);
  return Accepted{};
}

void EdgeModule::evolve(const Message& fact, const FactContext& context) {
  duru::evolve(state_, fact, context);
}

std::optional<Timestamp> EdgeModule::next_deadline(Timestamp now) const {
  return duru::next_deadline(state_, now);
}

std::string EdgeModule::snapshot() const { return encode(state_.record()); }

Status EdgeModule::restore(std::string_view bytes) {
  Result<EdgeStateRecord> record = duru::decode<EdgeStateRecord>(bytes);
  if (!record.ok()) return record.error();
  state_ = EdgeState::from_record(std::move(record.value()));
  return ok_status();
}

std::vector<std::unique_ptr<Module>> modules_beside_core() {
  std::vector<std::unique_ptr<Module>> modules;
  modules.push_back(std::make_unique<EdgeModule>());
  return modules;
}

}  // namespace duru
