// Wakeup: what the engine's thread waits on: a nudge from another thread, a new file in a watched
// folder, or the turn's end. Only a hint to look sooner; where the machine has no watches left, the
// turn's end alone does.
//
//   Wakeup wakeup;
//   int watch = wakeup.watch(run_folder);
//   wakeup.wait(250);
#pragma once

#include <string>

namespace duru::local {

class Wakeup {
 public:
  Wakeup();
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  void nudge();  // from any thread
  void wait(int ms_max);
  int watch(const std::string& folder);  // -1 when it cannot be watched
  void unwatch(int watch);

 private:
  int nudge_;
  int inotify_;
};

}  // namespace duru::local
