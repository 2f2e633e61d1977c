// ProbeRun: one run of a release's health probe, watched without waiting for it.
//
//   ProbeRun probe;
//   probe.start(command, environment, folder, seconds(5));
//   if (auto result = probe.poll()) ...        // at each turn; nothing while it runs
//
// It has a process group of its own that is killed when its time is up, when it is over, and (the
// probe itself) when the agent dies. No call waits for it: of what it prints, a part is read at
// each turn, and one that does not end although it is killed, because it waits for a disk or a
// device, is left to itself. Until that one has ended no other is started in its place; that counts
// as unwell. For one thread of the process.
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
  ~ProbeRun();

  bool is_running() const { return pid_ > 0; }
  void start(const std::vector<std::string>& command, const std::vector<std::string>& environment,
             const std::string& folder, Milliseconds timeout);
  std::optional<ProbeResult> poll();
  void cancel();

 private:
  ProbeResult end_of(int status);
  bool is_stuck();
  void read_output();
  std::string last_line() const;

  pid_t pid_ = 0;
  pid_t killed_ = 0;  // the last one, until it is known to have ended
  std::int64_t deadline_ms_ = 0;
  Milliseconds timeout_;
  supervisor::Fd output_;
  std::string text_;
  std::string failure_;  // it could not be started
};

}  // namespace duru::agent
