// Chips, nodes and job specs for tests, in one line each.
//
//   rig.fleet({node("a", "h100-sxm5-80gb", 4), node("b", "", 0)});
//   JobSpec spec = job("train");  spec.track = Track::kGpu;
#pragma once

#include "duru/domain/commands.h"

namespace duru::testing {

// h100-sxm5-80gb (h100), a100-sxm4-80gb (a100): gpu; aries-mla100 (aries): npu. 350 W and 2.5
// credits an hour, 250 W and 1.25, no watts and 1.
std::vector<Chip> chips();

constexpr std::string_view kH100 = "h100-sxm5-80gb";
constexpr std::string_view kA100 = "a100-sxm4-80gb";
constexpr std::string_view kAries = "aries-mla100";

// `count` emulated accelerators of `chip`, 64 cores, 256 GiB, at site "here".
Node node(std::string_view name, std::string_view chip, std::int32_t count);
// A site without images and partitions.
Site site();

// A batch job named `name` with the command `true`, one task with one core.
JobSpec job(std::string_view name);
JobSpec gpu_job(std::string_view name, std::int64_t accelerators = 1, std::int32_t tasks = 1);
JobSpec session(std::string_view name, Milliseconds lease = hours(1));

}  // namespace duru::testing
