// ProbeRun: one run of a release's health probe, watched without waiting for it.
//
//   ProbeRun probe;
//   probe.start(command, environment, folder, seconds(5));
//   if (auto result = probe.poll()) ...        // at each turn; nothing while it runs
//
// It has a process group of its own that is killed when its time is up, when it is over, and (the
// probe itself) when the agent dies.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "duru/base/result.h"
#include "duru/base/units.h"
#include "duru/supervisor/fd.h"

namespace duru::agent {

struct ProbeResult {
  bool well = false;
  std::string what;  // why not, with the last line that it printed
};

class ProbeRun {
 public:
  ~ProbeRun() { cancel(); }

  bool is_running() const { return pid_ > 0; }
  void start(const std::vector<std::string>& command, const std::vector<std::string>& environment,
             const std::string& folder, Milliseconds timeout);
  std::optional<ProbeResult> poll();
  void cancel();

 private:
  void read_output();
  std::string last_line() const;

  pid_t pid_ = 0;
  std::int64_t deadline_ms_ = 0;
  Milliseconds timeout_;
  supervisor::Fd output_;
  std::string text_;
  std::string failure_;  // it could not be started
};

}  // namespace duru::agent
