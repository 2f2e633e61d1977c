#include "duru/domain/fleet.h"

#include "duru/base/record_macros.h"

namespace duru {

DURU_ENUM(Track, {kCpu, "cpu"}, {kGpu, "gpu"}, {kNpu, "npu"})
DURU_ENUM(FigureKind, {kUnknown, "unknown"}, {kMeasured, "measured"}, {kPublished, "published"},
          {kDerived, "derived"}, {kAssumed, "assumed"})
DURU_RECORD(Chip, (1, name), (2, aliases), (3, vendor), (4, origin), (5, track), (6, memory),
            (7, watts), (8, watts_kind), (9, watts_source), (10, price), (11, price_kind),
            (12, price_source), (13, catalogue_digest))
DURU_RECORD(Site, (1, name), (2, owner), (3, engine), (4, capabilities))
DURU_RECORD(EngineCapabilities, (1, gang), (2, binds_devices), (3, partitions), (4, images),
            (5, logs), (6, adopt), (7, enforces_memory), (8, pinned_services_only))
DURU_RECORD(Accelerator, (1, index), (2, chip), (3, emulated), (4, pci_address))
DURU_RECORD(Node, (1, name), (2, site), (3, cpu), (4, memory), (5, accelerators), (6, emulated),
            (7, labels))

}  // namespace duru
