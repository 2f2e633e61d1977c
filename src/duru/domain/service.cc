#include "duru/domain/service.h"

#include "duru/base/record_macros.h"

namespace duru {

DURU_RECORD(ReleaseRef, (1, name), (2, digest), (3, signature))
DURU_RECORD(Revision, (1, number), (2, current), (3, previous))
DURU_RECORD(ServiceSpec, (1, name), (2, project), (3, node), (4, chip), (5, amount), (6, cpu),
            (7, memory))
DURU_RECORD(SetService, (1, workload), (2, spec), (3, revision))
DURU_RECORD(EndService, (1, workload), (2, grace))
DURU_RECORD(ServiceDefined, (1, workload), (2, spec))
DURU_RECORD(ServiceRevised, (1, workload), (2, revision))
DURU_RECORD(ServiceEnding, (1, workload))
DURU_RECORD(ServiceRemoved, (1, workload))

DURU_KIND(SetService, kCommand, "core", 20, "set_service")
DURU_KIND(EndService, kCommand, "core", 21, "end_service")
DURU_KIND(ServiceDefined, kFact, "core", 50, "service_defined")
DURU_KIND(ServiceRevised, kFact, "core", 51, "service_revised")
DURU_KIND(ServiceEnding, kFact, "core", 52, "service_ending")
DURU_KIND(ServiceRemoved, kFact, "core", 53, "service_removed")

}  // namespace duru
