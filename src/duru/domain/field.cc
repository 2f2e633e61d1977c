#include "duru/domain/field.h"

#include "duru/base/record_macros.h"

namespace duru {

DURU_ENUM(SteerAction, {kPause, "pause"}, {kResume, "resume"}, {kStop, "stop"})
DURU_ENUM(FieldPhase, {kNone, "none"}, {kFetching, "fetching"}, {kStarting, "starting"},
          {kServing, "serving"}, {kReturned, "returned"}, {kFailed, "failed"})

DURU_RECORD(HealthProbe, (1, command), (2, every), (3, timeout), (4, failures), (5, ready_within))
DURU_RECORD(Manifest, (1, format), (2, release), (3, files), (4, command), (5, env), (6, probe),
            (7, chips))
DURU_RECORD(Release, (1, name), (2, manifest), (3, digest), (4, signature))
DURU_RECORD(Fleet, (1, name), (2, selector), (3, cpu), (4, memory), (5, heartbeat),
            (6, report_every))
DURU_RECORD(Wave, (1, share_ppm), (2, count))
DURU_RECORD(Rollout, (1, name), (2, fleet), (3, release), (4, waves), (5, order_label),
            (6, success_ppm), (7, failure_ppm), (8, bake), (9, wave_timeout),
            (10, pause_on_failure), (11, silence_fails_after))
DURU_RECORD(FieldCounters, (1, up), (2, inferences), (3, restarts), (4, events_dropped))
DURU_RECORD(FieldEvent, (1, number), (2, body), (3, at), (4, uncertainty), (5, dropped_before))

}  // namespace duru
