// A commit with its facts unpacked, as it travels from the loop to the view, and how it lies in the
// journal.
#pragma once

#include "duru/domain/commit.h"
#include "duru/journal/journal.h"

namespace duru {

struct DurableCommit {
  Commit record;
  std::vector<Message> facts;
};

Entry to_entry(const Commit& commit);
// kUnsupported for a fact of an unknown kind or version: it is never skipped.
Result<DurableCommit> from_entry(const Entry& entry);

}  // namespace duru
