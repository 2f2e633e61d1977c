#include "duru/agent/status.h"

#include <utility>
#include <vector>

#include "duru/agent/counter_book.h"
#include "duru/agent/enrol.h"
#include "duru/agent/spool.h"
#include "duru/base/record_macros.h"

namespace duru {

using agent::AgentStatus;

DURU_RECORD(AgentStatus, (1, node), (2, server), (3, running), (4, revision), (5, phase),
            (6, serving), (7, detail), (8, active), (9, slot_a), (10, slot_b), (11, events_waiting),
            (12, counters))

}  // namespace duru

namespace duru::agent {
namespace {

std::string name_of(const Type& type, std::int64_t value) {
  for (const EnumName& entry : type.enum_names) {
    if (entry.value == value) return std::string(entry.name);
  }
  return "";
}

}  // namespace

Result<AgentStatus> read_status(const std::string& data_path) {
  auto identity = read_identity(data_path);
  if (!identity.ok()) return identity.error();
  auto data = Folder::open(data_path);
  if (!data.ok()) return data.error();
  AgentStatus status;
  status.node = identity.value().reply->node;
  status.server = identity.value().server;
  auto lock = data.value().lock(Milliseconds(0));
  status.running = !lock.ok() && lock.error().code == ErrorCode::kConflict;
  Log log;
  auto state = load<NodeState>(data.value(), "state");
  if (state.ok()) {
    const NodeState& now = state.value();
    status.revision = now.revision ? now.revision->number : 0;
    status.phase = now.phase;
    status.serving = now.serving;
    status.detail = now.detail;
    status.active = now.active;
    if (now.a.ready) status.slot_a = now.a.release.name;
    if (now.b.ready) status.slot_b = now.b.release.name;
  } else if (state.error().code == ErrorCode::kDamaged) {
    log.say("damage: " + state.error().message + "; it counts as absent");
  } else if (state.error().code != ErrorCode::kNotFound) {
    return state.error();
  }
  auto events = Spool::summarize(data.value());
  if (!events.ok()) return events.error();
  status.events_waiting = events.value().waiting;
  status.counters = CounterBook(data.value(), log).counters();
  status.counters.events_dropped = events.value().dropped;
  return status;
}

std::string status_text(const AgentStatus& status) {
  const std::string phase = name_of(type_of<FieldPhase>(), static_cast<std::int64_t>(status.phase));
  const std::string active = name_of(type_of<SlotName>(), static_cast<std::int64_t>(status.active));
  auto release = [](const std::string& name) { return name.empty() ? "-" : name; };
  const std::vector<std::pair<std::string, std::string>> lines = {
      {"node", status.node},
      {"server", status.server},
      {"agent", status.running ? "running" : "not running"},
      {"revision", std::to_string(status.revision)},
      {"phase", phase},
      {"serving", release(status.serving)},
      {"detail", release(status.detail)},
      {"slots",
       "a: " + release(status.slot_a) + ", b: " + release(status.slot_b) + ", active: " + active},
      {"events waiting", std::to_string(status.events_waiting)},
      {"events dropped", std::to_string(status.counters.events_dropped)},
      {"up", format_duration(status.counters.up)},
      {"inferences", std::to_string(status.counters.inferences)},
      {"restarts", std::to_string(status.counters.restarts)},
  };
  std::string text;
  for (const auto& [name, value] : lines) {
    text += name + ":" + std::string(18 - name.size(), ' ') + value + "\n";
  }
  return text;
}

}  // namespace duru::agent
