// What a submitted job must be: form, names, and whether it can ever run. Used by decide_submit
// alone.
#pragma once

#include "duru/core/state/tx.h"

namespace duru {

// Fills in what was not given, resolves chip aliases.
void normalise(const State& state, JobSpec& spec, const JobId& id);

// The first thing wrong with the form of the spec, with its JSON pointer below `pointer`.
Rejection check_form(const State& state, const JobSpec& spec, const std::string& pointer);

// Whether the fleet could ever run it, were it empty and all of it in service.
Rejection check_feasible(const State& state, const JobSpec& spec, const std::string& pointer);

}  // namespace duru
