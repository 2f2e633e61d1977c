// Logs on their way to readers: one thread reads what task runs have written and passes it on, as
// fast as each reader takes it.
//
//   LogStreams streams(context);
//   streams.add(stream, {.job = id, .run = name, .task = 0, .follow = true});
//
// A stream that follows ends when the task run is released and all of its log was sent; one that
// does not ends at what is written now. A stream whose run is not decided yet waits for it. No
// reader holds up another; whoever takes nothing is dropped by the HTTP layer.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "duru/http/stream.h"
#include "duru/server/api/api.h"

namespace duru {

struct LogTarget {
  JobId job;
  TaskRunName run;  // empty: of the job's first attempt that is decided from now on
  std::int32_t task = 0;
  bool follow = false;
};

class LogStreams {
 public:
  explicit LogStreams(ApiContext& context);
  ~LogStreams();
  void add(http::Stream stream, LogTarget target);
  void stop();

 private:
  struct Reader {
    http::Stream stream;
    LogTarget target;
    std::int64_t offset = 0;
  };
  enum class Step { kMoved, kIdle, kDone };

  Step step(Reader& reader);
  Step step_without_log(Reader& reader);
  // Whether the run may still write a log.
  bool is_live(const LogTarget& target) const;
  // Finds the run of a target without one; kDone when there will be none.
  Step find_run(LogTarget& target) const;
  void run();

  ApiContext& context_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Reader> added_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace duru
