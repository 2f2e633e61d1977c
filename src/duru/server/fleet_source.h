// The fleet as a server finds it at its start: the catalogue's chips, the site `here`, and this
// machine with its real cpu, memory and accelerators and its emulated ones, or the emulated nodes
// of a fleet file.
#pragma once

#include "duru/catalog/catalog.h"
#include "duru/core/state/state.h"
#include "duru/domain/commands.h"
#include "duru/server/settings.h"

namespace duru {

// `before` is the state recovered: accelerators keep their index there. `problems` gets what could
// not be read, one line each; it stops nothing. Errors: an unknown chip, a fleet file that is not
// one.
Result<DefineFleet> find_fleet(const ServerSettings& settings, const Catalog& catalog,
                               const State& before, const EngineCapabilities& capabilities,
                               std::vector<std::string>& problems);

}  // namespace duru
