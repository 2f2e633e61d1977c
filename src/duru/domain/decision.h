// What every module's decision is made of: the facts it emits, where each stands, and its outcome.
#pragma once

#include <variant>

#include "duru/domain/message.h"
#include "duru/domain/names.h"
#include "duru/domain/rejection.h"

namespace duru {

// Where and when a fact stands.
struct FactContext {
  std::int64_t seq = 0;
  std::int64_t term = 0;
  Timestamp now;
};

// Takes the facts of a decision: numbers each, evolves the state that it belongs to at once, and
// keeps it for the commit.
class FactSink {
 public:
  virtual ~FactSink() = default;
  virtual void emit(Message fact) = 0;
  virtual Timestamp now() const = 0;
  virtual std::size_t fact_count() const = 0;  // of this decision, so far
};

struct Accepted {
  std::vector<JobId> jobs;  // made or touched, in the command's order
};
using Outcome = std::variant<Accepted, Rejection>;

}  // namespace duru
