// Installation: the parts of a server without its doors, in real time and in a folder of its own:
// SQLite journal, artifact store, local engine, loop and view on their threads, the checkers beside
// them.
//
//   Result<std::unique_ptr<Installation>> here = Installation::open(options);
//   Reply reply = here.value()->submit(command);
//   here.value()->read([&](const State& state) { … });
//   DURU_TRY(here.value()->restart(RestartFrom::kJournal));
//   here.value()->end_all_work(deadline);               // before it is destroyed
#pragma once

#include "duru/loop/loop.h"
#include "duru/scenario/scenario.h"
#include "duru/simulation/checker.h"
#include "duru/simulation/ledger_book.h"
#include "duru/simulation/trace.h"

namespace duru {

struct InstallationOptions {
  std::string folder;             // empty, and the caller's to remove
  std::string supervise_program;  // absolute path
};

class Installation {
 public:
  static Result<std::unique_ptr<Installation>> open(InstallationOptions options);
  ~Installation();  // a clean stop; work goes on

  Reply submit(Message command);  // waits for the answer
  JobId draw_job_id();
  // Stops and comes back, as from its journal alone or from a snapshot and the rest.
  Status restart(RestartFrom from);

  Timestamp now() const;
  Site site() const;
  // A bounded step under the view's lock.
  void read(const std::function<void(const State&)>& use) const;
  std::vector<TraceStep> steps() const;
  std::vector<std::string> violations() const;
  Usage usage(Timestamp from) const;
  Result<std::vector<DurableCommit>> commits();
  Digest chain() const;

 private:
  struct Parts;

  explicit Installation(InstallationOptions options);
  Status begin(RestartFrom from);
  Status recover(RestartFrom from, const std::vector<DurableCommit>& commits);
  void end();

  InstallationOptions options_;
  InstallationId id_;
  Trace trace_;
  Inspector inspector_;
  LedgerBook book_;
  std::unique_ptr<Parts> parts_;
  std::uint32_t jobs_drawn_ = 0;
};

}  // namespace duru
