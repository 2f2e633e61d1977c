// Module: a capability with a state of its own (the core; later edge, programmes, serving). The
// loop hosts a list of them.
//
// Each is given the inputs of its name (Kind::module), and all of them the system's ticks and what
// an engine says of a node. A fact evolves the module of its name; the system's facts evolve every
// module. Modules speak by commands handed over inside the same commit (Decision::hand_over), never
// by reaching into each other's state: the inner command's rejection is a value for the one that
// gave it, inner commands run in call order, and only the outer cause is journaled.
//
// The loop keeps one set of modules to decide with, the view a second set that only evolves.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "duru/domain/decision.h"

namespace duru {

// One decision under way, over all modules.
class Decision : public FactSink {
 public:
  virtual const std::string& principal() const = 0;
  virtual Outcome hand_over(const Message& command) = 0;
};

class Module {
 public:
  virtual ~Module() = default;
  virtual std::string_view name() const = 0;
  virtual Outcome decide(const Message& input, Decision& decision) = 0;
  virtual void evolve(const Message& fact, const FactContext& context) = 0;
  // When a tick has something to do next, `now` being the time of the last one.
  virtual std::optional<Timestamp> next_deadline(Timestamp now) const = 0;
  // The whole state as bytes; canonical, so that equal states give equal bytes.
  virtual std::string snapshot() const = 0;
  virtual Status restore(std::string_view bytes) = 0;
};

}  // namespace duru
