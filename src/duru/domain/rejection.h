// A Rejection: the domain says no, why, and what would help. It is an answer, not an error of ours,
// and is never journaled.
#pragma once

#include "duru/base/record.h"

namespace duru {

struct Rejection {
  // A stable slug: "infeasible", "name-taken", "unknown-chip", "not-found", "invalid", …;
  // server/api/answers.cc says which of them is which HTTP status.
  std::string type;
  std::string detail;   // why, with figures
  std::string help;     // what would help
  std::string pointer;  // JSON pointer into the command's body, where one field is at fault

  bool empty() const { return type.empty(); }
};
DURU_DECLARE_RECORD(Rejection)

}  // namespace duru
