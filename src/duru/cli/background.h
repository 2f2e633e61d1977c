// A server in the background: `duru up --detach` starts one and returns when it is ready, `duru
// down` finds and stops it.
//
//   return start_in_background(context, dir, [&] { return run_server(options); });
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "duru/cli/context.h"
#include "duru/http/owned_fd.h"

namespace duru::cli {

// Runs `serve` in a child process of its own session, its output in DIR/server.log. Answers 0 when
// DIR/address answers /readyz, else the child's exit code after showing what it wrote.
int start_in_background(Context& context, const std::string& dir,
                        const std::function<int()>& serve);

// A running server, held so that its process id cannot become another's.
class RunningServer {
 public:
  // By DIR/pid; kUnavailable if no server of this folder runs: the process must hold DIR/lock open.
  static Result<RunningServer> find(const std::string& dir);

  pid_t pid() const { return pid_; }
  Status terminate() const;
  // kTimeout if it still runs then.
  Status wait_for_end(Milliseconds at_most) const;

 private:
  RunningServer(pid_t pid, http::OwnedFd handle) : pid_(pid), handle_(std::move(handle)) {}

  pid_t pid_;
  http::OwnedFd handle_;
};

}  // namespace duru::cli
