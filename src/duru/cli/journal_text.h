// The journal as text: commits and their facts, and the report of a check.
//
//   console.out(fact_lines(commit, /*as_json=*/false));
//     17  2026-11-24T22:51:32.123Z  job_started  {"job":"ahkzmq3f7yq2a4bc",…}
#pragma once

#include <string>

#include "duru/domain/commit.h"
#include "duru/journal/sqlite/verify.h"

namespace duru::cli {

// One line a fact: number, time, kind, canonical text. JSON: {"seq", "time", "kind", "body"}. A
// fact of a kind that this version does not know is shown by number and size.
std::string fact_lines(const Commit& commit, bool as_json);

// {"first_seq", "term", "now", "principal", "cause", "facts"}; always JSON.
std::string commit_line(const Commit& commit, bool as_json);

std::string report_text(const JournalReport& report);
std::string report_json(const JournalReport& report);

}  // namespace duru::cli
