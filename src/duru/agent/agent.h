// The running agent: puts the parts together and turns them, ten times a second.
//
//   int code = run_agent({.data_path = "/var/lib/duru-agent", .supervise_program = path});
//
// TERM and INT end the agent and leave the workload to its supervisor; the next agent adopts it. An
// ephemeral one ends its workload first, and also ends when the server says so.
#pragma once

#include <optional>
#include <string>

#include "duru/base/units.h"

namespace duru::agent {

struct AgentOptions {
  std::string data_path;
  std::string supervise_program;
  bool ephemeral = false;
  std::optional<Milliseconds> heartbeat;  // whatever the server says
};

struct UnenrolOptions {
  std::string data_path;
  std::string supervise_program;
  bool drops_events = false;  // those that the server has not acknowledged
};

// Does not come back by itself while all is well. An exit code (exit_code.h).
int run_agent(const AgentOptions& options);

// Ends the workload, sends what is unsent, and removes the folder: the machine is no node any more.
// kExitRefused while an agent runs on the folder, or where events would be lost.
int unenrol(const UnenrolOptions& options);

}  // namespace duru::agent
