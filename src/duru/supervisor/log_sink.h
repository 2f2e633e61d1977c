// The log of a run: what comes out of the task's pipe goes to a file, up to a cap. What lies beyond
// the cap (or did not fit on the disk) is read and dropped, so that a task never waits for its log,
// and the last line says how much that was.
//
//   LogSink sink(file, cap);
//   sink.pump(pipe);   // whenever the pipe is readable
//   sink.finish();
#pragma once

#include <string_view>

#include "duru/base/units.h"
#include "duru/supervisor/fd.h"

namespace duru::supervisor {

class LogSink {
 public:
  LogSink() = default;
  LogSink(Fd file, Bytes cap) : file_(std::move(file)), cap_(cap) {}

  // Reads what is there, but at most about 1 MiB, from a non-blocking pipe; false at its end.
  bool pump(int pipe);
  void finish();

  Bytes dropped() const { return dropped_; }

 private:
  void take(std::string_view bytes);

  Fd file_;
  Bytes cap_;
  Bytes written_;
  Bytes dropped_;
  char last_ = '\n';
};

}  // namespace duru::supervisor
