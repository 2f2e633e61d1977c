// What a node's disk says of itself; also while no agent runs, and while one does.
//
//   auto status = read_status("/var/lib/duru-agent");
#pragma once

#include <string>

#include "duru/agent/records.h"
#include "duru/base/result.h"

namespace duru::agent {

struct AgentStatus {
  std::string node;
  std::string server;
  bool running = false;  // an agent holds the folder
  std::int64_t revision = 0;
  FieldPhase phase{};
  std::string serving;
  std::string detail;
  SlotName active{};
  std::string slot_a;  // the release in it, or "" where none is whole
  std::string slot_b;
  std::int64_t events_waiting = 0;
  FieldCounters counters;
};

Result<AgentStatus> read_status(const std::string& data_path);
std::string status_text(const AgentStatus& status);

}  // namespace duru::agent

namespace duru {
DURU_DECLARE_RECORD(agent::AgentStatus)
}  // namespace duru
