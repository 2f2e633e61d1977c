#include "duru/core/state/request.h"

namespace duru {

RequestKey requests_of(const JobSpec& spec) {
  constexpr MilliDevices kOne(1000);
  RequestKey key;
  for (std::size_t i = 0; i < spec.variants.size(); ++i) {
    const Variant& variant = spec.variants[i];
    key.push_back(
        {static_cast<std::int32_t>(i), variant.chip, Track::kCpu, variant.amount.value_or(kOne)});
  }
  if (key.empty() && spec.track.has_value() && *spec.track != Track::kCpu) {
    key.push_back({-1, ChipName(), *spec.track, spec.amount.value_or(kOne)});
  }
  if (key.empty()) key.push_back({-1, ChipName(), Track::kCpu, MilliDevices(0)});
  return key;
}

Shape shape_of(const JobSpec& spec) {
  return {requests_of(spec), spec.tasks.value_or(1), spec.cpu.value_or(MilliCpu(1000)),
          spec.memory};
}

}  // namespace duru
