#include "duru/journal/sqlite/verify.h"

#include <limits>
#include <optional>
#include <utility>

#include "duru/journal/sqlite/data_folder.h"
#include "duru/journal/sqlite/head_file.h"
#include "duru/journal/sqlite/journal_database.h"
#include "duru/journal/sqlite/recovery.h"

namespace duru {
namespace {

void add_problem(JournalReport& report, std::string problem) {
  ++report.problem_count;
  if (report.problems.size() < JournalReport::kProblemsMax) {
    report.problems.push_back(std::move(problem));
  }
}

void check_records(JournalDatabase& database, JournalReport& report) {
  Tail tail;
  const auto visit = [&](const StoredEntry& stored) -> Status {
    Tail next;
    const Status checked = check_stored(tail, stored, next);
    if (!checked.ok()) {
      add_problem(report, checked.error().message);
      // Go on from what the record claims, so that one bad record is one problem.
      next = claimed_tail(stored);
    }
    if (report.entry_count == 0) report.first_seq = stored.entry.first_seq;
    if (report.entry_count == 0 || stored.entry.term != tail.term) ++report.term_count;
    ++report.entry_count;
    report.fact_count += stored.entry.fact_count;
    tail = next;
    return ok_status();
  };
  const Status scanned = database.scan(std::numeric_limits<std::int64_t>::min(), visit);
  if (!scanned.ok()) add_problem(report, scanned.error().message);
  report.last_seq = tail.last_seq;
  report.chain = tail.chain;
}

void check_structure(JournalDatabase& database, JournalReport& report) {
  Result<std::vector<std::string>> problems = database.integrity_problems();
  if (!problems.ok()) return add_problem(report, problems.error().message);
  for (std::string& problem : problems.value()) add_problem(report, std::move(problem));
}

}  // namespace

Result<JournalReport> verify_journal(const std::string& dir) {
  JournalReport report;
  // The head first: a server that runs writes it after the journal, so it is never ahead.
  Result<std::optional<Head>> head = load_head(journal_head_path(dir));
  if (!head.ok()) add_problem(report, head.error().message);
  const std::optional<Head> known = head.ok() ? head.value() : std::nullopt;
  if (known) report.acknowledged_seq = known->last_seq;

  auto database =
      JournalDatabase::open(journal_database_path(dir), JournalDatabase::Mode::kReadOnly);
  if (!database.ok() && database.error().code == ErrorCode::kNotFound) {
    if (!known || known->last_seq == 0) return database.error();
    add_problem(report, missing_facts(0, known->last_seq).message);
    return report;
  }
  if (!database.ok()) {
    add_problem(report, database.error().message);
    return report;
  }
  check_structure(*database.value(), report);
  check_records(*database.value(), report);
  if (known) {
    const Status agrees = check_head(*database.value(), *known, Tail{.last_seq = report.last_seq});
    if (!agrees.ok()) add_problem(report, agrees.error().message);
  } else if (head.ok()) {
    add_problem(report, "the head file is missing: whether the tail is whole is not known");
  }
  return report;
}

}  // namespace duru
