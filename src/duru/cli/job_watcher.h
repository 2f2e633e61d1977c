// Asks for one job again and again, until the caller has seen enough.
//
//   JobWatcher watcher(api, project, "train");
//   for (;;) {
//     Result<JobView> job = watcher.ask();
//     if (!job.ok() || job.value().ended()) break;
//     watcher.pause();
//   }
//
// An outage of the server shorter than kOutageMax is waited out: its work goes on meanwhile.
#pragma once

#include <string>

#include "duru/cli/api_client.h"
#include "duru/cli/console.h"
#include "duru/cli/job_view.h"

namespace duru::cli {

class JobWatcher {
 public:
  static constexpr Milliseconds kOutageMax = seconds(60);

  // `job` is an id or a name; a name is bound to the job it means at the first answer.
  JobWatcher(ApiClient& api, Console& console, std::string project, std::string job);

  Result<JobView> ask();
  // 50 ms at first, growing to 500 ms while nothing changes; never longer than `at_most`.
  void pause(Milliseconds at_most = hours(1));

 private:
  ApiClient& api_;
  Console& console_;
  std::string project_;
  std::string job_;
  std::string last_standing_;
  Milliseconds pause_{50};
};

}  // namespace duru::cli
