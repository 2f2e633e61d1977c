#include "duru/loop/core_module.h"

#include "duru/base/wire.h"
#include "duru/core/core.h"

namespace duru {

Outcome CoreModule::decide(const Message& input, Decision& decision) {
  Tx tx(state_, decision, decision.principal());
  return duru::decide(tx, input);
}

void CoreModule::evolve(const Message& fact, const FactContext& context) {
  duru::evolve(state_, fact, context);
}

std::optional<Timestamp> CoreModule::next_deadline(Timestamp now) const {
  return duru::next_deadline(state_, now);
}

std::string CoreModule::snapshot() const { return encode(state_.record()); }

Status CoreModule::restore(std::string_view bytes) {
  Result<StateRecord> record = duru::decode<StateRecord>(bytes);
  if (!record.ok()) return record.error();
  state_ = State::from_record(std::move(record.value()));
  return ok_status();
}

}  // namespace duru
