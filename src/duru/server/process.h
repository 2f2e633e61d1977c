// Process: every room of a server put together, and the order in which it comes up and goes down.
//
// Up: journal, recovery, clock, engine, loop, the start's own facts (term, resumed, fleet),
// effects, API, `ready`. Down: API, loop (what was accepted is durable and answered), engine. Work
// goes on.
#pragma once

#include <memory>

#include "duru/base/result.h"
#include "duru/server/open_files.h"
#include "duru/server/server.h"

namespace duru {

class Process {
 public:
  // Everything up to the API's listening; errors say what would help.
  static Result<std::unique_ptr<Process>> start(const ServerOptions& options,
                                                const OpenFiles& file_limits);
  ~Process();

  std::string url() const;
  // Ends as a clean stop does.
  void stop();

 private:
  struct Parts;
  explicit Process(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace duru
