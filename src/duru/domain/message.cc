#include "duru/domain/message.h"

#include "duru/base/json.h"
#include "duru/base/record_macros.h"
#include "duru/base/wire.h"

namespace duru {

DURU_RECORD(StoredMessage, (1, kind), (2, version), (3, body))

const std::vector<const Kind*>& fact_kinds();         // facts.cc
const std::vector<const Kind*>& command_kinds();      // commands.cc
const std::vector<const Kind*>& observation_kinds();  // observations.cc

std::vector<const Kind*> all_kinds(Family family) {
  switch (family) {
    case Family::kFact:
      return fact_kinds();
    case Family::kCommand:
      return command_kinds();
    case Family::kObservation:
      return observation_kinds();
  }
  return {};
}

Result<const Kind*> find_kind(Family family, std::int32_t number, std::int32_t version) {
  const std::vector<const Kind*>& kinds = family == Family::kFact      ? fact_kinds()
                                          : family == Family::kCommand ? command_kinds()
                                                                       : observation_kinds();
  for (const Kind* kind : kinds) {
    if (kind->number != number) continue;
    if (kind->version == version) return kind;
    return Error{ErrorCode::kUnsupported,
                 std::string(kind->name) + " of version " + std::to_string(version) +
                     "; this build knows version " + std::to_string(kind->version)};
  }
  static constexpr std::string_view kFamilies[] = {"fact", "command", "observation"};
  return Error{ErrorCode::kUnsupported, std::string(kFamilies[static_cast<int>(family)]) +
                                            " of unknown kind " + std::to_string(number) +
                                            "; it was written by a newer version of Duru"};
}

StoredMessage store(const Message& message) {
  StoredMessage stored{message.kind().number, message.kind().version, ""};
  encode_into(message.kind().type(), message.body(), stored.body);
  return stored;
}

Result<Message> load(Family family, const StoredMessage& stored) {
  Result<const Kind*> kind = find_kind(family, stored.kind, stored.version);
  if (!kind.ok()) return kind.error();
  std::shared_ptr<void> body = kind.value()->make();
  DURU_TRY(decode_into(kind.value()->type(), stored.body, body.get()));
  return Message(*kind.value(), std::move(body));
}

std::string to_text(const Message& message) {
  std::string out = "{\"kind\":\"" + std::string(message.kind().name) + "\",\"body\":";
  write_json(message.kind().type(), message.body(), JsonForm::kSparse, out);
  return out + "}";
}

}  // namespace duru
