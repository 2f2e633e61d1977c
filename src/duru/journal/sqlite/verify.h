// Reads a whole journal and says all that is wrong with it: SQLite's own structure, each record's
// order, density, term and chain, and the head file. It changes nothing, needs no lock and runs
// beside a server.
//
//   Result<JournalReport> report = verify_journal(dir);
//   if (report.ok() && report.value().sound()) ...
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "duru/base/result.h"
#include "duru/base/sha256.h"

namespace duru {

struct JournalReport {
  std::int64_t entry_count = 0;
  std::int64_t fact_count = 0;
  std::int64_t first_seq = 0;  // of the first record, 0 if there is none
  std::int64_t last_seq = 0;
  std::int64_t term_count = 0;
  Digest chain;                       // after the last record
  std::int64_t acknowledged_seq = 0;  // what the head file says
  std::vector<std::string> problems;  // the first kProblemsMax of them
  std::int64_t problem_count = 0;

  static constexpr std::size_t kProblemsMax = 100;
  bool sound() const { return problem_count == 0; }
};

// An error only if there is nothing to read; damage is in the report.
Result<JournalReport> verify_journal(const std::string& dir);

}  // namespace duru
